"""Giving each customer of a file a random person id, and keeping addresses and names apart from everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from store.bulk import in_chunks, insert_rows, table_of
from store.database import Database
from store.ids import IdSource
from store.importing.customer_columns import CheckedCustomers
from store.importing.errors import Problems
from store.tables.identity import Identity, PersonName
from store.tables.people import Person


@dataclass(frozen=True, slots=True)
class People:
    """Person ids in the order of the file, and which of them this import makes."""

    person_ids: Sequence[str]
    new: Sequence[bool]


def person_ids_by_external_id(identity: Session, workspace_id: str) -> dict[str, str]:
    """Everyone of a workspace by external id."""
    return _known(identity, workspace_id, "external_id")


def save_identities(
    identity: Session,
    workspace_id: str,
    customers: CheckedCustomers,
    *,
    source_name: str,
    ids: IdSource,
    at: datetime,
) -> People:
    """Find or make the person of each row and store how to reach them; the caller's transaction commits.

    A column that the file has replaces what was known before; one that it lacks is left alone. Raises
    ImportRefusedError when an address already belongs to somebody else.
    """
    known = person_ids_by_external_id(identity, workspace_id)
    person_ids = [known.get(external_id) or ids.new() for external_id in customers.external_ids]
    new = [external_id not in known for external_id in customers.external_ids]
    given = _addresses(customers)
    returning = [person for person, is_new in zip(person_ids, new, strict=True) if not is_new]
    _refuse_taken(identity, workspace_id, given, person_ids, source_name)
    _forget_old(identity, workspace_id, given, customers, returning)
    insert_rows(
        identity,
        Identity,
        [
            {
                "workspace_id": workspace_id,
                "kind": kind,
                "value": value,
                "person_id": person_id,
                "created_at": at,
            }
            for kind, values in given.items()
            for value, person_id in zip(values, person_ids, strict=True)
            if value
        ],
    )
    insert_rows(
        identity,
        PersonName,
        [
            {"workspace_id": workspace_id, "person_id": person_id, "first_name": first, "last_name": last}
            for person_id, first, last in zip(
                person_ids, customers.first_names, customers.last_names, strict=True
            )
            if first or last
        ],
    )
    return People(person_ids, new)


def sweep_identities(database: Database, workspace_id: str) -> int:
    """Take away identities whose person was never made (an import that died between its two commits)."""
    people, identities = table_of(Person), table_of(Identity)
    with database.read() as session:
        made = set(
            session.connection().scalars(
                sa.select(people.c.person_id).where(people.c.workspace_id == workspace_id)
            )
        )
    with database.identity_write() as identity:
        connection = identity.connection()
        named = set(
            connection.scalars(
                sa.select(identities.c.person_id).where(identities.c.workspace_id == workspace_id).distinct()
            )
        )
        orphans = sorted(named - made)
        for chunk in in_chunks(orphans):
            for table in (identities, table_of(PersonName)):
                connection.execute(
                    table.delete().where(table.c.workspace_id == workspace_id, table.c.person_id.in_(chunk))
                )
    return len(orphans)


def _addresses(customers: CheckedCustomers) -> dict[str, Sequence[str]]:
    every = {"external_id": customers.external_ids, "email": customers.emails, "phone": customers.phones}
    return {kind: values for kind, values in every.items() if kind in customers.columns}


def _known(identity: Session, workspace_id: str, kind: str) -> dict[str, str]:
    table = table_of(Identity)
    rows = identity.connection().execute(
        sa.select(table.c.value, table.c.person_id).where(
            table.c.workspace_id == workspace_id, table.c.kind == kind
        )
    )
    return {row.value: row.person_id for row in rows}


def _refuse_taken(
    identity: Session,
    workspace_id: str,
    given: Mapping[str, Sequence[str]],
    person_ids: Sequence[str],
    source_name: str,
) -> None:
    problems = Problems(source_name)
    in_file = set(person_ids)
    for kind in ("email", "phone"):
        owners = _known(identity, workspace_id, kind) if kind in given else {}
        if not owners:
            continue
        for row, (value, person_id) in enumerate(zip(given[kind], person_ids, strict=True), start=1):
            owner = owners.get(value, person_id)
            # an owner inside the file has given the value up, or the file would hold it twice
            if owner != person_id and owner not in in_file:
                problems.add(row, kind, "", f"this {kind} already belongs to another customer")
    problems.refuse_if_any()


def _forget_old(
    identity: Session,
    workspace_id: str,
    given: Mapping[str, Sequence[str]],
    customers: CheckedCustomers,
    returning: Sequence[str],
) -> None:
    names_given = bool(customers.columns & {"first_name", "last_name"})
    identities, names = table_of(Identity), table_of(PersonName)
    connection = identity.connection()
    for chunk in in_chunks(returning):
        connection.execute(
            identities.delete().where(
                identities.c.workspace_id == workspace_id,
                identities.c.kind.in_(list(given)),
                identities.c.person_id.in_(chunk),
            )
        )
        if names_given:
            connection.execute(
                names.delete().where(names.c.workspace_id == workspace_id, names.c.person_id.in_(chunk))
            )
