"""The same loop over HTTP, against a scripted server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agents.agent_run import AgentRun, Limits
from agents.agent_tool import ToolProblem
from agents.errors import (
    AgentLimitError,
    AgentTimeoutError,
    AnswerInvalidError,
    AnswerMissingError,
    ModelRefusedError,
    ModelReplyError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from agents.models.choice import ModelChoice
from agents.models.interface import ModelProvider, ModelSettings
from agents.relay import run_over_chain
from tests.agents.agent_example import CountAnswer, CountTask, counting_playbook, counting_tool
from tests.agents.replaying import scripted
from tests.fakes.openai_server import Call, OpenAIServer, Reply, serving

COUNT_ALL = Reply([Call("count_people", {"months": 0})])
COUNT_SIX = Reply([Call("count_people", {"months": 6})])
ANSWER = Reply([Call("CountAnswer", {"people": 70, "share": 0.7})])
WRONG = Reply([Call("CountAnswer", {"people": "many", "share": 7})])
TASK = CountTask(months=6)


@asynccontextmanager
async def provider_at(server: OpenAIServer, **settings: Any) -> AsyncIterator[ModelProvider]:
    provider = ModelProvider(scripted(server, **settings))
    try:
        yield provider
    finally:
        await provider.aclose()


async def run(provider: ModelProvider, **limits: Any) -> AgentRun[CountAnswer]:
    return await run_over_chain(
        agent="counter",
        models=provider,
        candidates=provider.candidates("counter", counting_playbook, TASK),
        prompt="Count people.",
        task=TASK,
        tools=[counting_tool()],
        answer=CountAnswer,
        limits=Limits.model_validate({"max_steps": 6, "repairs": 2, "timeout_s": 10, **limits}),
    )


async def test_tool_call_then_result_then_answer() -> None:
    with serving(COUNT_ALL, COUNT_SIX, ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    assert done.answer == CountAnswer(people=70, share=0.7)
    assert done.model_id == "openai-compatible/scripted"
    assert (done.steps, done.repairs, done.input_tokens, done.output_tokens) == (3, 0, 33, 21)
    assert [call.args for call in done.tool_calls] == [{"months": 0}, {"months": 6}]
    roles = [message["role"] for message in server.requests[2]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]
    assert server.requests[2]["messages"][2]["content"] == "", "some servers answer 500 to null"
    assert json.loads(server.requests[2]["messages"][5]["content"]) == {"people": 70, "months": 6}


async def test_request_holds_settings_task_tools_and_key() -> None:
    with serving(ANSWER) as server:
        async with provider_at(server, max_tokens=99, max_tokens_parameter="max_tokens") as provider:
            await run(provider)
    (request,) = server.requests
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("scripted", 0.0, 99)
    assert request["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in request["tools"]] == ["count_people", "CountAnswer"]
    assert json.loads(request["messages"][1]["content"]) == {"months": 6, "note": ""}
    assert "pattern" not in json.dumps(request["tools"])
    assert server.headers[0]["authorization"] == "Bearer sk-test"


async def test_several_tool_calls_of_one_turn_run_in_order() -> None:
    both = Reply([Call("count_people", {"months": 6}), Call("count_people", {"months": 0})])
    with serving(both, ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    assert [call.args for call in done.tool_calls] == [{"months": 6}, {"months": 0}]


async def test_malformed_answer_is_repaired() -> None:
    with serving(WRONG, ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    assert done.repairs == 1 and done.answer.people == 70
    told = server.requests[1]["messages"][-1]
    assert told["role"] == "tool"
    assert "people (int_parsing); share (less_than_equal)" in told["content"]
    assert "many" not in told["content"]


@pytest.mark.parametrize(
    "broken",
    [Reply(text="There are 70."), Reply([Call("CountAnswer", '{"people": 70,')])],
    ids=["prose", "broken JSON"],
)
async def test_turn_without_call_or_answer_is_repaired(broken: Reply) -> None:
    with serving(COUNT_SIX, broken, ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    assert (done.repairs, done.steps, done.answer.people) == (1, 3, 70)


@pytest.mark.parametrize(
    ("broken", "failure"),
    [
        (WRONG, AnswerInvalidError),
        (Reply([Call("CountAnswer", "{")]), AnswerInvalidError),
        (Reply([ANSWER.calls[0], ANSWER.calls[0]]), AnswerInvalidError),
        (Reply(text="There are 70."), AnswerMissingError),
        (Reply(text=""), AnswerMissingError),
    ],
    ids=["schema", "JSON", "two answers", "prose", "nothing"],
)
async def test_answer_still_malformed_after_the_repairs_is_a_failure(
    broken: Reply, failure: type[AnswerInvalidError]
) -> None:
    with serving(*[broken] * 9) as server:
        async with provider_at(server) as provider:
            with pytest.raises(failure) as caught:
                await run(provider, repairs=2)
    assert type(caught.value) is failure
    assert len(server.requests) == 3
    assert "70" not in str(caught.value)
    assert sum(entry["role"] == "ai" for entry in caught.value.trace) == 3


async def test_malformed_answer_beside_a_tool_call_does_not_end_the_run() -> None:
    with serving(Reply([*COUNT_SIX.calls, *WRONG.calls]), ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    assert done.repairs == 1 and len(done.tool_calls) == 1 and done.answer.people == 70


async def test_tool_that_does_not_exist_is_a_recorded_problem() -> None:
    with serving(Reply([Call("launch_campaign", {})]), ANSWER) as server:
        async with provider_at(server) as provider:
            done = await run(provider)
    (call,) = done.tool_calls
    assert call.name == "launch_campaign"
    assert isinstance(call.result, ToolProblem) and call.result.error == "unknown_tool"


async def test_model_that_only_calls_tools_stops_at_its_steps() -> None:
    with OpenAIServer(lambda request: COUNT_ALL) as server:
        async with provider_at(server) as provider:
            with pytest.raises(AgentLimitError):
                await run(provider, max_steps=4)
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_broken_or_busy_server_is_unavailable(status: int) -> None:
    with serving(Reply(status=status)) as server:
        async with provider_at(server) as provider:
            with pytest.raises(ModelUnavailableError, match=str(status)):
                await run(provider)


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_refused_request_is_no_outage(status: int) -> None:
    with serving(Reply(status=status)) as server:
        async with provider_at(server) as provider:
            with pytest.raises(ModelRefusedError, match=str(status)) as caught:
                await run(provider)
    assert "sk-test" not in str(caught.value) and caught.value.agent == "counter"


async def test_busy_server_is_asked_again_as_often_as_set() -> None:
    with serving(Reply(status=503), ANSWER) as server:
        async with provider_at(server, max_retries=1) as provider:
            assert (await run(provider)).answer.people == 70
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [b"<html>hello</html>", b"{}", b'{"choices": null}', b'{"choices": []}', b"[1, 2]", b'"text"'],
)
async def test_reply_that_is_no_chat_completion_is_a_failure(body: bytes) -> None:
    with serving(Reply(body=body)) as server:
        async with provider_at(server) as provider:
            with pytest.raises(ModelReplyError):
                await run(provider)


async def test_server_that_is_not_there_is_unavailable() -> None:
    with serving() as server:
        address = server.base_url
    settings = ModelSettings.model_validate(
        {"use": "openai:scripted", "base_url": address, "max_retries": 0, "answer_method": "tool_call"}
    )
    provider = ModelProvider(settings)
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await run(provider)
    await provider.aclose()


async def test_slow_call_is_a_time_out_of_the_model() -> None:
    with serving(Reply(delay_s=3)) as server:
        async with provider_at(server, timeout_s=0.15) as provider:
            with pytest.raises(ModelTimeoutError, match=r"0\.15 s"):
                await run(provider)


async def test_slow_run_is_a_time_out_of_the_agent() -> None:
    with serving(Reply(delay_s=3)) as server:
        async with provider_at(server) as provider:
            with pytest.raises(AgentTimeoutError, match=r"0\.15 s"):
                await run(provider, timeout_s=0.15)


@pytest.mark.parametrize("method", ["json_schema", "json_object", "plain"])
async def test_tools_and_answers_work_as_json_where_a_server_has_no_tools(method: str) -> None:
    count = json.dumps({"tool": "count_people", "arguments": {"months": 6}})
    wrong = json.dumps({"tool": "CountAnswer", "arguments": {"people": "many", "share": 1}})
    right = json.dumps({"tool": "CountAnswer", "arguments": {"people": 70, "share": 0.7}})
    with serving(*(Reply(text=f"Sure: ```json\n{text}\n```") for text in (count, wrong, right))) as server:
        async with provider_at(server, answer_method=method) as provider:
            done = await run(provider)
    assert (done.repairs, done.answer, len(done.tool_calls)) == (1, CountAnswer(people=70, share=0.7), 1)
    assert not any("tools" in request for request in server.requests)
    formats = {request.get("response_format", {}).get("type", "plain") for request in server.requests}
    assert formats == {method}
    assert "people (int_parsing)" in server.requests[2]["messages"][-1]["content"]


async def test_streamed_reply_adds_up_with_its_usage() -> None:
    with serving(COUNT_SIX) as server:
        async with provider_at(server) as provider:
            model = await provider.candidates("counter", counting_playbook, TASK)[0].build()
            parts = [part async for part in model.astream("count", stream_usage=True)]
    whole = sum(parts[1:], start=parts[0])
    assert whole.tool_calls[0]["args"] == {"months": 6}
    assert whole.usage_metadata["total_tokens"] == 18
    assert server.requests[0]["stream"] is True


async def test_one_client_serves_all_runs_of_an_event_loop() -> None:
    with serving(ANSWER, ANSWER) as server:
        async with provider_at(server) as provider:
            models = [provider._models().model(ModelChoice(name="scripted")) for _ in range(2)]
            assert models[0].http_async_client is models[1].http_async_client
            await run(provider)
            await run(provider)
    assert len(server.requests) == 2


def test_one_provider_serves_one_event_loop_after_another() -> None:
    async def once(provider: ModelProvider) -> int:
        try:
            return (await run(provider)).answer.people
        finally:
            await provider.aclose()

    with serving(ANSWER, ANSWER) as server:
        provider = ModelProvider(scripted(server))
        assert [asyncio.run(once(provider)) for _ in range(2)] == [70, 70]
