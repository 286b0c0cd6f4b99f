"""Customers read into a home: identities apart, consents and served profiles for sending, attributes for learning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import Session

from policies.consent import Channel, ConsentStatus, with_status, with_suppression
from store.bulk import in_chunks, insert_rows, table_of
from store.database import Database
from store.ids import IdSource
from store.importing.csv_table import TextTable
from store.importing.customer_columns import Attribute, CheckedCustomers, check_customers
from store.importing.errors import Problems
from store.importing.identities import People, save_identities, sweep_identities
from store.repositories.customers import CUSTOMERS
from store.repositories.people import consent_bits_from_history
from store.repositories.profiles import ATTRIBUTES
from store.tables.base import JsonObject
from store.tables.people import Consent, ImportRun, Person, ServedProfile, Suppression
from store.warehouse import StagedPart, Warehouse
from tools.audience.fields import Kind

if TYPE_CHECKING:
    import pyarrow as pa

DEFINITION = "attributes/1"
"""What the features of an imported customer are: the attributes of the file, by name."""


class CustomersImported(NamedTuple):
    """What one import did."""

    import_id: str
    rows: int
    new: int
    updated: int
    attributes: tuple[str, ...]


class _Run(NamedTuple):
    workspace_id: str
    import_id: str
    table: TextTable
    at: datetime
    synthetic: bool


def import_customers(
    database: Database,
    warehouse: Warehouse,
    table: TextTable,
    *,
    workspace_id: str,
    ids: IdSource,
    at: datetime,
    default_timezone: str,
    default_locale: str = "en-US",
    synthetic: bool = False,
) -> CustomersImported:
    """Read customers in, whole or not at all; a known external id is updated and keeps its person id.

    table: from `read_csv_file` or `read_csv_rows`. ids: makes person ids. at: the import's time (aware UTC). Raises
    ImportRefusedError with every problem, PersonalColumnError for an attribute that holds addresses.
    """
    customers = check_customers(
        table, default_timezone=default_timezone, default_locale=default_locale, at=at
    )
    _check_kinds(customers.attributes, warehouse.kinds(workspace_id, CUSTOMERS), table.source_name)
    run = _Run(workspace_id, ids.new(), table, at, synthetic)
    staged: StagedPart | None = None
    identified = done = False
    try:
        with database.write() as session:
            with database.identity_write() as identity:
                people = save_identities(
                    identity, workspace_id, customers, source_name=table.source_name, ids=ids, at=at
                )
                _save_operational(session, run, customers, people)
                staged = warehouse.stage(
                    workspace_id, CUSTOMERS, run.import_id, _rows(run, customers, people)
                )
            identified = True
            staged.publish()
        done = True
    finally:
        if not done:
            if staged is not None:
                staged.discard()
            if identified:
                sweep_identities(database, workspace_id)
    new = sum(people.new)
    names = tuple(attribute.name for attribute in customers.attributes)
    return CustomersImported(run.import_id, customers.rows, new, customers.rows - new, names)


def sweep_imports(database: Database, warehouse: Warehouse, workspace_id: str) -> int:
    """Take away what imports that died half-way left behind; gives the number of things removed."""
    runs = table_of(ImportRun)
    with database.read() as session:
        finished = set(
            session.connection().scalars(
                sa.select(runs.c.import_id).where(runs.c.workspace_id == workspace_id)
            )
        )
    removed = sweep_identities(database, workspace_id)
    for path in warehouse.parts(workspace_id, CUSTOMERS):
        part = path.stem.removeprefix("part-")
        if part not in finished:
            warehouse.remove_part(workspace_id, CUSTOMERS, part)
            removed += 1
    return removed


def _check_kinds(attributes: Sequence[Attribute], stored: dict[str, Kind], source_name: str) -> None:
    problems = Problems(source_name)
    for name, kind, values in attributes:
        before = stored.get(name, kind)
        blank = all(value is None for value in values)
        if before != kind and not blank and {before, kind} != {"integer", "number"}:
            problems.add(
                0, f"attr.{name}", kind, f"it holds {kind} values, and earlier imports hold {before} values"
            )
    problems.refuse_if_any()


def _save_operational(session: Session, run: _Run, customers: CheckedCustomers, people: People) -> None:
    session.add(
        ImportRun(
            import_id=run.import_id,
            workspace_id=run.workspace_id,
            kind=CUSTOMERS,
            source_name=run.table.source_name,
            source_sha256=run.table.source_sha256,
            rows=customers.rows,
            synthetic=run.synthetic,
            imported_at=run.at,
            checks={"new": sum(people.new), "updated": customers.rows - sum(people.new)},
        )
    )
    session.flush()
    made = [person for person, is_new in zip(people.person_ids, people.new, strict=True) if is_new]
    common = {
        "workspace_id": run.workspace_id,
        "import_id": run.import_id,
        "created_at": run.at,
        "forgotten_at": None,
    }
    insert_rows(session, Person, [{"person_id": person, **common} for person in made])
    _save_consents(session, run, customers, people.person_ids)
    _save_profiles(session, run, customers, people)


def _save_consents(
    session: Session, run: _Run, customers: CheckedCustomers, person_ids: Sequence[str]
) -> None:
    suppressions: dict[tuple[str, str], dict[str, object]] = {}
    for channel, purpose, statuses, suppressed in customers.consents:
        channel_name = channel.name.lower()
        names = {int(status): status.name.lower() for status in ConsentStatus}
        insert_rows(
            session,
            Consent,
            [
                {
                    "person_id": person_ids[row],
                    "channel": channel_name,
                    "purpose": purpose.name.lower(),
                    "stated_at": customers.consent_at[row] or run.at,
                    "workspace_id": run.workspace_id,
                    "status": names[int(statuses[row])],
                    "source": customers.consent_sources[row],
                }
                for row in np.flatnonzero(statuses != int(ConsentStatus.UNKNOWN)).tolist()
            ],
            keep=True,
        )
        for row in np.flatnonzero(suppressed).tolist():
            suppressions[person_ids[row], channel_name] = {
                "person_id": person_ids[row],
                "channel": channel_name,
                "workspace_id": run.workspace_id,
                "reason": "import",
                "suppressed_at": customers.consent_at[row] or run.at,
            }
    insert_rows(session, Suppression, list(suppressions.values()), keep=True)


def _save_profiles(session: Session, run: _Run, customers: CheckedCustomers, people: People) -> None:
    consent, suppression = _bits(customers)
    features = _features(customers)
    fresh: list[dict[str, object]] = []
    returning: list[int] = []
    for row, (person_id, is_new) in enumerate(zip(people.person_ids, people.new, strict=True)):
        if not is_new:
            returning.append(row)
            continue
        fresh.append(
            {
                "person_id": person_id,
                "workspace_id": run.workspace_id,
                "consent_bits": int(consent[row]),
                "suppression_bits": int(suppression[row]),
                "profile_version": 1,
                "timezone": customers.timezones[row],
                "locale": customers.locales[row],
                "features": {ATTRIBUTES: features[row]},
                "features_definition": DEFINITION,
                "expires_at": None,
            }
        )
    insert_rows(session, ServedProfile, fresh)
    if returning:
        _update_profiles(session, customers, features, [(people.person_ids[row], row) for row in returning])


def _features(customers: CheckedCustomers) -> list[dict[str, object]]:
    """The attributes that are known of each customer, by row, as JSON has them."""
    rows: list[dict[str, object]] = [{} for _ in range(customers.rows)]
    for name, _kind, values in customers.attributes:
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                row[name] = value.isoformat() if isinstance(value, date) else value
    return rows


def _update_profiles(
    session: Session,
    customers: CheckedCustomers,
    features: Sequence[dict[str, object]],
    returning: Sequence[tuple[str, int]],
) -> None:
    # a file may be older than a withdrawal that came by itself, so the bits follow from all statements, latest first
    bits = consent_bits_from_history(session, [person_id for person_id, _row in returning])
    table = table_of(ServedProfile)
    before = _features_before(session, [person_id for person_id, _row in returning])
    statement = (
        table.update()
        .where(table.c.person_id == sa.bindparam("for_person"))
        .values(
            consent_bits=sa.bindparam("new_consent"),
            suppression_bits=sa.bindparam("new_suppression"),
            timezone=sa.bindparam("new_timezone"),
            locale=sa.bindparam("new_locale"),
            features=sa.bindparam("new_features"),
            features_definition=DEFINITION,
            profile_version=table.c.profile_version + 1,
        )
    )
    session.connection().execute(
        statement,
        [
            {
                "for_person": person_id,
                "new_consent": bits[person_id].consent,
                "new_suppression": bits[person_id].suppression,
                "new_timezone": customers.timezones[row],
                "new_locale": customers.locales[row],
                "new_features": _joined(before[person_id], features[row]),
            }
            for person_id, row in returning
        ],
    )


def _features_before(session: Session, person_ids: Sequence[str]) -> dict[str, JsonObject]:
    c = table_of(ServedProfile).c
    found: dict[str, JsonObject] = {}
    for chunk in in_chunks(person_ids):
        query = sa.select(c.person_id, c.features).where(c.person_id.in_(chunk))
        found |= {row.person_id: row.features for row in session.connection().execute(query)}
    return found


def _joined(before: JsonObject, attributes: dict[str, object]) -> JsonObject:
    """Features with newer attributes; what the file does not say, and events, stay."""
    return {**before, ATTRIBUTES: {**before.get(ATTRIBUTES, {}), **attributes}}


def _bits(customers: CheckedCustomers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    consent = np.zeros(customers.rows, dtype=np.int64)
    suppression = np.zeros(customers.rows, dtype=np.int64)
    for channel in Channel:
        stopped = np.zeros(customers.rows, dtype=np.bool_)
        for column in customers.consents:
            if column.channel is channel:
                consent = with_status(consent, channel, column.purpose, column.statuses)
                stopped |= column.suppressed
        suppression = with_suppression(suppression, channel, stopped)
    return consent, suppression


def _rows(run: _Run, customers: CheckedCustomers, people: People) -> pa.Table:
    import pyarrow as pa

    types = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "date": pa.date32(),
        "text": pa.string(),
    }
    columns = {
        "person_id": pa.array(people.person_ids, pa.string()),
        "timezone": pa.array(customers.timezones, pa.string()),
        "locale": pa.array(customers.locales, pa.string()),
    }
    for name, kind, values in customers.attributes:
        columns[name] = pa.array(values, types[kind])
    columns["import_id"] = pa.array([run.import_id] * customers.rows, pa.string())
    columns["imported_at"] = pa.array([run.at] * customers.rows, pa.timestamp("us", tz="UTC"))
    return pa.table(columns)
