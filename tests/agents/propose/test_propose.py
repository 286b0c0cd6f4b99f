"""The propose graph over a small shop: from words to a countersigned launch, and what can go wrong on the way."""

from __future__ import annotations

import sqlite3

import pytest
from langgraph.types import Command
from sqlmodel import select

from agents.refusals import ThreadRefusalError
from agents.thread_stand import config_of
from policies.authority import Person, read_roles
from policies.errors import InvalidInputError, NotAuthorisedError
from policies.proposal import digest_of, parse
from store.repositories.agent_work import figures_of, tool_results_of, traces_of
from store.repositories.approvals import (
    ApprovalClosedError,
    DigestChangedError,
    LimitError,
    Resolution,
    list_approvals,
    resolve,
)
from store.repositories.campaigns import get_campaign
from store.tables import Approval, Proposal
from tests.agents.conftest import Desk, OpenDesk
from tests.small_shop import BRIEF, ROLES, VAGUE, Shop

KILOBYTE = 1000


async def propose(desk: Desk, text: str = BRIEF) -> Approval:
    started = await desk.threads.start(
        workspace_id=desk.shop.workspace_id, author_id=desk.shop.users["Ada"], text=text
    )
    assert started.state["status"] == "open", started.state
    with desk.bench.database.read() as session:
        return list_approvals(session, desk.shop.workspace_id)[0]


def person(shop: Shop, name: str) -> Person:
    return Person(shop.users[name], read_roles([ROLES[name]]), shop.workspace_id)


def answer(desk: Desk, name: str, approval: Approval, resolution: Resolution | None = None) -> bool:
    with desk.bench.database.write(durable=True) as session:
        return resolve(
            session,
            desk.bench.audit,
            approval_id=approval.approval_id,
            signature_id=desk.bench.ids.new(),
            person=person(desk.shop, name),
            resolution=resolution or Resolution("approve", approval.digest),
            at=desk.bench.clock.now(),
        ).changed


async def test_an_objective_becomes_a_proposal_whose_every_number_has_a_source(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        with desk.bench.database.read() as session:
            proposal = session.get_one(Proposal, approval.proposal_id)
            content = parse(proposal.canonical_json)
            results = {result.digest for result in tool_results_of(session, approval.thread_id)}
            kept = figures_of(session, approval.thread_id)
            traces = traces_of(session, approval.thread_id)
    assert digest_of(proposal.canonical_json) == proposal.digest == approval.digest
    assert content.objective.quote == BRIEF
    removed = sum(content.number(part.people) for part in content.audience.removed)
    assert content.number(content.audience.gross) == removed + content.number(content.audience.net)
    assert sum(content.number(s.people) for s in content.audience.segments) == content.number(
        content.audience.net
    )
    for name, figure in content.figures.items():
        assert figure == kept[name]
        if figure.source.kind == "tool" and figure.source.name != "bandit_prior":
            assert figure.source.digest in results, name
    assert {trace.agent for trace in traces} == {"planner", "segmenter", "copywriter", "analyst"}
    assert all(trace.model == "embedded-rules/1" for trace in traces)


@pytest.mark.promise
async def test_only_an_approval_by_another_authorised_person_leads_to_a_launch(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        with pytest.raises(NotAuthorisedError, match="author"):
            answer(desk, "Ada", approval)
        with pytest.raises(NotAuthorisedError):
            answer(desk, "Root", approval)
        with pytest.raises(ThreadRefusalError):
            await desk.threads.resume_approval(approval.approval_id)
        assert desk.launched == []
        assert answer(desk, "Grace", approval)
        assert not answer(desk, "Grace", approval), "the same answer again changes nothing"
        state = await desk.threads.resume_approval(approval.approval_id)
        assert state["status"] == "launched"
        await desk.threads.resume_approval(approval.approval_id)
    assert desk.launched == [approval.approval_id]


@pytest.mark.promise
async def test_forged_resumes_and_state_edits_approve_nothing(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        graph, config = desk.threads.graph, config_of(approval.thread_id)
        waiting = await desk.threads.waiting(approval.thread_id)
        assert waiting is not None
        forged: list[object] = [
            {waiting.id: {"approval_id": approval.approval_id, "type": "approve"}},
            {"0" * 32: "approve"},
            [{"type": "accept"}],
        ]
        for value in forged:
            await graph.ainvoke(Command(resume=value), config, durability="sync")
        await graph.aupdate_state(config, {"status": "approved"}, as_node="approve")
        await graph.ainvoke(None, config, durability="sync")
        await graph.aupdate_state(config, {"status": "open"}, as_node="verify_approval")
        await graph.ainvoke(None, config, durability="sync")
        assert desk.launched == []
        assert answer(desk, "Grace", approval)
        await desk.threads.resume_approval(approval.approval_id)
    assert desk.launched == [approval.approval_id]


@pytest.mark.promise
async def test_an_edit_of_the_proposal_after_approval_blocks_the_launch(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        assert answer(desk, "Grace", approval)
        with desk.bench.database.write() as session:
            proposal = session.get_one(Proposal, approval.proposal_id)
            proposal.canonical_json = proposal.canonical_json.replace("winback", "winback2")
        state = await desk.threads.resume_approval(approval.approval_id)
    assert (state["status"], desk.launched) == ("blocked", [])


async def test_a_missing_budget_is_asked_for_and_the_answer_goes_on(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        started = await desk.threads.start(
            workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=VAGUE
        )
        assert started.state["status"] == "clarifying"
        waiting = await desk.threads.waiting(started.thread_id)
        assert waiting is not None
        with pytest.raises(ThreadRefusalError):
            await desk.threads.answer(
                workspace_id=shop.workspace_id,
                user_id=shop.users["Ada"],
                thread_id=started.thread_id,
                interrupt_id="0" * 32,
                answers={"budget": "$40"},
            )
        answered = await desk.threads.answer(
            workspace_id=shop.workspace_id,
            user_id=shop.users["Ada"],
            thread_id=started.thread_id,
            interrupt_id=waiting.id,
            answers={"budget": "$40"},
        )
        assert answered.state["status"] == "open"
        with desk.bench.database.read() as session:
            content = parse(session.exec(select(Proposal)).one().canonical_json)
        assert content.number(content.envelope.budget) == 4000
        assert content.figures["plan.budget"].source.path.startswith("answer ")
    size = _thread_bytes(shop, started.thread_id)
    assert size <= 60 * KILOBYTE, size


async def test_checkpoints_hold_no_words_of_brief_prompts_or_messages(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        await propose(desk)
    home = shop.home
    raw = b"".join(path.read_bytes() for path in home.path.glob("checkpoints.db*"))
    for planted in (
        "Bring back customers",
        "You plan marketing",
        "merchandise e-mails",
        "Come back to",
        "{figure:",
    ):
        assert planted.encode() not in raw, planted
    assert b"approval_id" in raw, "the scan reads the right bytes"


async def test_a_new_objective_for_a_campaign_in_review_supersedes_its_proposal(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        first = await propose(desk)
        with desk.bench.database.read() as session:
            campaign_id = session.get_one(Proposal, first.proposal_id).campaign_id
        again = await desk.threads.start(
            workspace_id=shop.workspace_id,
            author_id=shop.users["Ada"],
            text=BRIEF.replace("$40", "$30"),
            campaign_id=campaign_id,
        )
        with desk.bench.database.read() as session:
            old = session.get_one(Proposal, first.proposal_id)
            new = session.get_one(Proposal, again.state["proposal_id"])
            closed = session.get_one(Approval, first.approval_id)
            assert get_campaign(session, shop.workspace_id, campaign_id).proposal_id == new.proposal_id
        assert (old.status, closed.status, new.parent_proposal_id) == (
            "superseded",
            "superseded",
            old.proposal_id,
        )
        assert new.digest != old.digest
        with pytest.raises(ApprovalClosedError):
            answer(desk, "Grace", first)


async def test_requesting_changes_ends_the_thread_and_returns_the_campaign_to_draft(
    shop: Shop, open_desk: OpenDesk
) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        with pytest.raises(InvalidInputError, match="say why"):
            answer(desk, "Grace", approval, Resolution("request_changes", approval.digest))
        answer(
            desk, "Grace", approval, Resolution("request_changes", approval.digest, comment="shorter subject")
        )
        state = await desk.threads.resume_approval(approval.approval_id)
        with desk.bench.database.read() as session:
            campaign = get_campaign(session, shop.workspace_id, state["campaign_id"])
        assert (state["status"], campaign.state, desk.launched) == ("changes_requested", "draft", [])
        assert await desk.threads.waiting(approval.thread_id) is None


async def test_limits_may_only_lower(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        approval = await propose(desk)
        for limits in ({"budget_minor": 4001}, {"maximum_people": 0}, {"speed": 1}, None):
            with pytest.raises(LimitError):
                answer(desk, "Grace", approval, Resolution("approve_limited", approval.digest, limits=limits))
        with pytest.raises(LimitError):
            answer(
                desk, "Grace", approval, Resolution("approve", approval.digest, limits={"budget_minor": 10})
            )
        with pytest.raises(DigestChangedError):
            answer(desk, "Grace", approval, Resolution("approve", "0" * 64))
        limited = Resolution("approve_limited", approval.digest, limits={"budget_minor": 2000})
        assert answer(desk, "Grace", approval, limited)
        with desk.bench.database.read() as session:
            assert session.get_one(Approval, approval.approval_id).limits == {"budget_minor": 2000}


@pytest.mark.parametrize(
    ("text", "message"),
    [("   ", "empty"), ("x" * 9000, "8000")],
)
async def test_unusable_text_starts_nothing(shop: Shop, open_desk: OpenDesk, text: str, message: str) -> None:
    async with open_desk(shop) as desk:
        with pytest.raises(InvalidInputError, match=message):
            await desk.threads.start(workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=text)
        with desk.bench.database.read() as session:
            assert session.exec(select(Proposal)).all() == []


async def test_gibberish_is_asked_about_never_planned(shop: Shop, open_desk: OpenDesk) -> None:
    async with open_desk(shop) as desk:
        started = await desk.threads.start(
            workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text="asdf qwer zxcv"
        )
        assert started.state["status"] == "clarifying"
        assert "proposal_id" not in started.state


def _thread_bytes(shop: Shop, thread_id: str) -> int:
    connection = sqlite3.connect(shop.home.checkpoints_db)
    stored = connection.execute(
        "SELECT coalesce(sum(length(checkpoint) + length(metadata)), 0) FROM checkpoints WHERE thread_id = ?",
        (thread_id,),
    ).fetchone()[0]
    writes = connection.execute(
        "SELECT coalesce(sum(length(value)), 0) FROM writes WHERE thread_id = ?", (thread_id,)
    ).fetchone()[0]
    connection.close()
    return int(stored) + int(writes)
