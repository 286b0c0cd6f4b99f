"""What clients send and nobody takes: each is refused in words, written down, and leaves the thread as it was."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import select

from store.tables import Launch, Signature
from tests.api.langgraph_server.conftest import GRAPH, Served, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
APPROVE: dict[str, Any] = {"decisions": [{"type": "approve"}]}
CHECKPOINT = {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1ef4a9b8-e6fb-67b1-8001-abd5184439d1"}


def run(**options: Any) -> dict[str, Any]:
    return {"assistant_id": GRAPH, "command": {"resume": APPROVE}, **options}


def resuming(resume: Any) -> dict[str, Any]:
    return run(command={"resume": resume})


FORGED = {
    "resume is null": (resuming(None), "resume_missing"),
    "no resume": (run(command={}), "resume_missing"),
    "an approval id": (resuming({"approval_id": "01M7"}), "unknown_interrupt"),
    "true": (resuming(True), "forged_answer"),
    "words": (resuming("approved"), "forged_answer"),
    "an empty object": (resuming({}), "forged_answer"),
    "an empty list": (resuming([]), "forged_answer"),
    "a decision outside its list": (resuming({"type": "approve"}), "forged_answer"),
    "two decisions": (resuming({"decisions": [{"type": "approve"}, {"type": "approve"}]}), "forged_answer"),
    "no decision": (resuming({"decisions": []}), "forged_answer"),
    "decisions and more": (resuming({**APPROVE, "status": "approved"}), "forged_answer"),
    "an unknown decision": (resuming({"decisions": [{"type": "launch"}]}), "forged_answer"),
    "a decision of no type": (resuming([{"args": None}]), "forged_answer"),
    "another interrupt": (resuming({"0" * 32: {"type": "approve"}}), "unknown_interrupt"),
    "another digest": (
        resuming([{"type": "accept", "args": {"action": "launch_campaign", "args": {"digest": "0" * 64}}}]),
        "forged_answer",
    ),
    "another action": (
        resuming([{"type": "accept", "args": {"action": "send_all", "args": {}}}]),
        "forged_answer",
    ),
    "an edit of the audience": (
        resuming([{"type": "edit", "args": {"action": "launch_campaign", "args": {"audience": "all"}}}]),
        "forged_answer",
    ),
    "an old checkpoint": (run(checkpoint=CHECKPOINT), "old_checkpoint"),
    "an old checkpoint id": (run(checkpoint_id=CHECKPOINT["checkpoint_id"]), "old_checkpoint"),
    "an old checkpoint in the config": (
        run(config={"configurable": {"checkpoint_id": "1ef4a9b8"}}),
        "old_checkpoint",
    ),
    "another author in the config": (run(config={"configurable": {"author_id": "x"}}), "run_option"),
    "an update": (run(command={"update": {"status": "approved"}}), "command"),
    "a jump": (run(command={"goto": "launch"}), "command"),
    "a jump beside an answer": (run(command={"goto": "launch", "resume": APPROVE}), "command"),
    "an unknown assistant": (run(assistant_id="launch"), "unknown_assistant"),
    "rollback": (run(multitask_strategy="rollback"), "multitask"),
    "enqueue": (run(multitask_strategy="enqueue"), "multitask"),
    "a stop before a node": (run(interrupt_before=["verify_approval"]), "run_option"),
    "a webhook": (run(webhook="http://127.0.0.1/"), "run_option"),
    "a run later": (run(after_seconds=60), "run_option"),
    "a run with nothing": ({"assistant_id": GRAPH}, "run_option"),
    "both input and command": (run(input={"text": "x"}), "run_option"),
    "new input": ({"assistant_id": GRAPH, "input": {"text": "Sell more hats"}}, "thread_waits"),
    "state as input": (
        {"assistant_id": GRAPH, "input": {"text": "x", "status": "approved"}},
        "forged_input",
    ),
    "no words": ({"assistant_id": GRAPH, "input": {"messages": []}}, "forged_input"),
}
STATES = {
    "values": ({"values": {"status": "approved"}}, "state_edit"),
    "as a node": ({"values": {"status": "approved"}, "as_node": "verify_approval"}, "state_edit"),
    "an end with values": ({"values": {"status": "launched"}, "as_node": "__end__"}, "state_edit"),
    "nothing": ({"values": None}, "state_edit"),
    "at a checkpoint": ({"values": None, "as_node": "__end__", "checkpoint": CHECKPOINT}, "old_checkpoint"),
}


async def posted(served: Served, path: str, body: Any, who: str = "Grace") -> httpx.Response:
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as plain:
        return await plain.post(path, json=body, headers={"x-api-key": served.shop.keys[who]})


@pytest.mark.promise
async def test_nothing_forged_is_taken_and_each_try_is_written_down(served: Served) -> None:
    thread_id = await served.ask()
    grace, before = served.shop.users["Grace"], await served.interrupt(thread_id)
    expected = []
    elsewhere = [(way, name) for way in ("runs", "runs/stream") for name in ("resume is null", "new input")]
    for way, name in [("runs/wait", name) for name in FORGED] + elsewhere:
        body, reason = FORGED[name]
        answer = await posted(served, f"/threads/{thread_id}/{way}", body)
        assert 400 <= answer.status_code < 500, (name, answer.text)
        assert (answer.json()["error"], len(answer.json()["message"]) > 10) == (reason, True), name
        expected.append((grace, reason))
    for name, (body, reason) in STATES.items():
        answer = await posted(served, f"/threads/{thread_id}/state", body)
        assert (answer.status_code, answer.json()["error"]) == (422, reason), name
        expected.append((grace, reason))
    with refused(422):
        await served.client("Grace").threads.get_state(thread_id, checkpoint_id="1ef4a9b8")
    with refused(422):
        await served.client("Grace").threads.get_state(thread_id, checkpoint=CHECKPOINT)  # type: ignore[arg-type]
    expected += [(grace, "old_checkpoint")] * 2
    assert served.refusals(thread_id) == expected
    assert await served.interrupt(thread_id) == before
    assert served.approval(thread_id).status == "pending"
    with served.app.database.read() as session:
        assert session.exec(select(Signature)).all() == session.exec(select(Launch)).all() == []
    assert served.app.audit.verify(served.app.database, served.shop.workspace_id).problems == ()


@pytest.mark.parametrize(
    "thread_id", ["01M7XNOBODYKNOWSTHISTHREAD", "ann@shop.example", "x" * 500, "..", "t;DROP TABLE campaigns"]
)
async def test_an_unknown_thread_is_named_in_the_answer_and_written_down_as_far_as_it_can_be_an_id(
    served: Served, thread_id: str
) -> None:
    known = "an id that cannot be one"
    subject = thread_id if thread_id.isalnum() and len(thread_id) < 100 else known
    before = len(served.refusals(subject))
    with refused(404):
        await served.client("Grace").runs.create(thread_id, GRAPH, command={"resume": APPROVE})
    with refused(404):
        await served.client("Grace").threads.update_state(thread_id, None, as_node="__end__")
    with refused(404):
        await served.client("Grace").threads.get(thread_id)
    assert served.refusals(subject)[before:] == [(served.shop.users["Grace"], "not_found")] * 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/threads", {"thread_id": "mine"}),
        ("/threads", {"metadata": {"customer": "ann"}}),
        ("/threads", {"metadata": {"graph_id": "another"}}),
        ("/threads", {"supersteps": [{"updates": []}]}),
        ("/threads", {"author_id": "x"}),
        ("/threads/search", {"limit": 0}),
        ("/threads/search", {"limit": 101}),
        ("/threads/search", {"offset": -1}),
        ("/threads/search", {"status": "approved"}),
        ("/threads/search", {"sort_by": "digest"}),
        ("/threads/search", {"metadata": {"author": "Ada"}}),
        ("/threads/search", {"values": {"status": "open"}}),
        ("/runs/wait", {"assistant_id": GRAPH, "input": {"text": ""}}),
        ("/runs/wait", {"assistant_id": GRAPH, "input": {"text": "x" * 9_000}}),
        ("/runs/wait", {"assistant_id": GRAPH, "input": {"text": "write to ann@shop.example"}}),
        ("/runs/stream", {"assistant_id": GRAPH, "command": {"resume": APPROVE}}),
        ("/runs/stream", {"assistant_id": GRAPH, "input": {"text": "x"}, "stream_mode": "secrets"}),
        ("/runs/stream", {"input": {"text": "x"}}),
        ("/assistants/search", {"limit": 0}),
    ],
)
async def test_a_request_that_breaks_a_rule_says_which(served: Served, path: str, body: Any) -> None:
    answer = await posted(served, path, body, "Ada")
    assert answer.status_code == 422, answer.text
    assert len(answer.json()["message"]) > 10


async def test_an_approver_without_the_right_to_chat_begins_nothing(served: Served) -> None:
    thread = await served.client("Ada").threads.create()
    async with served.newcomer("legal") as lex:
        with refused(403):
            await lex.runs.wait(thread["thread_id"], GRAPH, input={"text": "Sell more hats"})
