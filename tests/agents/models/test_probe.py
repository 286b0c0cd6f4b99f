"""What a server can do is asked once, and the best way it has is taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.agent_run import Limits
from agents.errors import ModelRefusedError, ModelUnavailableError
from agents.models.interface import ModelProvider
from agents.relay import run_over_chain
from tests.agents.agent_example import CountAnswer, CountTask, counting_playbook
from tests.agents.replaying import scripted, tools_of
from tests.fakes.openai_server import Call, OpenAIServer, Reply

READY = {"ready": True}
ANSWER = {"people": 70, "share": 0.7}
EVERYTHING = ("tools", "json_schema", "named_tool", "json_object", "plain", "stream", "tool_stream")


def way_of(request: dict[str, Any]) -> str:
    """The ability that a request rests on."""
    if "tools" in request:
        if request.get("stream"):
            return "tool_stream"
        return "tools" if request["tool_choice"] in ("required", "auto") else "named_tool"
    if request.get("stream"):
        return "stream"
    return request.get("response_format", {}).get("type", "plain")


def able(*abilities: str, status: int = 500):
    """A server that knows these ways, and answers any other with an error, as real ones do."""

    def answer(request: dict[str, Any]) -> Reply:
        if way_of(request) not in abilities:
            return Reply(status=status)
        if "tools" not in request:
            asked_for_count = "people" in json.dumps(request["messages"])
            return Reply(text=f"Here: {json.dumps(ANSWER if asked_for_count else READY)}")
        (name,) = tools_of(request)
        return Reply([Call(name, READY if name == "SignOfLife" else ANSWER)])

    return answer


def provider_of(server: OpenAIServer, **settings: Any) -> ModelProvider:
    return ModelProvider(scripted(server, answer_method="auto", **settings))


async def answered(provider: ModelProvider) -> CountAnswer:
    run = await run_over_chain(
        agent="counter",
        models=provider,
        candidates=provider.candidates("counter", counting_playbook, CountTask(months=6)),
        prompt="Count.",
        task=CountTask(months=6),
        tools=(),
        answer=CountAnswer,
        limits=Limits(max_steps=3, timeout_s=10),
    )
    return run.answer


@pytest.mark.parametrize(
    ("abilities", "method"),
    [
        (EVERYTHING, "tool_call"),
        (("named_tool", "json_object", "plain", "stream"), "named_tool_call"),
        (("json_schema", "named_tool", "json_object", "plain"), "json_schema"),
        (("json_object", "plain"), "json_object"),
        (("plain",), "plain"),
    ],
)
@pytest.mark.parametrize("status", [400, 500])
async def test_the_best_way_to_a_typed_answer_is_taken(
    abilities: tuple[str, ...], method: str, status: int
) -> None:
    with OpenAIServer(able(*abilities, status=status)) as server:
        provider = provider_of(server)
        found = await provider.capabilities(provider.settings.use[0])
        assert {each.ability for each in found.found if each.state == "works"} == set(abilities)
        assert (found.method, found.ready) == (method, True)
        assert await answered(provider) == CountAnswer(people=70, share=0.7)
        await provider.aclose()


async def test_it_is_asked_once_a_process() -> None:
    with OpenAIServer(able(*EVERYTHING)) as server:
        provider = provider_of(server)
        for _ in range(3):
            await answered(provider)
        await provider.aclose()
    assert len(server.requests) == len(EVERYTHING) + 3


async def test_a_server_that_streams_words_and_breaks_tool_calls_is_not_streamed() -> None:
    with OpenAIServer(able("tools", "named_tool", "plain", "stream")) as server:
        provider = provider_of(server)
        await answered(provider)
        await provider.aclose()
    assert "stream" not in server.requests[-1] or server.requests[-1]["stream"] is False
    with OpenAIServer(able(*EVERYTHING)) as server:
        provider = provider_of(server)
        await answered(provider)
        await provider.aclose()
    assert server.requests[-1]["stream"] is True


async def test_a_model_that_answers_nonsense_is_asked_in_the_way_its_server_takes() -> None:
    def nonsense(request: dict[str, Any]) -> Reply:
        return Reply(status=500) if "tools" in request else Reply(text="Lovely weather.")

    with OpenAIServer(nonsense) as server:
        provider = provider_of(server)
        found = await provider.capabilities(provider.settings.use[0])
        await provider.aclose()
    assert (found.method, found.ready) == ("json_schema", False)
    assert found.state("tools") == "refused" and found.state("json_schema") == "unusable"


@pytest.mark.parametrize(("status", "failure"), [(401, ModelRefusedError), (503, ModelUnavailableError)])
async def test_a_server_that_can_not_be_used_at_all_says_why_and_is_asked_again_later(
    status: int, failure: type[Exception]
) -> None:
    with OpenAIServer(lambda _: Reply(status=status)) as server:
        provider = provider_of(server)
        for _ in range(2):
            with pytest.raises(failure, match=str(status)):
                await provider.capabilities(provider.settings.use[0])
        await provider.aclose()
