"""A logged experiment read in: the history half for learning, the world half sealed for the replay channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from policies.errors import ConflictError
from store.bulk import table_of
from store.database import Database
from store.ids import IdSource
from store.importing.catalogue import minor_units
from store.importing.csv_table import TextTable, check_header, check_unique
from store.importing.errors import Problems
from store.importing.identities import person_ids_by_external_id
from store.importing.replay_world import publish_world, stage_world
from store.repositories.customers import CUSTOMERS, customer_columns
from store.tables.base import JsonObject
from store.tables.measures import Experiment
from store.tables.people import ImportRun
from store.warehouse import Warehouse, person_id_array
from tools.audience.funnel import BoolArray

if TYPE_CHECKING:
    import pyarrow as pa

LOGGED_EXPERIMENT = "logged_experiment"
COLUMNS = ("external_id", "arm", "propensity", "visit", "conversion", "spend")
HALF = "half"
WORLD = "world"
HISTORY = "history"

T = TypeVar("T")

_ARM = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ExperimentKnownError(ConflictError):
    """An experiment of this name was read in before."""

    code = "experiment_known"


class LoggedExperiment(BaseModel):
    """What is declared about an experiment that ran elsewhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    starts_on: date
    ends_on: date
    source: str
    note: str
    outcome_label: str
    """Said beside every result that rests on it, such as `outcome of the 2008 e-mail`."""


class ExperimentImported(NamedTuple):
    """What one import did: people by half, and people by arm over both."""

    experiment_id: str
    history: int
    world: int
    arms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """A log without problems, each (n,): arms as text, propensities in (0, 1], outcomes as whole numbers."""

    external_ids: Sequence[str]
    arms: NDArray[np.str_]
    propensities: NDArray[np.float64]
    visits: NDArray[np.int64]
    conversions: NDArray[np.int64]
    spend_minor: NDArray[np.int64]


def check_log(table: TextTable) -> CheckedLog:
    """Decide what a log says; raises ImportRefusedError listing every problem with its row.

    A propensity is a decimal or a fraction such as 1/3. Spend is in major units with at most two decimals.
    """
    problems = Problems(table.source_name)
    check_header(table, COLUMNS, COLUMNS, problems)
    problems.refuse_if_any()
    external_ids = table.column("external_id")
    check_unique(external_ids, "external_id", problems, hide=True)
    arms = _read_column(table, "arm", _arm, problems)
    propensities = _read_column(table, "propensity", _propensity, problems)
    visits = _read_column(table, "visit", _yes_no, problems)
    conversions = _read_column(table, "conversion", _yes_no, problems)
    spend = _read_column(table, "spend", minor_units, problems)
    problems.refuse_if_any()
    return CheckedLog(
        external_ids,
        np.asarray(arms, dtype=np.str_),
        np.asarray(propensities, dtype=np.float64),
        np.asarray(visits, dtype=np.int64),
        np.asarray(conversions, dtype=np.int64),
        np.asarray(spend, dtype=np.int64),
    )


def import_experiment(
    database: Database,
    warehouse: Warehouse,
    replay_dir: Path,
    table: TextTable,
    declared: LoggedExperiment,
    *,
    workspace_id: str,
    ids: IdSource,
    at: datetime,
) -> ExperimentImported:
    """Read a logged experiment in, whole or not at all, people by their attribute `half`.

    `history` rows become the table `logged_experiment`; the outcomes of `world` rows go into the replay channel's file
    and nowhere else. Customers without a `half` are history. Raises ImportRefusedError for rows that cannot be read or
    customers nobody knows, ExperimentKnownError for a second import of one name.
    """
    log = check_log(table)
    person_ids = _people(database, workspace_id, log, table.source_name)
    in_world = _in_world(warehouse, workspace_id, person_ids)
    experiment_id = ids.new()
    arms = {str(arm): int(n) for arm, n in zip(*np.unique(log.arms, return_counts=True), strict=True)}
    rows = _rows(log, person_ids, experiment_id)
    staged = warehouse.stage(workspace_id, LOGGED_EXPERIMENT, experiment_id, rows.filter(~in_world))
    sealed: Path | None = None
    done = False
    try:
        with database.write() as session:
            _refuse_known(session, workspace_id, declared.name)
            session.add(
                _import_run(
                    table, workspace_id, experiment_id, at, {"arms": arms, "world": int(in_world.sum())}
                )
            )
            session.add(_experiment(declared, workspace_id, experiment_id, at, arms, log))
            session.flush()
            if in_world.any():
                sealed = stage_world(
                    replay_dir,
                    rows.filter(in_world).select(["person_id", "arm", "visit", "conversion", "spend_minor"]),
                )
                publish_world(sealed)
            staged.publish()
        done = True
    finally:
        if not done:
            staged.discard()
            if sealed is not None:
                sealed.unlink(missing_ok=True)
    return ExperimentImported(experiment_id, int((~in_world).sum()), int(in_world.sum()), arms)


def _read_column(
    table: TextTable, name: str, read: Callable[[str], T | None], problems: Problems
) -> list[T | None]:
    cells = table.column(name)
    values = {cell: read(cell) for cell in set(cells)}
    wrong = {cell for cell, value in values.items() if value is None}
    for row, cell in enumerate(cells, start=1):
        if cell in wrong:
            problems.add(row, name, cell, f"{cell!r} is not {_EXPECTED[name]}")
    return [values[cell] for cell in cells]


_EXPECTED = {
    "arm": "an arm such as none or mens_email",
    "propensity": "a probability above 0 and at most 1, such as 0.5 or 1/3",
    "visit": "0 or 1",
    "conversion": "0 or 1",
    "spend": "an amount of 0 or more with at most two decimals",
}


def _arm(cell: str) -> str | None:
    return cell if _ARM.fullmatch(cell) else None


def _propensity(cell: str) -> float | None:
    try:
        found = Fraction(cell)
    except (ValueError, ZeroDivisionError):
        return None
    return float(found) if 0 < found <= 1 else None


def _yes_no(cell: str) -> int | None:
    return {"0": 0, "1": 1}.get(cell)


def _people(database: Database, workspace_id: str, log: CheckedLog, source_name: str) -> NDArray[np.str_]:
    with database.identity_read() as identity:
        known = person_ids_by_external_id(identity, workspace_id)
    problems = Problems(source_name)
    for row, external_id in enumerate(log.external_ids, start=1):
        if external_id not in known:
            problems.add(row, "external_id", "", "nobody was imported with this external id")
    problems.refuse_if_any()
    return person_id_array([known[external_id] for external_id in log.external_ids])


def _in_world(warehouse: Warehouse, workspace_id: str, person_ids: NDArray[np.str_]) -> BoolArray:
    if HALF not in warehouse.kinds(workspace_id, CUSTOMERS):
        return np.zeros(person_ids.size, dtype=np.bool_)
    halves = customer_columns(warehouse, workspace_id, person_ids, [HALF])[HALF]
    return np.asarray(halves == WORLD, dtype=np.bool_)


def _rows(log: CheckedLog, person_ids: NDArray[np.str_], experiment_id: str) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "person_id": pa.array(person_ids.tolist(), pa.string()),
            "experiment": pa.array([experiment_id] * person_ids.size, pa.string()),
            "arm": pa.array(log.arms.tolist(), pa.string()),
            "propensity": log.propensities,
            "visit": log.visits,
            "conversion": log.conversions,
            "spend_minor": log.spend_minor,
        }
    )


def _refuse_known(session: Session, workspace_id: str, name: str) -> None:
    experiments = table_of(Experiment)
    found = session.connection().scalar(
        sa.select(experiments.c.experiment_id).where(
            experiments.c.workspace_id == workspace_id, experiments.c.name == name
        )
    )
    if found is not None:
        raise ExperimentKnownError(
            f"The experiment {name!r} was imported before; give this one another name.", value=name
        )


def _import_run(
    table: TextTable, workspace_id: str, import_id: str, at: datetime, checks: JsonObject
) -> ImportRun:
    return ImportRun(
        import_id=import_id,
        workspace_id=workspace_id,
        kind=LOGGED_EXPERIMENT,
        source_name=table.source_name,
        source_sha256=table.source_sha256,
        rows=table.rows,
        imported_at=at,
        checks=checks,
    )


def _experiment(
    declared: LoggedExperiment,
    workspace_id: str,
    experiment_id: str,
    at: datetime,
    arms: Mapping[str, int],
    log: CheckedLog,
) -> Experiment:
    return Experiment(
        experiment_id=experiment_id,
        workspace_id=workspace_id,
        name=declared.name,
        starts_on=declared.starts_on,
        ends_on=declared.ends_on,
        design={
            "kind": "logged",
            "arms": dict(arms),
            "propensities": {arm: float(log.propensities[log.arms == arm].mean()) for arm in arms},
            "source": declared.source,
            "note": declared.note,
            "outcome_label": declared.outcome_label,
        },
        created_at=at,
    )
