"""The field: three campaigns for the same people, four workers that are killed, a mail server that fails, people who leave."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

from sqlmodel import select

from delivery.inbound.leaving import state_all
from delivery.reconcile import Reconciliation, reconcile
from delivery.uncertain import uncertain
from policies.consent import Channel, ConsentStatus, Purpose
from policies.workspace_rules import FrequencyCap, WorkspaceRules
from store.bulk import insert_rows
from store.database import StoreBusyError
from store.tables import Batch, Consent, Launch, Send
from store.tables.identity import Identity
from tests.chaos.sink import Taken, failing_sink, read_taken
from tests.chaos.worker import Place, jump_to, open_field, work
from tests.delivery.runs import launched
from tests.delivery.small_plan import START, Plan
from tests.delivery.small_world import World, add_campaign, make_world

WORKERS, CAMPAIGNS, CAP = 4, 3, 2
HOUR = 3600.0


class Trouble(NamedTuple):
    """How often in a round of about 0.7 seconds a worker is killed and every clock jumps, and for how many rounds.

    After them nobody is killed and clocks jump forwards only.
    """

    rounds: int
    kills: float
    jumps: float


@dataclass
class Story:
    """What happened in a field, for whoever judges it."""

    taken: list[Taken]
    left: dict[str, float]
    sends: list[Send]
    counted: list[Reconciliation]
    listed: set[str]
    batches: list[Batch]
    kills: int = 0
    jumps: int = 0
    drained: list[int | None] = field(default_factory=list)
    seconds: float = 0.0


def make_field(path: Path, people: int, batch_people: int, seed: int, address: str | None) -> list[World]:
    """Make the home with its campaigns, addresses and what everybody once said."""
    rules = WorkspaceRules(
        quiet_from="00:00", quiet_until="00:00", frequency_cap=FrequencyCap(messages=CAP, days=7)
    )
    plan = Plan(
        budget_minor=10**9,
        batches=max(2, people // batch_people),
        batch_interval_hours=1,
        reward_delay_hours=1,
        rules=rules,
        people=people,
        maximum_people=people,
        seed=seed,
    )
    first = make_world(path, plan, address=address)
    worlds = [first, *(add_campaign(first, plan._replace(seed=seed + n), n + 1) for n in range(1, CAMPAIGNS))]
    with first.ports.database.identity_write() as identity:
        rows = [
            {
                "workspace_id": first.workspace_id,
                "kind": "email",
                "value": f"{person.lower()}@mail.example.org",
                "person_id": person,
                "created_at": START,
            }
            for person in first.people
        ]
        insert_rows(identity, Identity, rows)
    with first.ports.database.write() as session:
        said = [
            {
                "person_id": person,
                "channel": "email",
                "purpose": "marketing",
                "stated_at": START,
                "workspace_id": first.workspace_id,
                "status": "granted",
                "source": "test",
            }
            for person in first.people
        ]
        insert_rows(session, Consent, said)
    for world in worlds:
        launched(world)
    first.ports.database.close()
    first.ports.warehouse.close()
    return worlds


class _Crew:
    """The workers, killed and replaced."""

    def __init__(self, place: Place, world: World) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.worker"])
        self._place = place
        self._world = world._replace(home=None, ports=None)  # type: ignore[arg-type]  # opened again over there
        self.living: list[ForkServerProcess] = [self._start(number) for number in range(WORKERS)]

    def _start(self, number: int) -> ForkServerProcess:
        skew = (-20.0, 0.0, 15.0, 40.0)[number]
        process = self._context.Process(target=work, args=(self._place, self._world, skew), daemon=True)
        process.start()
        return process

    def kill(self, number: int) -> None:
        """End a worker as a power cut would, and start another in its place."""
        process = self.living[number]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        self.living[number] = self._start(number)

    def drain(self, seconds: float) -> list[int | None]:
        """Ask all workers to end; gives their exit codes, None for one that did not end in time."""
        for process in self.living:
            process.terminate()
        until = time.monotonic() + seconds
        for process in self.living:
            process.join(max(0.0, until - time.monotonic()))
        codes = [process.exitcode for process in self.living]
        self.stop()
        return codes

    def stop(self) -> None:
        for process in self.living:
            if process.is_alive():
                process.kill()
            process.join()


def run_field(
    path: Path,
    *,
    people: int,
    batch_people: int,
    seed: int,
    address: str | None,
    longest_seconds: float,
    trouble: Trouble,
) -> Story:
    """Run a field to its end, or fail where it does not come to one in time."""
    worlds = make_field(path, people, batch_people, seed, address)
    began = time.time()
    log = path / "taken"
    with failing_sink(log, seed) as port:
        place = Place(path, port, began)
        jump_to(place, 0.0)
        here, _ = open_field(place, worlds[0], 0.0)
        crew = _Crew(place, worlds[0])
        try:
            left, killed, jumps = asyncio.run(_trouble(place, here, crew, seed, longest_seconds, trouble))
            drained = crew.drain(60.0)
        finally:
            crew.stop()
        story = _told(here, worlds, log, left)
        story.kills, story.jumps, story.drained = killed, jumps, drained
        story.seconds = time.time() - began
        here.ports.database.close()
        here.ports.warehouse.close()
        return story


async def _trouble(
    place: Place, here: World, crew: _Crew, seed: int, longest_seconds: float, trouble: Trouble
) -> tuple[dict[str, float], int, int]:
    """Kill workers, move clocks and let people leave until every launch has finished."""
    chance = random.Random(seed)
    left: dict[str, float] = {}
    leaving: set[asyncio.Task[None]] = set()
    killed = jumps = 0
    offset = 0.0
    people = chance.sample(here.people, len(here.people) // 4)
    until = time.monotonic() + longest_seconds
    rounds = 0
    while not _finished(here):
        assert time.monotonic() < until, f"not at its end after {longest_seconds:.0f} s: {_standing(here)}"
        rounds += 1
        for _ in range(min(len(people), 1 + len(here.people) // 400)):
            task = asyncio.create_task(_leave(here, people.pop(), left))
            leaving.add(task)
            task.add_done_callback(leaving.discard)
        troubled = rounds <= trouble.rounds
        if troubled and (chance.random() < trouble.kills or rounds == 4):
            killed += 1
            crew.kill(chance.randrange(WORKERS))
        if chance.random() < trouble.jumps:
            jumps += 1
            offset += chance.choice((-0.4, 0.2, 0.6, 1.0, 1.5) if troubled else (1.0,)) * HOUR
            jump_to(place, offset)
        await asyncio.sleep(0.2 + chance.random())
    await asyncio.gather(*leaving)
    return left, killed, jumps


async def _leave(here: World, person: str, left: dict[str, float]) -> None:
    said = {(Channel.EMAIL, Purpose.MARKETING): ConsentStatus.WITHDRAWN}
    while person not in left:
        with contextlib.suppress(StoreBusyError):  # as a mailbox does, which posts again after a 503
            await state_all(
                here.ports.database, here.ports.clock, here.workspace_id, person, said, source="test"
            )
            left[person] = time.time()


def _finished(here: World) -> bool:
    with here.ports.database.read() as session:
        return all(at is not None for at in session.exec(select(Launch.finished_at)))


def _standing(here: World) -> str:
    with here.ports.database.read() as session:
        sends = Counter(session.exec(select(Send.status)))
        batches = Counter((row.state, row.failure) for row in session.exec(select(Batch)))
    return f"{dict(sends)}, {dict(batches)}"


def _told(here: World, worlds: list[World], log: Path, left: dict[str, float]) -> Story:
    with here.ports.database.read() as session:
        sends = list(session.exec(select(Send)))
        batches = list(session.exec(select(Batch)))
        launches = list(session.exec(select(Launch.launch_id)))
    counted = [reconcile(here.ports, launch_id) for launch_id in launches]
    listed = {
        one.send_key
        for world in worlds
        for one in uncertain(here.ports, world.workspace_id, world.campaign_id, limit=100_000)
    }
    return Story(read_taken(log), left, sends, counted, listed, batches)
