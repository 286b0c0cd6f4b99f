"""A scripted server's answers taken from the turns of a run by the embedded rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agents.models.settings import ModelSettings
from tests.fakes.openai_server import Call, OpenAIServer, Reply


def tools_of(request: Mapping[str, Any]) -> set[str]:
    """The tools, and the answer, that a request offers."""
    return {tool["function"]["name"] for tool in request.get("tools", [])}


def replaying(
    turns: Iterable[Mapping[str, Any]], heard: Mapping[str, Any] | None = None
) -> Callable[[dict[str, Any]], Reply]:
    """Answer with the recorded turns in order, and a reading of the brief, which the rules never give, with `heard`."""
    left = iter(turns)

    def answer(request: dict[str, Any]) -> Reply:
        if tools_of(request) == {"Heard"}:
            return Reply([Call("Heard", dict(heard or {}))])
        return Reply([Call(call["name"], call["args"]) for call in next(left)["tool_calls"]])

    return answer


def scripted(server: OpenAIServer, use: str = "openai:scripted", **settings: Any) -> ModelSettings:
    """Settings for a scripted server: answers as tool calls, no waiting, no probing unless asked for."""
    given = {"answer_method": "tool_call", "max_retries": 0, "retry_delay_s": 0, "timeout_s": 30, **settings}
    return ModelSettings.model_validate(
        {"use": use, "base_url": server.base_url, "api_key": "sk-test", **given}
    )
