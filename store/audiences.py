"""Who matches a definition and who of them may be reached: the customers table joined with served profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.consent import Channel, ConsentStatus, Purpose, status_of, suppressed_on
from policies.workspace_rules import WorkspaceRules
from store.database import Database
from store.repositories.customers import CUSTOMERS, customers_table
from store.repositories.people import all_profiles, snapshot_sha256
from store.warehouse import Warehouse, person_id_array
from tools.audience.fields import Schema, schema_of
from tools.audience.filters import Filter, parse_filter
from tools.audience.funnel import Funnel, Removal, run_funnel

_LISTED_VALUES = 24


class Audience(NamedTuple):
    """A definition counted on a day: the funnel, and the customers' columns of the net people, sorted by person id.

    `snapshot_sha256` is the hash that a proposal binds them by.
    """

    definition: str
    words: str
    as_of: date
    funnel: Funnel
    net: dict[str, NDArray[Any]]
    snapshot_sha256: str

    @property
    def person_ids(self) -> NDArray[np.str_]:
        """The net people (n,)."""
        return person_id_array(self.net["person_id"])


def customer_schema(warehouse: Warehouse, workspace_id: str) -> Schema:
    """Return the fields a filter may name in this workspace, with the listed values of short text columns."""
    return warehouse.known(
        workspace_id, CUSTOMERS, "filter fields", lambda: _read_schema(warehouse, workspace_id)
    )


def _read_schema(warehouse: Warehouse, workspace_id: str) -> Schema:
    kinds = warehouse.kinds(workspace_id, CUSTOMERS)
    if not kinds:
        return schema_of({})
    table = customers_table(warehouse, workspace_id)
    values: dict[str, tuple[str, ...]] = {}
    for name, kind in kinds.items():
        if kind == "text" and name not in ("person_id", "import_id"):
            seen = warehouse.execute(table.select(name).distinct().order_by(name).limit(_LISTED_VALUES + 1))[
                name
            ]
            if len(seen) <= _LISTED_VALUES:
                values[name] = tuple(str(value) for value in seen if value is not None)
    return schema_of(kinds, values)


def count_audience(
    database: Database,
    warehouse: Warehouse,
    workspace_id: str,
    *,
    definition: str,
    as_of: date,
    channels: Sequence[str],
    rules: WorkspaceRules,
) -> Audience:
    """Decide who is in an audience on a day and who of them may be reached on every one of `channels`.

    Reasons remove in the gate's order: the workspace's exclusions, consent withdrawn, consent never given, suppressed.
    Raises the filter's typed errors for a bad definition and TableMissingError before any import.
    """
    schema = customer_schema(warehouse, workspace_id)
    table = customers_table(warehouse, workspace_id)
    chosen = parse_filter(definition, schema)
    excluded = [(rule, parse_filter(rule.definition, schema)) for rule in rules.exclusions]
    marks = {f"x{i}": made.expression(table, as_of) for i, (_, made) in enumerate(excluded)}
    columns = warehouse.execute(
        table.mutate(matches=chosen.expression(table, as_of), **marks).order_by("person_id")
    )
    with database.read() as session:
        profiles = all_profiles(session, workspace_id)
    columns = _with_profile(columns, profiles.person_ids)
    place = np.searchsorted(profiles.person_ids, person_id_array(columns["person_id"]))
    removals = [
        Removal(rule.reason_id, rule.words, columns.pop(f"x{i}").astype(bool))
        for i, (rule, _) in enumerate(excluded)
    ]
    removals += _consent_removals(profiles.consent_bits[place], profiles.suppression_bits[place], channels)
    found = run_funnel(columns.pop("matches").astype(bool), removals)
    net = {name: column[found.net] for name, column in columns.items()}
    bound = snapshot_sha256(net["person_id"].tolist())
    return Audience(chosen.canonical, chosen.describe(as_of), as_of, found.funnel, net, bound)


def matching(
    warehouse: Warehouse, workspace_id: str, definition: Filter, as_of: date
) -> dict[str, NDArray[Any]]:
    """Return the customers' columns of everybody who matches, sorted by person id."""
    table = customers_table(warehouse, workspace_id)
    return warehouse.execute(table.filter(definition.expression(table, as_of)).order_by("person_id"))


def _consent_removals(
    consent: NDArray[np.int64], suppression: NDArray[np.int64], channels: Sequence[str]
) -> list[Removal]:
    named = [Channel[channel.upper()] for channel in channels]
    statuses = np.stack([status_of(consent, channel, Purpose.MARKETING) for channel in named])
    stopped = np.stack([suppressed_on(suppression, channel) for channel in named])
    suppressed = _any(stopped)
    return [
        # a suppression is stored beside a withdrawal; whoever is suppressed is counted as that
        Removal(
            "consent_withdrawn", "withdrew consent", _any(statuses == ConsentStatus.WITHDRAWN) & ~suppressed
        ),
        Removal(
            "consent_unknown", "never gave consent", _any(statuses == ConsentStatus.UNKNOWN) & ~suppressed
        ),
        Removal("suppressed", "suppressed", suppressed),
    ]


def _with_profile(columns: dict[str, NDArray[Any]], known: NDArray[np.str_]) -> dict[str, NDArray[Any]]:
    """Leave out rows of people who have no served profile (any more): nothing is known of their consent."""
    kept = np.isin(person_id_array(columns["person_id"]), known)
    return {name: column[kept] for name, column in columns.items()}


def _any(marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(marks.any(axis=0), dtype=np.bool_)
