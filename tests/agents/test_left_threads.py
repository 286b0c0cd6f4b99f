"""Threads are run by one process at a time, and those that a dead one left while drafting are taken on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

import agents.thread_lease
from agents.propose.drafting import Drafting
from agents.refusals import ThreadWaitsError
from agents.thread_beginning import begin
from agents.thread_lease import LEASE, leased
from agents.workbench import Workbench
from policies.errors import NotFoundError
from store.clock import WallClock
from store.database import Database
from store.ids import RandomIds
from store.repositories import leases
from store.repositories.threads import add_thread, note_stop
from store.repositories.workspaces import add_user, create_workspace
from store.tables import Approval, Draft, ProposeThread
from tests.agents.conftest import Desk, OpenDesk
from tests.postgres_databases import PostgresDatabases
from tests.small_shop import BRIEF, START, VAGUE, Shop

LATER = START + timedelta(hours=1)


def begun(desk: Desk, text: str = BRIEF, campaign_id: str | None = None) -> str:
    """A thread whose process died before its first checkpoint."""
    shop = desk.shop
    state = begin(
        desk.bench,
        workspace_id=shop.workspace_id,
        author_id=shop.users["Ada"],
        text=text,
        campaign_id=campaign_id,
    )
    with desk.bench.database.write() as session:
        assert leases.free_leases(session) == 1, "held from its beginning, until the home has a new owner"
    return state["thread_id"]


def due(session: Session) -> dict[str, int]:
    return {work.key: work.attempt for work in leases.due_work(session, LATER) if work.kind == "draft"}


def take(desk: Desk, thread_id: str) -> int | None:
    with desk.bench.database.write() as session:
        return leases.take_thread(session, thread_id, now=START, until=LATER)


def row_of(desk: Desk, thread_id: str) -> ProposeThread:
    with desk.bench.database.read() as session:
        return session.get_one(ProposeThread, thread_id)


async def test_a_thread_left_before_its_first_checkpoint_is_taken_on_to_its_approval(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        thread_id = begun(desk)
        with desk.bench.database.read() as session:
            assert due(session) == {thread_id: 1}
        attempt = take(desk, thread_id)
        assert attempt == 2
        await desk.threads.carry_on(thread_id, attempt)
        assert (await desk.threads.state(thread_id))["status"] == "open"
        with desk.bench.database.read() as session:
            assert session.exec(select(Approval)).one().thread_id == thread_id
            assert due(session) == {}
        assert (row_of(desk, thread_id).status, row_of(desk, thread_id).leased_until) == ("waiting", None)


async def test_a_left_thread_that_another_took_the_place_of_ends(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        left = begun(desk)
        campaign_id = row_of(desk, left).campaign_id
        newer = begun(desk, campaign_id=campaign_id)
        attempt = take(desk, left)
        assert attempt is not None
        await desk.threads.carry_on(left, attempt)
        assert row_of(desk, left).status == "ended"
        with desk.bench.database.read() as session:
            assert session.exec(select(Draft)).all() == []
            assert due(session) == {newer: 1}


async def test_a_thread_that_another_process_runs_is_given_nothing(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        ada = shop.users["Ada"]
        started = await desk.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
        waiting = await desk.threads.waiting(started.thread_id)
        assert waiting is not None
        assert take(desk, started.thread_id) == 2
        with pytest.raises(ThreadWaitsError, match="is running"):
            await desk.threads.answer(
                workspace_id=shop.workspace_id,
                user_id=ada,
                thread_id=started.thread_id,
                interrupt_id=waiting.id,
                answers={"budget": "$40"},
            )
        with desk.bench.database.read() as session:
            assert session.exec(select(Draft).where(Draft.kind == "answer")).all() == []
        assert row_of(desk, started.thread_id).attempt == 2


async def test_a_step_that_fails_ends_its_run_and_is_not_tried_again(
    shop: Shop, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sense(_self: Drafting, _state: object) -> None:
        raise NotFoundError("there is nothing to plan with")

    monkeypatch.setattr(Drafting, "sense", sense)
    async with open_desk(shop) as desk:
        with pytest.raises(NotFoundError):
            await desk.threads.start(workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF)
        with desk.bench.database.read() as session:
            assert session.exec(select(ProposeThread)).one().status == "failed"
            assert due(session) == {}


async def test_a_run_that_is_cancelled_leaves_its_thread_to_be_taken_on(
    shop: Shop, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def sense(_self: Drafting, _state: object) -> None:
        reached.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(Drafting, "sense", sense)
    async with open_desk(shop) as desk:
        starting = asyncio.create_task(
            desk.threads.start(workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF)
        )
        await reached.wait()
        with desk.bench.database.read() as session:
            assert due(session) == {}, "nobody else runs it"
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        with desk.bench.database.read() as session:
            assert list(due(session).values()) == [1]


async def test_a_resolved_approval_takes_its_thread_on_and_the_sweep_does_not(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        thread_id = begun(desk)
        await desk.threads.carry_on(thread_id, take(desk, thread_id) or 0)
        with desk.bench.database.write() as session:
            note_stop(session, thread_id, 2, "running", START)
            assert due(session) == {thread_id: 2}
            approval = session.exec(select(Approval)).one()
            approval.status, approval.resolved_at = "approved", START
            session.flush()
            assert due(session) == {}


def test_a_dead_run_s_lease_ends_by_time_and_cannot_be_renewed(shared_bench: Workbench) -> None:
    now, until = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)
    with shared_bench.database.write() as session:
        assert leases.take_thread(session, "t", now=now, until=until) == 1
        assert leases.take_thread(session, "t", now=now, until=until) is None
        assert leases.renew_thread(session, "t", 1, until=until)
        assert leases.take_thread(session, "t", now=until, until=until + LEASE) == 2
        assert not leases.renew_thread(session, "t", 1, until=until)
        note_stop(session, "t", 1, "ended", until)
        assert session.get_one(ProposeThread, "t").leased_until is not None, "the second still holds it"


def test_a_shared_home_s_next_process_frees_nothing_that_may_be_alive(shared_bench: Workbench) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    with shared_bench.database.write() as session:
        leases.take_thread(session, "t", now=now, until=now + LEASE)
        assert leases.free_leases(session, shared=True) == 0
        assert leases.free_leases(session) == 1


async def test_a_lease_among_several_processes_is_renewed_while_its_run_lasts(
    shared_bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents.thread_lease, "_RENEWED_SECONDS", 0.01)

    def until() -> datetime:
        with shared_bench.database.read() as session:
            found = session.get_one(ProposeThread, "t").leased_until
            assert found is not None
            return found

    async with leased(shared_bench, "t"):
        first = until()
        await asyncio.sleep(0.2)
        assert first < until() < datetime.now(UTC) + LEASE + timedelta(seconds=1)
    async with leased(shared_bench, "t") as run:
        assert run.attempt == 2


@pytest.fixture
def shared_bench(postgres: PostgresDatabases) -> Iterator[Workbench]:
    """Database and clock of a home that several processes share, with one thread."""
    address = postgres.migrated()
    database = Database(address, address)
    at, clock = datetime(2026, 11, 24, tzinfo=UTC), WallClock()
    ids = RandomIds(clock)
    with database.write() as session:
        workspace = create_workspace(session, ids=ids, at=at, name="Shop", currency="USD", timezone="UTC")
        user = add_user(session, ids=ids, at=at, workspace_id=workspace.workspace_id, name="Ada")
        add_thread(
            session,
            thread_id="t",
            workspace_id=workspace.workspace_id,
            author_id=user.user_id,
            campaign_id=None,
            status="waiting",
            at=at,
        )
    absent = dict.fromkeys(("warehouse", "memory", "models", "audit"))
    yield Workbench(database=database, clock=clock, ids=ids, **absent)  # type: ignore[arg-type]  # a lease needs none
    database.close()
