"""What a process holds of a thread is what the store has, and a thread goes on without it after a restart."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.propose.drafts import CopyDraft, DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from agents.propose.recent import Recent, RecentDrafts
from agents.situation import Situation
from agents.state import ProposeState
from agents.thread_beginning import begin
from agents.thread_stand import config_of
from policies.errors import NotFoundError
from policies.figures import UnsourcedNumberError
from store.home import open_home
from store.tables import Proposal
from tests.agents.conftest import Desk, OpenDesk
from tests.small_shop import BRIEF, Shop

DRAFTS: dict[str, type[BaseModel]] = {
    "situation_id": Situation,
    "plan_id": PlanDraft,
    "segmentation_id": SegmentationDraft,
    "copy_id": CopyDraft,
    "design_id": DesignDraft,
    "forecast_id": ForecastDraft,
}


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseModel]:
    """Every draft that the nodes hold, by id, as they hold it at the end."""
    held: dict[str, BaseModel] = {}
    put = RecentDrafts.put

    def watch(drafts: RecentDrafts, draft_id: str, draft: BaseModel) -> None:
        held[draft_id] = draft
        put(drafts, draft_id, draft)

    monkeypatch.setattr(RecentDrafts, "put", watch)
    return held


async def test_every_held_draft_is_the_one_in_the_store(
    shop: Shop, open_desk: OpenDesk, watched: dict[str, BaseModel]
) -> None:
    async with open_desk(shop) as desk:
        state = await _start(desk)
        held, empty = dict(watched), RecentDrafts(desk.bench)
        for name, kind in DRAFTS.items():
            draft_id = str(state[name])  # type: ignore[literal-required]
            assert held[draft_id] == await empty.read(draft_id, kind), name


async def test_a_thread_that_is_taken_up_after_a_restart_freezes_the_same_content(
    shop: Shop, open_desk: OpenDesk, tmp_path: Path
) -> None:
    shutil.copytree(shop.home.path, tmp_path / "twin")
    twin = replace(shop, home=open_home(tmp_path / "twin"))
    async with open_desk(twin) as desk:
        unbroken = await _start(desk)
    async with open_desk(shop) as desk:
        begun = begin(desk.bench, workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF)
        config = config_of(begun["thread_id"])
        stopped = await desk.threads.graph.ainvoke(
            begun, config, durability="sync", interrupt_before=["write", "freeze_proposal"]
        )
        assert "copy_id" not in stopped
    async with open_desk(shop) as desk:
        stopped = await desk.threads.graph.ainvoke(
            None, config, durability="sync", interrupt_before=["freeze_proposal"]
        )
        assert "proposal_id" not in stopped and stopped["report_id"]
    async with open_desk(shop) as desk:
        done = await desk.threads.graph.ainvoke(None, config, durability="sync")
        with desk.bench.database.read() as session:
            assert session.get_one(Proposal, done["proposal_id"]).digest == unbroken["digest"]
    assert done["digest"] == unbroken["digest"]


async def test_a_draft_that_nobody_wrote_is_not_found(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        with pytest.raises(NotFoundError):
            await RecentDrafts(desk.bench).read("none", PlanDraft)


def test_the_value_that_was_not_used_for_longest_is_let_go() -> None:
    recent: Recent[int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)


async def test_a_situation_with_other_words_than_the_brief_of_the_campaign_is_not_frozen(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        other = await _start(desk, BRIEF.replace("customers", "buyers"))
        begun = begin(desk.bench, workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF)
        graph, config = desk.threads.graph, config_of(begun["thread_id"])
        await graph.ainvoke(begun, config, durability="sync", interrupt_before=["check_policies"])
        await graph.aupdate_state(config, {"situation_id": other["situation_id"]}, as_node="forecast")
        with pytest.raises(UnsourcedNumberError, match="word for word"):
            await graph.ainvoke(None, config, durability="sync")


async def _start(desk: Desk, text: str = BRIEF) -> ProposeState:
    started = await desk.threads.start(
        workspace_id=desk.shop.workspace_id, author_id=desk.shop.users["Ada"], text=text
    )
    assert started.state["status"] == "open"
    return started.state
