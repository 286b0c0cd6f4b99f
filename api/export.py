"""Exports as CSV: ids and decisions, nothing that names a person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence

from api.records.measures import SendLine, sends_of_campaign
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
