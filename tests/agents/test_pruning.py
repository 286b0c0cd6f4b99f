"""Checkpoints of ended threads go after some days; those that somebody may come back to, and the audit log, stay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from langgraph.graph import END, START, StateGraph
from sqlmodel import select

from agents.checkpoints import open_checkpoints, threads_with_checkpoints
from agents.pruning import PRUNED, Pruning
from agents.review.graph import FINDINGS
from agents.state import ProposeState
from agents.thread_stand import config_of
from agents.workbench import Workbench
from store.repositories.agent_work import add_draft
from store.repositories.threads import add_thread
from store.tables import Approval, AuditEntry, Campaign, Proposal
from tests.agents.conftest import Desk, OpenDesk
from tests.postgres_databases import PostgresDatabases
from tests.shop_copies import BACKENDS
from tests.small_shop import BRIEF, VAGUE, Shop

DAYS = 30


class Ages(NamedTuple):
    """A thread as the store knows it, and whether its checkpoints may go."""

    status: str
    approval: str | None
    resumed: bool
    age_days: int
    goes: bool


CASES = {
    "launched": Ages("ended", "approved", True, 31, True),
    "rejected": Ages("ended", "rejected", True, 31, True),
    "superseded": Ages("waiting", "superseded", False, 31, True),
    "refused": Ages("ended", None, False, 31, True),
    "left-for-another": Ages("waiting", None, False, 31, True),
    "ended-yesterday": Ages("ended", "approved", True, 1, False),
    "pending": Ages("waiting", "pending", False, 400, False),
    "answered-not-resumed": Ages("waiting", "approved", False, 400, False),
    "revoked-not-resumed": Ages("waiting", "revoked", False, 400, False),
    "running": Ages("running", None, False, 400, False),
    "failed": Ages("failed", None, False, 400, False),
    "reserved": Ages("reserved", None, False, 400, False),
}


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "other-checkpoints.db"
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return databases.empty()


async def test_only_threads_that_nobody_can_come_back_to_are_deleted(
    shop: Shop, open_desk: OpenDesk, place: Path | str
) -> None:
    async with open_desk(shop) as desk, open_checkpoints(place) as checkpoints:
        for name, case in CASES.items():
            keep(desk, name, case)
        keep_review(desk, "review", age_days=31)
        keep_review(desk, "fresh-review", age_days=2)
        names = [*CASES, "review", "fresh-review", "unknown-to-the-store"]
        graph = one_step(checkpoints)
        for name in names:
            await graph.ainvoke({"thread_id": name}, config_of(name), durability="sync")
        assert await threads_with_checkpoints(checkpoints) == sorted(names)
        pruning = Pruning(desk.bench, checkpoints, DAYS)
        goes = {"review"} | {name for name, case in CASES.items() if case.goes}
        assert await pruning.prune() == len(goes)
        assert set(await threads_with_checkpoints(checkpoints)) == set(names) - goes
        assert await pruning.prune() == 0
        with desk.bench.database.read() as session:
            (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == PRUNED)).all()
        assert entry.detail == {"threads": len(goes), "days": DAYS}


async def test_a_waiting_thread_survives_and_still_takes_its_answer(shop: Shop, open_desk: OpenDesk) -> None:
    ada = shop.users["Ada"]
    async with open_desk(shop) as desk:
        asked = await desk.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
        waiting = await desk.threads.waiting(asked.thread_id)
        assert waiting is not None
        later(desk, days=400)
        checkpoints: Any = desk.threads.graph.checkpointer
        assert await Pruning(desk.bench, checkpoints, DAYS).prune() == 0
        done = await desk.threads.answer(
            workspace_id=shop.workspace_id,
            user_id=ada,
            thread_id=asked.thread_id,
            interrupt_id=waiting.id,
            answers={"budget": "$40"},
        )
        assert done.state["status"] == "open"


async def test_a_pruned_thread_is_never_begun_again(shop: Shop, open_desk: OpenDesk) -> None:
    ada = shop.users["Ada"]
    async with open_desk(shop) as desk:
        first = await desk.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=BRIEF)
        again = await desk.threads.start(
            workspace_id=shop.workspace_id, author_id=ada, text=BRIEF, campaign_id=first.campaign_id
        )
        later(desk, days=31)
        checkpoints: Any = desk.threads.graph.checkpointer
        assert await Pruning(desk.bench, checkpoints, DAYS).prune() == 1
        assert await threads_with_checkpoints(checkpoints) == [again.thread_id]
        with desk.bench.database.read() as session:
            old = session.exec(select(Approval).where(Approval.thread_id == first.thread_id)).one()
        assert await desk.threads.resume_approval(old.approval_id) == {}
        assert (await desk.threads.stand(first.thread_id)).next == ()
        assert desk.launched == []
        assert desk.bench.audit.verify(desk.bench.database, shop.workspace_id).ok


def later(desk: Desk, *, days: int) -> None:
    clock: Any = desk.bench.clock
    clock.advance_to(clock.now() + timedelta(days=days))


def one_step(checkpoints: Any) -> Any:
    """A graph whose threads end at once: what is deleted is told by the store, not by what a checkpoint says."""
    builder = StateGraph(ProposeState)
    builder.add_node("only", lambda state: {"status": "launched"})
    builder.add_edge(START, "only")
    builder.add_edge("only", END)
    return builder.compile(checkpointer=checkpoints)


def keep(desk: Desk, name: str, case: Ages) -> None:
    """Write a thread as it would stand `age_days` after its last run."""
    bench, shop = desk.bench, desk.shop
    at = bench.clock.now() - timedelta(days=case.age_days)
    ada = shop.users["Ada"]
    campaign_id = f"campaign-of-{name}"
    asks = case.approval == "pending"
    with bench.database.write() as session:
        session.add(
            Campaign(
                campaign_id=campaign_id,
                workspace_id=shop.workspace_id,
                name=name,
                state="in_review" if asks else "draft",
                author_id=ada,
                thread_id="another" if case.status == "waiting" and not asks else name,
                proposal_id=f"proposal-of-{name}" if asks else None,
                created_at=at,
                changed_at=at,
            )
        )
        session.flush()
        row = add_thread(
            session,
            thread_id=name,
            workspace_id=shop.workspace_id,
            author_id=ada,
            campaign_id=campaign_id,
            status=case.status,  # type: ignore[arg-type]  # one of the statuses
            at=at,
        )
        row.leased_until = at + timedelta(days=1_000) if case.status == "running" else None
        if case.approval is None:
            return
        common = {"workspace_id": shop.workspace_id, "thread_id": name, "author_id": ada, "digest": "0" * 64}
        session.add(
            Proposal(
                **common,
                proposal_id=f"proposal-of-{name}",
                campaign_id=campaign_id,
                kind="campaign",
                canonical_json="{}",
                model="test",
                graph_version="1",
                created_at=at,
            )
        )
        session.flush()
        session.add(
            Approval(
                **common,
                approval_id=f"approval-of-{name}",
                proposal_id=f"proposal-of-{name}",
                status=case.approval,
                required=[["campaign_manager"]],
                opened_at=at,
                expires_at=at + timedelta(days=7),
                resolved_at=None if asks else at,
                resumed_at=at if case.resumed else None,
            )
        )


def keep_review(desk: Desk, name: str, *, age_days: int) -> None:
    bench: Workbench = desk.bench
    with bench.database.write() as session:
        add_draft(
            session,
            draft_id=f"findings-of-{name}",
            workspace_id=desk.shop.workspace_id,
            thread_id=name,
            kind=FINDINGS,
            content={},
            at=bench.clock.now() - timedelta(days=age_days),
        )
