"""Exports as CSV: ids and decisions, nothing that names a person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence

from agents.review.record import ReadoutRecord
from api.records.measures import SendLine, readouts_of, sends_of_campaign
from api.wiring import App
from delivery.choice_file import CHOICES
from store.repositories.launches import launches_of_campaign
from store.threads import in_thread

_PAGE = 5_000
CHOICE_COLUMNS = (
    "choice_id",
    "person_id",
    "group",
    "arm",
    "arm_probability",
    "arms",
    "p",
    "layer",
    "rule",
    "policy_id",
    "seed",
    "counter",
    "u",
    "batch_id",
    "launch_id",
    "chosen_at",
)

READOUT_COLUMNS = (
    "metric",
    "unit",
    "kind",
    "name",
    "low",
    "estimate",
    "high",
    "people",
    "outcomes",
    "verdict",
    "final",
    "confidence",
    "outcomes_are",
    "read_at",
)


async def send_lines(app: App, workspace_id: str, campaign_id: str) -> AsyncIterator[str]:
    """Yield the messages of a campaign as CSV, page by page."""
    yield _csv([SendLine._fields])
    launch_ids = await in_thread(_launches, app, campaign_id)
    after = ""
    while True:
        page = await in_thread(_sends, app, workspace_id, launch_ids, after)
        if not page:
            return
        yield _csv(line for _, line in page)
        after = page[-1][0]


async def choice_lines(app: App, workspace_id: str, campaign_id: str) -> AsyncIterator[str]:
    """Yield the logged choices of a campaign with their full probability vectors as CSV, batch by batch."""
    yield _csv([CHOICE_COLUMNS])
    for number in range(await in_thread(_part_count, app, workspace_id)):
        yield await in_thread(_choices, app, workspace_id, campaign_id, number)


async def readout_lines(app: App, workspace_id: str, campaign_id: str) -> AsyncIterator[str]:
    """Yield the newest readout of a campaign as CSV: an estimate a line with its interval; only the head without one."""
    yield _csv([READOUT_COLUMNS])
    record = await in_thread(_readout, app, workspace_id, campaign_id)
    if record is not None:
        yield _csv(_estimates(record))


def _readout(app: App, workspace_id: str, campaign_id: str) -> ReadoutRecord | None:
    with app.database.read() as session:
        rows = readouts_of(session, workspace_id, campaign_id)
        return ReadoutRecord.model_validate(rows[0].record) if rows else None


def _estimates(record: ReadoutRecord) -> Iterable[Sequence[object]]:
    """Groups, arms and lifts of each metric; an empty cell is what could not be estimated."""
    kept = (record.verdict, record.final, record.confidence, record.label, record.read_at.isoformat())
    for metric in record.metrics:
        head = (metric.metric, metric.unit)
        for kind, estimates in (("group", metric.groups), ("arm", metric.arms)):
            for one in estimates:
                yield (*head, kind, one.name, one.low, one.value, one.high, one.people, one.matched, *kept)
        for lift in metric.lifts:
            yield (*head, "lift against", lift.against, lift.low, lift.value, lift.high, "", "", *kept)


def _launches(app: App, campaign_id: str) -> list[str]:
    with app.database.read() as session:
        return [launch.launch_id for launch in launches_of_campaign(session, campaign_id)]


def _sends(app: App, workspace_id: str, launch_ids: list[str], after: str) -> list[tuple[str, SendLine]]:
    with app.database.read() as session:
        return sends_of_campaign(session, workspace_id, launch_ids, after=after, limit=_PAGE)


def _part_count(app: App, workspace_id: str) -> int:
    return len(app.warehouse.parts(workspace_id, CHOICES))


def _choices(app: App, workspace_id: str, campaign_id: str, number: int) -> str:
    import pyarrow.parquet as pq

    path = app.warehouse.parts(workspace_id, CHOICES)[number]
    with path.open("rb") as stream:
        data = pq.read_table(stream, columns=[*CHOICE_COLUMNS, "campaign_id"])
    rows = [row for row in data.to_pylist() if row["campaign_id"] == campaign_id]
    return _csv([_cell(row[name]) for name in CHOICE_COLUMNS] for row in rows)


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
