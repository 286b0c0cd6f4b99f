"""What is refused of a thread is written down by every entrance, and a thread that this version cannot take on says so."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from sqlmodel import select

from agents.refusals import UnknownNodeError
from agents.state import ProposeState
from agents.thread_stand import config_of
from store.repositories.approvals import get_approval
from store.repositories.threads import REFUSED
from store.tables import Approval, AuditEntry, Launch
from tests.api.conftest import Open, Opened, Proposed
from tests.small_shop import BRIEF

NOBODY = "0" * 32


def refusals(opened: Opened) -> list[tuple[str, str, str]]:
    """Everything that was refused of threads so far, as (actor, subject, reason)."""
    query = select(AuditEntry).where(AuditEntry.action == REFUSED).order_by(AuditEntry.sequence)  # type: ignore[arg-type]
    with opened.app.database.read() as session:
        return [(row.actor, row.subject, str(row.detail["reason"])) for row in session.exec(query).all()]


def thread_of(opened: Opened, proposed: Proposed) -> str:
    with opened.app.database.read() as session:
        return get_approval(session, proposed.shop.workspace_id, proposed.approval_id).thread_id


async def test_every_entrance_writes_down_what_it_refuses_of_a_thread(
    open_shop: Open, proposed: Proposed
) -> None:
    answer: dict[str, Any] = {"interrupt_id": NOBODY, "answers": {"budget": "$40"}}
    async with open_shop(proposed.shop) as opened:
        thread_id = thread_of(opened, proposed)
        calls: list[tuple[str, dict[str, Any], int, str, str]] = [
            ("/v1/chat", {"text": BRIEF, "campaign_id": "none-such"}, 404, "none-such", "not_found"),
            ("/v1/chat", {"text": BRIEF, "conversation_id": "nowhere"}, 404, "nowhere", "not_found"),
            (f"/v1/campaigns/{proposed.campaign_id}/answers", answer, 409, thread_id, "unknown_interrupt"),
            ("/v1/campaigns/none-such/answers", answer, 404, "none-such", "not_found"),
            (
                "/v1/approvals/none-such/resolve",
                {"answer": "approve", "digest": "0" * 64},
                404,
                "none-such",
                "not_found",
            ),
        ]
        for path, body, status, _, reason in calls:
            refused = await opened.call("Ada", "POST", path, json=body)
            assert (refused.status_code, refused.json()["error"]) == (status, reason), path
        written = refusals(opened)
        verified = opened.app.audit.verify(opened.app.database, proposed.shop.workspace_id)
    assert written == [(proposed.shop.users["Ada"], subject, reason) for *_, subject, reason in calls]
    assert verified.problems == ()


@pytest.mark.promise
async def test_whoever_may_not_resolve_or_names_another_content_is_written_down(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    approve = {"answer": "approve", "digest": proposed.digest}
    resume = {"assistant_id": "propose", "command": {"resume": {"decisions": [{"type": "approve"}]}}}
    users = proposed.shop.users
    async with open_shop(proposed.shop) as opened:
        thread = thread_of(opened, proposed)
        answers = [
            await opened.call("Ada", "POST", path, json=approve),
            await opened.call("Root", "POST", path, json=approve),
            await opened.call("Grace", "POST", path, json=approve | {"digest": "0" * 64}),
            await opened.call("Ada", "POST", f"/threads/{thread}/runs/wait", json=resume),
        ]
        written = refusals(opened)
    assert [each.status_code for each in answers] == [403, 403, 409, 403]
    assert written == [
        (users["Ada"], proposed.approval_id, "not_authorised"),
        (users["Root"], proposed.approval_id, "not_authorised"),
        (users["Grace"], proposed.approval_id, "digest_changed"),
        (users["Ada"], proposed.approval_id, "not_authorised"),
    ]


@pytest.mark.promise
async def test_whoever_would_raise_what_was_proposed_is_written_down(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    limited = {"answer": "approve_limited", "digest": proposed.digest}
    edit = {"name": "launch_campaign", "args": {"budget_minor": 4_001}}
    resume = {"command": {"resume": {"decisions": [{"type": "edit", "edited_action": edit}]}}}
    async with open_shop(proposed.shop) as opened:
        thread = thread_of(opened, proposed)
        run = {"assistant_id": "propose", **resume}
        answers = [
            await opened.call("Grace", "POST", path, json=limited | {"limits": {"budget_minor": 0}}),
            await opened.call("Grace", "POST", path, json=limited | {"limits": {"budget_minor": 4_001}}),
            await opened.call("Grace", "POST", f"/threads/{thread}/runs/wait", json=run),
        ]
        written = refusals(opened)
    assert [(each.status_code, each.json()["error"]) for each in answers] == [(422, "limit")] * 3
    assert written == [(proposed.shop.users["Grace"], proposed.approval_id, "limit")] * 2


async def test_a_reason_of_blanks_or_invisible_characters_is_none(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    async with open_shop(proposed.shop) as opened:
        for answer in ("reject", "request_changes"):
            for comment in ("", "  \n", "\u200b", "\u2060\ufeff", "...", "\u00ad"):
                body = {"answer": answer, "digest": proposed.digest, "comment": comment}
                refused = await opened.call("Grace", "POST", path, json=body)
                assert (refused.status_code, refused.json()["error"]) == (422, "invalid_input"), repr(comment)
        shown = (await opened.call("Grace", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
    assert (shown["status"], shown["signatures"]) == ("pending", [])


def older_graph(opened: Opened) -> Any:
    """A graph whose waiting node has a name that ours does not have, over the checkpoints of the home."""

    async def sense(_: ProposeState) -> ProposeState:
        return {"status": "open"}

    async def sign_off(_: ProposeState) -> ProposeState:
        interrupt({"kind": "sign_off"})
        return {}

    builder = StateGraph(ProposeState)
    builder.add_node("sense", sense)
    builder.add_node("sign_off", sign_off)
    builder.add_edge(START, "sense")
    builder.add_edge("sense", "sign_off")
    builder.add_edge("sign_off", END)
    return builder.compile(checkpointer=opened.app.threads.graph.checkpointer)


@pytest.mark.promise
async def test_a_thread_left_at_a_node_that_was_renamed_is_refused_by_name_and_can_be_proposed_anew(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        threads, thread_id = opened.app.threads, thread_of(opened, proposed)
        state = await threads.state(thread_id)
        await older_graph(opened).ainvoke(state, config_of(thread_id), durability="sync")
        resume = {"assistant_id": "propose", "command": {"resume": {"decisions": [{"type": "approve"}]}}}
        refused = [
            await opened.call("Grace", "POST", f"/threads/{thread_id}/runs/wait", json=resume),
            await opened.call("Grace", "GET", f"/threads/{thread_id}/state"),
        ]
        for answer in refused:
            assert (answer.status_code, answer.json()["error"]) == (409, "unknown_node")
            assert "'sign_off'" in answer.json()["message"] and answer.json()["value"] == "sign_off"
        body = {"answer": "approve", "digest": proposed.digest}
        resolved = await opened.call(
            "Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body
        )
        assert resolved.status_code == 200
        for _ in range(2):
            with pytest.raises(UnknownNodeError, match="sign_off"):
                await threads.resume_approval(proposed.approval_id)
            with pytest.raises(UnknownNodeError, match="sign_off"):
                await threads.carry_on(thread_id, 1)
        assert refusals(opened) == [
            (proposed.shop.users["Grace"], thread_id, "unknown_node"),
            (proposed.shop.users["Grace"], thread_id, "unknown_node"),
            ("system", thread_id, "unknown_node"),
        ]
        listed = (await opened.call("Grace", "POST", "/threads/search", json={"ids": [thread_id]})).json()
        assert [thread["interrupts"] for thread in listed] == [{}]
        anew = {"text": BRIEF.replace("$40", "$30"), "campaign_id": proposed.campaign_id}
        again = await opened.call("Ada", "POST", "/v1/chat", json=anew)
        assert "event: proposal" in again.text
        with opened.app.database.read() as session:
            assert session.exec(select(Launch)).all() == []
            assert sorted(each.status for each in session.exec(select(Approval)).all()) == [
                "pending",
                "superseded",
            ]
