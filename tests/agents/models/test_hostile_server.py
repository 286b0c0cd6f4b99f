"""A server that misbehaves in every way it can: each way ends in a typed outcome, within a bounded number of requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.agent_run import AgentRun, Limits, ProgressEvent
from agents.errors import (
    AgentError,
    AgentLimitError,
    AnswerInvalidError,
    AnswerMissingError,
    ModelDeclinedError,
    ModelRefusedError,
    ModelReplyError,
    ModelTimeoutError,
    ModelUnavailableError,
    ReplyTooLongError,
)
from agents.models.interface import ModelProvider
from agents.models.offline import OFFLINE_MODEL_ID
from agents.models.prices import ModelPrice
from agents.relay import run_over_chain
from tests.agents.agent_example import CountAnswer, CountTask, counting_playbook, counting_tool
from tests.agents.replaying import scripted
from tests.fakes.openai_server import Call, OpenAIServer, Reply

TASK = CountTask(months=6)
ANSWER = Reply([Call("CountAnswer", {"people": 70, "share": 0.7})])
COUNT = Reply([Call("count_people", {"months": 0})])
LIMITS = {"max_steps": 6, "max_tool_calls": 8, "repairs": 2, "timeout_s": 60}
RETRIES = 2
Script = Reply | Sequence[Reply] | Callable[[dict[str, Any]], Reply]


async def run(
    server: OpenAIServer,
    use: str = "openai:scripted",
    *,
    heard: list[ProgressEvent] | None = None,
    prices: dict[str, ModelPrice] | None = None,
    limits: dict[str, Any] | None = None,
    **settings: Any,
) -> AgentRun[CountAnswer]:
    given = {"max_retries": RETRIES, "timeout_s": 10, "max_reply_bytes": 100_000, **settings}
    provider = ModelProvider(scripted(server, use, **given), prices)
    try:
        return await run_over_chain(
            agent="counter",
            models=provider,
            candidates=provider.candidates("counter", counting_playbook, TASK),
            prompt="Count people.",
            task=TASK,
            tools=[counting_tool()],
            answer=CountAnswer,
            limits=Limits.model_validate({**LIMITS, **(limits or {})}),
            on_progress=None if heard is None else heard.append,
        )
    finally:
        await provider.aclose()


@dataclass(frozen=True)
class Hostile:
    """What the server does, always; how the run ends; how often it was asked."""

    reply: Script
    outcome: type[AgentError]
    requests: int
    settings: dict[str, Any] = field(default_factory=dict)


def completion(message: object, **more: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], **more}
    ).encode()


STREAM = {"stream": True}
QUICK = {"timeout_s": 0.3}
NESTED = '{"months": ' + "[" * 100_000 + "]" * 100_000 + "}"
HOSTILE = {
    "slow": Hostile(Reply(delay_s=5), ModelTimeoutError, 1, QUICK),
    "dripping": Hostile(Reply(text="x" * 900, drip_s=0.02), ModelTimeoutError, 1, QUICK),
    "dripping stream": Hostile(Reply(text="x" * 900, drip_s=0.02), ModelTimeoutError, 1, {**QUICK, **STREAM}),
    "dropped before its end": Hostile(Reply(text="hello", drop_after=20), ModelUnavailableError, 1 + RETRIES),
    "dropped at once": Hostile(Reply(text="hello", drop_after=0), ModelUnavailableError, 1 + RETRIES),
    "dropped stream": Hostile(Reply(text="hello", drop_after=250), ModelUnavailableError, 1 + RETRIES, STREAM),
    "stream cut between events": Hostile(
        Reply(body=b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n',
              headers=[("x-scripted", "1")]), ModelReplyError, 1),
    "endless stream": Hostile(Reply(text="x" * 500, endless=True), ReplyTooLongError, 1, STREAM),
    "huge answer": Hostile(Reply(text="x" * 300_000), ReplyTooLongError, 1),
    "huge stream": Hostile(Reply(text="x" * 300_000), ReplyTooLongError, 1, STREAM),
    "compressed answer": Hostile(
        Reply(body=gzip.compress(completion({"role": "assistant", "content": "x" * 9_000_000})),
              headers=[("content-encoding", "gzip")]), ModelReplyError, 1),
    "busy": Hostile(Reply(status=429), ModelUnavailableError, 1 + RETRIES),
    "broken": Hostile(Reply(status=500), ModelUnavailableError, 1 + RETRIES),
    "broken with a page": Hostile(Reply(status=502, body=b"<html>bad gateway</html>"), ModelUnavailableError, 1 + RETRIES),
    "refuses the key": Hostile(Reply(status=401), ModelRefusedError, 1),
    "does not know the model": Hostile(Reply(status=404), ModelRefusedError, 1),
    "in conflict": Hostile(Reply(status=409), ModelRefusedError, 1),
    "redirects": Hostile(
        Reply(status=307, headers=[("location", "http://127.0.0.1:9/v1/chat/completions")]), ModelRefusedError, 1),
    "not JSON": Hostile(Reply(body=b'{"choices": [{'), ModelReplyError, 1),
    "JSON that is no completion": Hostile(Reply(body=b'{"choices": [{"message": 7}]}'), ModelReplyError, 1),
    "choices of a wrong type": Hostile(Reply(body=b'{"choices": "none"}'), ModelReplyError, 1),
    "tool calls of a wrong type": Hostile(
        Reply(body=completion({"role": "assistant", "content": None, "tool_calls": "all"})), ModelReplyError, 1),
    "usage of a wrong type": Hostile(
        Reply(body=completion({"role": "assistant", "content": "hi"}, usage="much")), ModelReplyError, 1),
    "arguments nested without end": Hostile(Reply([Call("count_people", NESTED)]), AnswerInvalidError, 3, {"max_reply_bytes": 900_000}),
    "refusal": Hostile(Reply(refusal="I cannot help with that."), ModelDeclinedError, 1),
    "content filter": Hostile(Reply(text="", finish="content_filter"), ModelDeclinedError, 1),
    "prose": Hostile(Reply(text="There are many."), AnswerMissingError, 3),
    "silence": Hostile(Reply(text=""), AnswerMissingError, 3),
    "answer of wrong types": Hostile(Reply([Call("CountAnswer", {"people": "many"})]), AnswerInvalidError, 3),
    "answer that is a list": Hostile(Reply([Call("CountAnswer", "[1, 2]")]), ModelReplyError, 1),
    "answer of no numbers": Hostile(Reply([Call("CountAnswer", '{"people": NaN, "share": Infinity}')]), AnswerInvalidError, 3),
    "half characters": Hostile(Reply([Call("CountAnswer", '{"people": "\\ud800", "share": "\\u0000"}')]), AnswerInvalidError, 3),
    "cut off arguments": Hostile(Reply([Call("CountAnswer", '{"people": 7')], finish="length"), AnswerInvalidError, 3),
    "unknown tools": Hostile(Reply([Call("launch_campaign", {"now": True})]), AgentLimitError, 6),
    "endless loop": Hostile(COUNT, AgentLimitError, 6),
    "a thousand calls in a turn": Hostile(Reply([COUNT.calls[0]] * 1000), AgentLimitError, 1, {"max_reply_bytes": 900_000}),
    "wrong arguments for ever": Hostile(Reply([Call("count_people", {"months": -1})]), AgentLimitError, 6),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_it_ends_in_a_typed_outcome_within_its_limit(name: str) -> None:
    hostile = HOSTILE[name]
    with OpenAIServer(lambda _: hostile.reply) as server, pytest.raises(AgentError) as caught:
        await run(server, **hostile.settings)
    assert type(caught.value) is hostile.outcome, str(caught.value)
    assert len(server.requests) == hostile.requests
    assert caught.value.agent == "counter" and caught.value.failed[-1].code == hostile.outcome.code
    json.dumps(caught.value.trace, allow_nan=False).encode()  # the trace can be kept, whatever was sent


@pytest.mark.parametrize(
    "name", ["slow", "dropped stream", "broken", "not JSON", "refusal", "silence", "endless loop"]
)
async def test_the_embedded_rules_take_over_where_the_chain_says_so(name: str) -> None:
    hostile = HOSTILE[name]
    heard: list[ProgressEvent] = []
    with OpenAIServer(lambda _: hostile.reply) as server:
        done = await run(server, "openai:scripted, offline", heard=heard, **hostile.settings)
    assert (done.answer, done.model_id) == (CountAnswer(people=70, share=0.7), OFFLINE_MODEL_ID)
    (failed,) = done.failed
    assert (failed.model_id, failed.code) == ("openai-compatible/scripted", hostile.outcome.code)
    assert len(server.requests) == hostile.requests
    told = [event for event in heard if event.kind == "fallback"]
    assert [(event.model, event.detail) for event in told] == [(failed.model_id, failed.code)]
    assert heard[-1].model == OFFLINE_MODEL_ID


async def test_the_second_model_of_a_chain_writes_what_the_first_could_not() -> None:
    def answer(request: dict[str, Any]) -> Reply:
        return Reply(status=503) if request["model"] == "first" else ANSWER

    with OpenAIServer(answer) as server:
        done = await run(server, "openai:first, openai:second, offline", max_retries=0)
    assert done.model_id == "openai-compatible/second"
    assert [(each.model_id, each.code) for each in done.failed] == [
        ("openai-compatible/first", "model_unavailable")
    ]
    assert [request["model"] for request in server.requests] == ["first", "second"]


async def test_a_server_that_was_gone_is_left_alone_for_a_minute() -> None:
    now = [0.0]
    with OpenAIServer(lambda _: Reply(status=503)) as server:
        provider = ModelProvider(scripted(server, "openai:scripted, offline"), timer=lambda: now[0])
        for seconds, asked in ((0.0, 1), (59.0, 1), (61.0, 2)):
            now[0] = seconds
            done = await run_over_chain(
                agent="counter", models=provider, candidates=provider.candidates("counter", counting_playbook, TASK),
                prompt="Count.", task=TASK, tools=[counting_tool()], answer=CountAnswer, limits=Limits(),
            )  # fmt: skip
            assert [each.code for each in done.failed] == ["model_unavailable"]
            assert len(server.requests) == asked
        await provider.aclose()


async def test_a_busy_server_is_asked_again_and_says_so() -> None:
    heard: list[ProgressEvent] = []
    with OpenAIServer(
        [Reply(status=429, headers=[("retry-after", "0")]), Reply(status=500), ANSWER]
    ) as server:
        done = await run(server, heard=heard)
    assert done.answer.people == 70 and not done.failed
    assert [event.kind for event in heard] == ["started", "retry", "retry", "answered"]


async def test_a_stream_that_dropped_is_asked_for_again() -> None:
    with OpenAIServer([Reply(text="hello", drop_after=250), ANSWER]) as server:
        assert (await run(server, **STREAM)).answer.people == 70
    assert len(server.requests) == 2


async def test_steps_tools_and_tokens_are_told_as_they_come() -> None:
    heard: list[ProgressEvent] = []
    with OpenAIServer([COUNT, Reply(text="Let me see. ", calls=ANSWER.calls)]) as server:
        done = await run(server, heard=heard, **STREAM)
    kinds = [event.kind for event in heard]
    assert kinds[0] == "started" and kinds[-1] == "answered"
    assert kinds.index("tokens") < kinds.index("tool_called") < kinds.index("tool_answered")
    written = "".join(event.detail or "" for event in heard if event.kind == "tokens")
    assert '{"months": 0}' in written and "Let me see. " in written and '"share": 0.7' in written
    assert (done.input_tokens, done.output_tokens) == (22, 14)


async def test_tokens_are_told_of_a_model_without_tools_too() -> None:
    heard: list[ProgressEvent] = []
    turn = json.dumps({"tool": "CountAnswer", "arguments": {"people": 70, "share": 0.7}})
    with OpenAIServer([Reply(text=turn)]) as server:
        await run(server, heard=heard, answer_method="json_object", **STREAM)
    assert "".join(event.detail or "" for event in heard if event.kind == "tokens") == turn


async def test_tokens_are_limited() -> None:
    expected = pytest.raises(AgentLimitError, match="1200 tokens, 1000 are allowed")
    with OpenAIServer(lambda _: Reply(COUNT.calls, usage=(400, 200))) as server, expected:
        await run(server, limits={"max_tokens": 1000})
    assert len(server.requests) == 2


async def test_money_is_limited_where_a_price_is_declared() -> None:
    prices = {"scripted": ModelPrice.model_validate({"input": "1000", "output": "2000"})}
    expected = pytest.raises(AgentLimitError, match=r"cost 1\.6, 1\.5 are allowed")
    with OpenAIServer(lambda _: Reply(COUNT.calls, usage=(400, 200))) as server, expected:
        await run(server, prices=prices, limits={"max_cost": "1.5"})
    assert len(server.requests) == 2


async def test_usage_below_nothing_counts_as_nothing() -> None:
    with OpenAIServer([Reply(ANSWER.calls, usage=(-5_000_000, -1))]) as server:
        done = await run(server)
    assert (done.input_tokens, done.output_tokens) == (0, 0)
