"""Driving a small world without the job engine, and looking at what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq
from sqlmodel import col, select

from delivery.channels.interface import Message, Receipt, SendOutcome
from delivery.drive import Driver, Handlers, job_handlers
from delivery.errors import ChannelError
from delivery.jobs import Handler, Jobs
from delivery.launch import launch
from store.repositories.launches import batches_of, get_launch
from store.tables import Batch, Campaign, Launch, Outcome, Send
from tests.delivery.small_world import World


class Direct:
    """Runs units where they stand."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self.handlers = handlers
        self.ran: list[tuple[str, int, int]] = []

    async def run(self, kind: str, key: str, part: int, attempt: int) -> None:
        self.ran.append((kind, part, attempt))
        await self.handlers[kind](key, part, attempt)


async def no_notifications(_notification_id: str) -> None:
    raise AssertionError("nobody is told anything here")


async def no_drafts(_thread_id: str, _attempt: int) -> None:
    """A small world has no thread that drafts."""


def driver_of(world: World) -> Driver:
    """A driver whose resume launches and whose review does nothing."""

    async def resume(approval_id: str) -> None:
        launch(world.ports, approval_id)

    async def review(_launch_id: str) -> None:
        return

    return Driver(
        world.ports, Direct(job_handlers(world.ports, Handlers(resume, review, no_drafts, no_notifications)))
    )


def drive(world: World, **bounds: Any) -> None:
    """Run a world until nothing is due."""
    asyncio.run(driver_of(world).drive_replay(**bounds))


async def run_with_jobs(world: World, reviewed: list[str]) -> None:
    """Run a world on the job engine until nothing is due, as the owner of its home does."""

    async def resume(approval_id: str) -> None:
        launch(world.ports, approval_id)

    async def review(launch_id: str) -> None:
        reviewed.append(launch_id)

    jobs = Jobs(
        world.home.jobs_db, job_handlers(world.ports, Handlers(resume, review, no_drafts, no_notifications))
    )
    driver = Driver(world.ports, jobs)
    driver.free_leases()
    await jobs.start()
    try:
        await driver.drive_replay()
    finally:
        await jobs.stop()


def the_launch(world: World) -> Launch:
    with world.ports.database.read() as session:
        return session.exec(select(Launch)).one()


def the_campaign(world: World) -> Campaign:
    with world.ports.database.read() as session:
        return session.exec(select(Campaign)).one()


def the_batches(world: World) -> Sequence[Batch]:
    with world.ports.database.read() as session:
        return batches_of(session, session.exec(select(Launch.launch_id)).one())


def the_sends(world: World) -> Sequence[Send]:
    with world.ports.database.read() as session:
        return session.exec(select(Send).order_by(col(Send.choice_id))).all()


def the_outcomes(world: World) -> Sequence[Outcome]:
    with world.ports.database.read() as session:
        return session.exec(select(Outcome)).all()


def the_choices(world: World) -> list[dict[str, Any]]:
    """Every choice of every batch as a row."""
    rows: list[dict[str, Any]] = []
    for path in world.ports.warehouse.parts(world.workspace_id, "choices"):
        with path.open("rb") as stream:
            rows += pq.read_table(stream).to_pylist()
    return sorted(rows, key=lambda row: row["choice_id"])


def launched(world: World) -> str:
    """Launch and return the id."""
    return launch(world.ports, world.approval_id).launch_id


def bandit_state(world: World) -> Any:
    with world.ports.database.read() as session:
        return get_launch(session, the_launch(world).launch_id).bandit_state


class Flaky:
    """A provider in front of another that answers as told: `silent` calls end without an answer."""

    name = "flaky"
    chunk = 250
    patience = 0.0

    def __init__(self, inner: Any, *, delivers: bool, answers_lookup: bool = True) -> None:
        self.inner, self.delivers, self.answers_lookup = inner, delivers, answers_lookup
        self.silent = 1
        self.sent: list[str] = []

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        self.sent += [message.send_key for message in messages]
        if not self.silent:
            return await self.inner.send(messages)
        self.silent -= 1
        if self.delivers:
            await self.inner.send(messages)
        raise ChannelError("the provider did not answer")

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        if not self.answers_lookup:
            return {key: Receipt(key, SendOutcome.UNKNOWN) for key in send_keys}
        return await self.inner.lookup(send_keys)
