"""The stub answers every agent over HTTP as the embedded rules do, in each way that a server may be asked."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import httpx
import pytest

from agents.agent_tool import ToolProblem, canonical_json
from agents.analyst.agent import AnalyseTask
from agents.models.settings import AnswerMethod
from agents.planner.heard import HearTask
from agents.planner.parser import read_brief
from evals.harness.case import Case
from evals.harness.record import Run
from evals.harness.runner import run_suites
from evals.harness.suite import read_suite
from evals.models.stub import STUB_MODEL, STUB_NOTE, StubServer, hear_by_rules, heard_of, stub_reply
from evals.registry import Workshop
from evals.running import Chosen, meta_of
from evals.worlds.agent_cases import cost_cases

OFFLINE = Chosen("offline")
GUIDANCE = Case(id="g", kind="agent", text="Tone: warm", data={"agent": "guidance"})
METHODS = ["auto", "tool_call", "named_tool_call", "json_schema", "json_object", "plain"]
TEXT = "Win back customers in Berlin who have not bought for 6 months by e-mail, $2,000, 1-14 December."


async def made_by(chosen: Chosen, suite: str, cases: list[Case]) -> Run:
    workshop = Workshop(chosen.provider())
    try:
        planned = workshop.plan(read_suite(suite), cases)
        return await run_suites([planned], meta_of(chosen, "release", 1), epochs=1)
    finally:
        await workshop.aclose()


@pytest.mark.parametrize("method", METHODS)
async def test_every_agent_is_answered_as_the_embedded_rules_answer_it(method: AnswerMethod) -> None:
    cases = [*cost_cases()[:6], GUIDANCE.model_copy(update={"expected": {"turns": 1, "calls": 0}})]
    with StubServer() as server:
        served = await made_by(
            Chosen(f"openai:{STUB_MODEL}", server.base_url, method=method), "cost_latency", cases
        )
    offline = await made_by(OFFLINE, "cost_latency", cases)
    for one, other in zip(served.scored, offline.scored, strict=True):
        assert one.result.error is None, one.result.error
        assert one.result.output == other.result.output
        assert one.result.steps == other.result.steps
        assert one.result.input_tokens > 0 < one.result.output_tokens


def test_where_the_rules_cannot_go_on_the_stub_declines() -> None:
    asked = {"id": "call_1_0", "function": {"name": "read_readout", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": canonical_json(AnalyseTask(objective="Win them back", final=True))},
        {"role": "assistant", "content": "", "tool_calls": [asked]},
        {
            "role": "tool",
            "tool_call_id": "call_1_0",
            "content": canonical_json(ToolProblem(error="gone", message="No readout.")),
        },
    ]
    reply = stub_reply({"model": STUB_MODEL, "messages": messages})
    assert (reply.refusal, reply.calls, reply.text) == ("read_readout refuses: No readout.", (), None)


def test_what_the_rules_read_is_heard_with_its_words() -> None:
    task = HearTask(text=TEXT, today=date(2026, 11, 21), currency="USD")
    heard = heard_of(read_brief(TEXT, today=task.today, home_currency="USD"), TEXT)
    assert heard.objective is not None and heard.objective.code == "winback"
    assert heard.budget is not None and (heard.budget.amount, heard.budget.quote) == (2000, "$2,000")
    assert {one.key for one in heard.audience} == {"days_since_purchase_min", "city"}
    assert all(one.quote in TEXT for one in (*heard.audience, *heard.channels))
    nothing = hear_by_rules(task.model_copy(update={"text": " "}), ())
    assert "winback" not in repr(nothing)


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": '{"a": 1}'}],
        [{"role": "user", "content": '{"passages": 7}'}],
        [{"role": "user", "content": json.dumps({"text": "x", "today": "soon", "currency": ""})}],
    ],
)
def test_what_is_no_task_of_an_agent_is_refused(messages: list[dict[str, Any]]) -> None:
    assert stub_reply({"model": STUB_MODEL, "messages": messages}).status == 400


def test_the_server_says_what_it_is_and_refuses_what_it_does_not_know() -> None:
    with StubServer() as server:
        assert httpx.get(f"{server.base_url}/models").json()["data"][0]["id"] == STUB_MODEL
        assert httpx.get(f"{server.base_url}/else").status_code == 404
        assert httpx.post(f"{server.base_url}/embeddings", json={}).status_code == 404
        completions = f"{server.base_url}/chat/completions"
        assert httpx.post(completions, content=b"nothing").status_code == 400
        assert httpx.post(completions, json={"model": STUB_MODEL}).status_code == 400
        asked = {"model": STUB_MODEL, "messages": [{"role": "user", "content": "Are you ready?"}]}
        said = httpx.post(completions, json=asked).json()
    assert json.loads(said["choices"][0]["message"]["content"]) == {"ready": True}
    assert said["system_fingerprint"] == STUB_NOTE
