"""Threads as LangGraph clients find and read them, and the one change of a state that is taken."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from langgraph_sdk import get_client

from store.tables import Campaign, Proposal
from tests.api.langgraph_server.conftest import GRAPH, Served, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pending(served: Served) -> str:
    """A thread before its approvers, which tests of this module only look at."""
    return await served.ask()


async def test_an_interrupted_thread_shows_what_agent_inbox_reads(served: Served, pending: str) -> None:
    thread_id = pending
    grace = served.client("Grace")
    (thread,) = await grace.threads.search(
        metadata={"graph_id": GRAPH}, status="interrupted", ids=[thread_id]
    )
    ((task_id, (waiting,)),) = thread["interrupts"].items()
    state = await grace.threads.get_state(thread_id)
    assert [(task["id"], task["name"]) for task in state["tasks"]] == [(task_id, "approve")]
    assert state["tasks"][0]["interrupts"] == state["interrupts"] == [waiting]
    assert state["next"] == ["approve"]
    value, approval = waiting["value"], served.approval(thread_id)
    (request,), (review,) = value["action_requests"], value["review_configs"]
    assert request["args"] == request["arguments"] == value["action_request"]["args"]
    assert (request["args"]["approval_id"], request["args"]["digest"]) == (
        approval.approval_id,
        approval.digest,
    )
    assert request["name"] == review["action_name"] == value["action_request"]["action"] == "launch_campaign"
    assert review["allowed_decisions"] == ["approve", "edit", "reject", "respond"]
    assert set(value["config"].values()) == {True} and len(value["config"]) == 4
    words_shown = value["description"]
    for words in (
        "Bring back customers",
        "180 days or more days before 2026-12-01",
        "USD 40.00",
        approval.digest,
        "**Message mens_merchandise** (email): ",
        "visits ",
        "**Risk:** medium (",
        "**Signatures missing:** campaign manager or marketing leader",
        f"countersign approvals show {approval.approval_id}",
    ):
        assert words in request["description"] == words_shown
    assert "{figure:" not in words_shown
    assert thread["metadata"]["graph_id"] == GRAPH and thread["values"]["status"] == "open"
    everything = json.dumps(
        [thread, state, await grace.threads.get_history(thread_id, limit=50)], default=str
    )
    assert "@" not in everything and "customer-" not in everything


async def test_threads_are_found_by_status_in_pages_and_sorted(served: Served) -> None:
    ada = served.client("Ada")
    made = [(await ada.threads.create())["thread_id"] for _ in range(3)]
    idle = await ada.threads.search(ids=made, status="idle", sort_by="thread_id", sort_order="asc", limit=2)
    assert [thread["thread_id"] for thread in idle] == sorted(made)[:2]
    rest = await ada.threads.search(ids=made, sort_by="thread_id", sort_order="asc", limit=2, offset=2)
    assert [thread["thread_id"] for thread in rest] == sorted(made)[2:]
    assert await ada.threads.search(ids=made, status="interrupted") == []
    assert await ada.threads.search(metadata={"graph_id": "another"}) == []
    (short,) = await ada.threads.search(ids=made[:1], select=["thread_id", "status"])
    assert short == {"thread_id": made[0], "status": "idle"}


async def test_a_client_may_name_its_thread_by_a_uuid_once(served: Served) -> None:
    ada, name = served.client("Ada"), str(uuid.uuid4())
    assert (await ada.threads.create(thread_id=name))["thread_id"] == name
    assert (await ada.threads.create(thread_id=name, if_exists="do_nothing"))["thread_id"] == name
    with refused(409):
        await ada.threads.create(thread_id=name)


async def test_the_history_can_be_read_and_only_the_last_step_waits(served: Served, pending: str) -> None:
    thread_id = pending
    steps = await served.client("Grace").threads.get_history(thread_id, limit=50)
    assert [step["next"] for step in steps][:2] == [["approve"], ["freeze_proposal"]]
    assert [len(step["interrupts"]) for step in steps] == [1] + [0] * (len(steps) - 1)
    before = steps[1]["checkpoint"]["checkpoint_id"]
    assert (await served.client("Grace").threads.get_history(thread_id, before=before, limit=1))[0] == steps[
        2
    ]


@pytest.mark.promise
async def test_threads_of_another_workspace_do_not_exist(served: Served, pending: str) -> None:
    thread_id = pending
    async with served.newcomer("campaign_manager", elsewhere=True) as eve:
        assert await eve.threads.search() == []
        approve: Any = {"resume": {"decisions": [{"type": "approve"}]}}
        calls: tuple[Callable[[], Awaitable[Any]], ...] = (
            lambda: eve.threads.get(thread_id),
            lambda: eve.threads.get_state(thread_id),
            lambda: eve.threads.get_history(thread_id),
            lambda: eve.threads.update_state(thread_id, None, as_node="__end__"),
            lambda: eve.runs.wait(thread_id, GRAPH, input={"text": "hello"}),
            lambda: eve.runs.create(thread_id, GRAPH, command=approve),
        )
        for call in calls:
            with refused(404):
                await call()
    assert served.approval(thread_id).status == "pending"


@pytest.mark.promise
async def test_ending_a_waiting_thread_takes_its_proposal_back_and_nobody_can_answer_it_then(
    served: Served,
) -> None:
    thread_id = await served.ask()
    grace = served.client("Grace")
    done = await served.client("Ada").threads.update_state(thread_id, None, as_node="__end__")
    state = await grace.threads.get_state(thread_id)
    assert done["checkpoint"]["checkpoint_id"] == state["checkpoint"]["checkpoint_id"]
    assert (state["next"], state["tasks"], state["values"]["status"]) == ([], [], "revoked")
    approval = served.approval(thread_id)
    with served.app.database.read() as session:
        proposal = session.get_one(Proposal, approval.proposal_id)
        campaign = session.get_one(Campaign, proposal.campaign_id)
    assert (approval.status, proposal.status, campaign.state) == ("revoked", "revoked", "draft")
    with refused(409):
        await served.answer("Grace", thread_id, {"decisions": [{"type": "approve"}]})
    with refused(409):
        await served.client("Ada").threads.update_state(thread_id, None, as_node="__end__")
    verified = served.app.audit.verify(served.app.database, served.shop.workspace_id)
    assert verified.problems == ()


async def test_the_server_says_what_it_is_and_which_assistant_it_has(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as plain:
        assert (await plain.get("/ok")).json() == {"ok": True}
        assert (await plain.get("/info")).json()["flags"]["strict_resume"] is True
        assert (await plain.post("/threads/search", json={})).status_code == 401
    (assistant,) = await served.client("Grace").assistants.search(graph_id=GRAPH)
    assert assistant["graph_id"] == GRAPH
    thread_id = await served.ask_vaguely()
    found = await served.client("Grace").threads.search(
        metadata={"assistant_id": assistant["assistant_id"]}, ids=[thread_id]
    )
    assert [thread["thread_id"] for thread in found] == [thread_id]
    async with get_client(url=served.url, api_key="cs_wrong") as nobody:
        with refused(401):
            await nobody.threads.search()


async def test_a_viewer_without_the_right_to_edit_takes_nothing_back(served: Served, pending: str) -> None:
    thread_id = pending
    async with served.newcomer("legal") as lex:
        with refused(403):
            await lex.threads.update_state(thread_id, None, as_node="__end__")
    assert served.approval(thread_id).status == "pending"
