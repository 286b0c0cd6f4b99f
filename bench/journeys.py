"""A tick of a journey over everybody who is due, set against one bare UPDATE of the same rows.

python -m bench journeys [PEOPLE]    # 1,000,000

Both move the same people from one wait to the next, on copies of one SQLite file at the settings of a home. The tick besides
reads its terms anew, writes a line of everybody's timeline, and goes in transactions of at most 50,000 people, so that
nobody else waits long for the file. Processor time is compared, which other work on the machine does not stretch as much.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, select

from api.providers import NothingSeen
from bench.offer_shop import make_offer_shop
from bench.rows import at_most
from delivery.features import CustomerFeatures
from delivery.journeys.advancing import run_journey
from delivery.journeys.running import start_journey
from delivery.ports import Ports
from policies.journeys import EventTrigger, ExitStep, JourneyBody, WaitStep
from policies.managed import read_version
from store.audit import AuditLog
from store.bulk import insert_rows, table_of
from store.clock import FixedClock, WallClock
from store.home import Home, open_home
from store.ids import RandomIds
from store.repositories import journeys as rows
from store.tables import JourneyPerson, JourneyRun, Person, Proposal
from store.warehouse import Warehouse

BAR = 5.0
PEOPLE = 1_000_000
BODY = JourneyBody(
    name="Two waits",
    trigger=EventTrigger(name="signup"),
    steps=(
        WaitStep(id="first", hours=1, next="second"),
        WaitStep(id="second", hours=24, next="end"),
        ExitStep(id="end"),
    ),
)


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the processor seconds of both, and their ratio."""
    people = int(argv[0]) if argv else PEOPLE
    with tempfile.TemporaryDirectory() as folder:
        home = make_offer_shop(Path(folder) / "tick", bodies={"waits": BODY}).home
        at = WallClock().now()
        run_id = _fill(home, people, at)
        shutil.copytree(home.path, Path(folder) / "bare")
        bare = _bare(open_home(Path(folder) / "bare"), run_id, at)
        ticked = _tick(home, run_id, at, people)
    yield at_most(f"one bare UPDATE of {people:,} people", bare, "s")
    yield at_most(f"a tick over {people:,} people", ticked, "s")
    yield at_most("a tick / one bare UPDATE", ticked / bare, "ratio", BAR)


def _fill(home: Home, people: int, at: datetime) -> str:
    """Start the journey and put everybody at its first wait, due now."""
    database = home.database()
    ids = RandomIds(FixedClock(at))
    with database.write() as session:
        proposal = session.exec(select(Proposal)).one()
        start_journey(session, proposal, read_version(proposal.canonical_json), at - timedelta(hours=2))
        run_id = session.exec(select(JourneyRun.run_id)).one()
        workspace = proposal.workspace_id
    for start in range(0, people, 100_000):
        named = [ids.new(at) for _ in range(start, min(start + 100_000, people))]
        with database.write() as session:
            _add(session, workspace, run_id, named, at)
    with database.write() as session:
        run = rows.get_run(session, run_id)
        run.due_at, run.attempt = at, 1
        session.add(run)
    database.close()
    return run_id


def _add(session: Session, workspace: str, run_id: str, named: list[str], at: datetime) -> None:
    insert_rows(
        session,
        Person,
        [
            {
                "person_id": person,
                "workspace_id": workspace,
                "import_id": None,
                "created_at": at,
                "forgotten_at": None,
            }
            for person in named
        ],
    )
    place = {
        "workspace_id": workspace,
        "journey_id": "waits",
        "run_id": run_id,
        "entries": 1,
        "entered_at": at,
        "status": "active",
        "step": "first",
        "arrived_at": at,
        "due_at": at,
        "moves": 1,
        "reason": None,
    }
    insert_rows(
        session, JourneyPerson, [{**place, "person_id": person, "entry_id": f"e{person}"} for person in named]
    )


def _bare(home: Home, run_id: str, at: datetime) -> float:
    database = home.database()
    people = table_of(JourneyPerson)
    moved = (
        sa.update(people)
        .where(people.c.run_id == run_id, people.c.step == "first")
        .values(step="second", due_at=at + timedelta(hours=24))
    )
    started = time.process_time()
    with database.write() as session:
        session.connection().execute(moved)
    took = time.process_time() - started
    database.close()
    return took


def _tick(home: Home, run_id: str, at: datetime, people: int) -> float:
    database, warehouse = home.database(), Warehouse(home.history_dir)
    clock = FixedClock(at)
    ports = Ports(
        database=database,
        warehouse=warehouse,
        clock=clock,
        ids=RandomIds(clock),
        audit=AuditLog(home.keys_dir),
        channels={},
        outcomes=NothingSeen(),
        features=CustomerFeatures(warehouse),
        unsubscribe_url="https://shop.invalid/unsubscribe",
    )
    started = time.process_time()
    asyncio.run(run_journey(ports, run_id, 1))
    took = time.process_time() - started
    with database.read() as session:
        moved = {step: count for _, step, count in rows.people_by_step(session, run_id)}
    warehouse.close()
    database.close()
    if moved != {"second": people}:
        raise RuntimeError(f"the tick left people at {moved}, not all {people:,} at the second wait")
    return took
