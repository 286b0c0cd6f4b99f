"""What a model's server can do, found out by asking it: tools, JSON by schema, any JSON, plain words, streams.

All of it is asked once a process and model, seven small questions, so that every later call takes the best way.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, ValidationError

from agents.errors import AgentError, ModelRefusedError, ModelReplyError, ModelUnavailableError
from agents.models.json_turns import first_object
from agents.models.settings import AnswerMethod

if TYPE_CHECKING:
    from agents.models.openai_chat import CompatibleChatModel

Ability: TypeAlias = Literal[
    "tools", "json_schema", "named_tool", "json_object", "plain", "stream", "tool_stream"
]
# `unusable`: the server took the request, and what the model answered could not be used
State: TypeAlias = Literal["works", "unusable", "refused"]
_METHODS: tuple[tuple[Ability, AnswerMethod], ...] = (
    ("tools", "tool_call"),
    ("json_schema", "json_schema"),
    ("named_tool", "named_tool_call"),
    ("json_object", "json_object"),
    ("plain", "plain"),
)
_ASKED: list[BaseMessage] = [
    SystemMessage(
        'You are asked whether you work. Answer with the JSON object {"ready": true} and nothing else.'
    ),
    HumanMessage("Are you ready?"),
]


class SignOfLife(BaseModel):
    """Says whether you are ready."""

    ready: bool


class Capability(BaseModel):
    """One ability: whether it works, how long the answer took, and why not."""

    model_config = ConfigDict(frozen=True)

    ability: Ability
    state: State
    latency_ms: int
    why: str | None = None


class Capabilities(BaseModel):
    """Everything that was found out about one model at one address."""

    model_config = ConfigDict(frozen=True)

    found: tuple[Capability, ...]

    def state(self, ability: Ability) -> State:
        """Return what was found about one ability."""
        return next(each.state for each in self.found if each.ability == ability)

    @property
    def method(self) -> AnswerMethod:
        """The best way to a typed answer: the first that works, else the first that the server at least takes."""
        for state in ("works", "unusable"):
            for ability, method in _METHODS:
                if self.state(ability) == state:
                    return method
        return "plain"

    @property
    def streams(self) -> bool:
        """Whether the server was seen to stream what it is asked for: some stream words well and break tool calls."""
        by_call = self.method in ("tool_call", "named_tool_call")
        return self.state("tool_stream" if by_call else "stream") == "works"

    @property
    def ready(self) -> bool:
        """Whether some way to a typed answer works."""
        return any(self.state(ability) == "works" for ability, _ in _METHODS)


async def probe(
    model: CompatibleChatModel, streaming: CompatibleChatModel, timer: Callable[[], float] = time.perf_counter
) -> Capabilities:
    """Ask for one small answer in each way; ModelUnavailableError where the server cannot be reached at all.

    A server that answers one way with an error is not broken: it does not know that way. One that is silent, or refuses
    all of them, is.
    """
    found: list[Capability] = []
    failures: list[AgentError] = []
    for ability, ask in _ways(model, streaming):
        started, why = timer(), None
        try:
            said = await ask()
            state: State = "works" if _usable(ability, said) else "unusable"
            why = None if state == "works" else "the answer could not be used"
        except (ModelRefusedError, ModelReplyError, ModelUnavailableError) as error:
            if isinstance(error, ModelUnavailableError) and not _answered(error):
                raise
            failures.append(error)
            state, why = "refused", f"{error.code} ({error.value})"
        found.append(
            Capability(ability=ability, state=state, latency_ms=round((timer() - started) * 1000), why=why)
        )
    if len(failures) == len(found):
        raise failures[0]
    return Capabilities(found=tuple(found))


def _ways(
    model: CompatibleChatModel, streaming: CompatibleChatModel
) -> list[tuple[Ability, Callable[[], Awaitable[AIMessage]]]]:
    def by(body: dict[str, Any]) -> Callable[[], Awaitable[AIMessage]]:
        plain = dict(model.extra_body or {})
        return lambda: model.bind(extra_body={**plain, **body}).ainvoke(_ASKED)

    schema = {"name": "sign_of_life", "schema": SignOfLife.model_json_schema()}
    called = model.bind_tools([SignOfLife], tool_choice="any")
    named = model.bind_tools([SignOfLife], tool_choice=SignOfLife.__name__)
    streamed = streaming.bind_tools([SignOfLife], tool_choice=SignOfLife.__name__)
    return [
        ("tools", lambda: called.ainvoke(_ASKED)),
        ("named_tool", lambda: named.ainvoke(_ASKED)),
        ("json_schema", by({"response_format": {"type": "json_schema", "json_schema": schema}})),
        ("json_object", by({"response_format": {"type": "json_object"}})),
        ("plain", by({})),
        ("stream", lambda: streaming.ainvoke(_ASKED)),
        ("tool_stream", lambda: streamed.ainvoke(_ASKED)),
    ]


def _answered(error: ModelUnavailableError) -> bool:
    """Whether the server spoke at all: 500 to one way of asking says nothing about the others."""
    return error.value == "500"


def _usable(ability: Ability, said: AIMessage) -> bool:
    if ability == "stream":
        return bool(said.text)
    by_call = ability in ("tools", "named_tool", "tool_stream")
    if by_call and [call["name"] for call in said.tool_calls] != [SignOfLife.__name__]:
        return False
    try:
        SignOfLife.model_validate(said.tool_calls[0]["args"] if by_call else first_object(said.text))
    except ValidationError:
        return False
    return True
