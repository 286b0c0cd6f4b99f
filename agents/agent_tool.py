"""A tool as an agent sees it: typed arguments in, a typed result out, and no effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast, get_type_hints

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agents.errors import AgentSetupError
from agents.models.schema import assert_model_safe_schema
from policies.errors import CountersignError
from policies.proposal import digest_json

ArgsT = TypeVar("ArgsT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=BaseModel)

# LangChain hands its own objects to a tool under these names.
_RESERVED_ARGUMENTS = frozenset({"config", "callbacks", "run_manager", "runtime", "state", "store"})
_LONGEST_MESSAGE = 400


class ToolProblem(BaseModel):
    """What the agent is told when a tool refuses: our own code and sentence, never foreign text."""

    model_config = ConfigDict(frozen=True)

    error: str
    message: str


def canonical_json(value: BaseModel | Mapping[str, JsonValue]) -> str:
    """One text for one value: keys sorted, no blanks, UTF-8; NaN and infinities raise ValueError."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else dict(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: BaseModel | Mapping[str, JsonValue]) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON (RFC 8785): what figures cite a tool result by."""
    return digest_json(value.model_dump(mode="json") if isinstance(value, BaseModel) else dict(value))


@dataclass(frozen=True)
class AgentTool(Generic[ArgsT, ResultT]):
    """A deterministic calculation an agent may call; `run` goes to a worker thread, one call at a time.

    `result` is the model that `run` is annotated to return, and no field beside that model's own leaves the tool. `effect`
    has one possible value, so a tool that sends, launches or writes cannot be expressed; such a function stays behind an
    authenticated person. AgentSetupError for anything else.
    """

    name: str
    description: str
    args: type[ArgsT]
    run: Callable[[ArgsT], ResultT]
    effect: Literal["none"] = "none"
    result: type[ResultT] = field(init=False)

    def __post_init__(self) -> None:
        # Types are gone at run time, and this is the promise they carry.
        if str(self.effect) != "none":
            raise AgentSetupError(
                f"Tool {self.name} has the effect {self.effect!r}; agents only hold tools without effects.",
                value=self.effect,
            )
        if clash := _RESERVED_ARGUMENTS & self.args.model_fields.keys():
            raise AgentSetupError(
                f"Tool {self.name} has the argument {sorted(clash)[0]!r}, a name LangChain keeps for itself; rename it.",
                value=sorted(clash)[0],
            )
        assert_model_safe_schema(self.args)
        object.__setattr__(self, "result", self._said_by_run())

    def _said_by_run(self) -> type[ResultT]:
        try:
            said = get_type_hints(self.run).get("return")
        except NameError:  # a name that only the type checker can find
            said = None
        if not (isinstance(said, type) and issubclass(said, BaseModel)):
            raise AgentSetupError(
                f"Tool {self.name} does not say which model it returns; write the type behind its function.",
                value=self.name,
            )
        if said.model_config.get("extra") == "allow":
            raise AgentSetupError(
                f"Tool {self.name} returns {said.__name__}, which takes any field; declare those a model may read.",
                value=said.__name__,
            )
        return cast(type[ResultT], said)

    def as_langchain(self) -> StructuredTool:
        """The same tool for `create_agent`: the content is compact JSON, the artifact the typed result."""
        return StructuredTool(
            name=self.name,
            description=self.description,
            # As a plain schema the arguments reach us unchecked, so that a bad one is our own typed problem.
            args_schema=self.args.model_json_schema(),
            coroutine=self._answer,
            response_format="content_and_artifact",
        )

    async def _answer(self, **arguments: JsonValue) -> tuple[str, BaseModel]:
        result = await self._outcome(arguments)
        try:
            return canonical_json(result), result
        except ValueError as error:
            raise AgentSetupError(
                f"Tool {self.name} returned a number that is not finite; return null and say why.",
                value=self.name,
            ) from error

    async def _outcome(self, arguments: dict[str, JsonValue]) -> ResultT | ToolProblem:
        try:
            args = self.args.model_validate(arguments)
        except ValidationError as error:
            return ToolProblem(error="invalid_arguments", message=f"Correct these: {wrong_fields(error)}.")
        try:
            made = await asyncio.to_thread(self.run, args)
        except CountersignError as error:
            return ToolProblem(error=error.code, message=_safe_message(error, arguments))
        return self._declared(made)

    def _declared(self, made: ResultT) -> ResultT:
        """The result without what a subclass of it hangs on: a field that nobody declared may hold foreign text."""
        if type(made) is self.result:
            return made
        if not isinstance(made, self.result):
            raise AgentSetupError(
                f"Tool {self.name} returned {type(made).__name__} and says {self.result.__name__}.",
                value=type(made).__name__,
            )
        declared = TypeAdapter(self.result)
        return declared.validate_python(declared.dump_python(made))


# An agent holds tools of many argument and result types at once.
AnyAgentTool: TypeAlias = AgentTool[Any, Any]


def wrong_fields(error: ValidationError) -> str:
    """Which fields are wrong and how, without the values that were in them."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{_place(problem)} ({problem['type']})" for problem in problems[:20])


def _place(problem: ErrorDetails) -> str:
    # The name of a field that we do not know was made up by the model.
    known = problem["loc"][:-1] if problem["type"] == "extra_forbidden" else problem["loc"]
    return ".".join(map(str, known)) or "the whole"


def _safe_message(error: CountersignError, arguments: dict[str, JsonValue]) -> str:
    """The error's sentence; its value stays only where the model wrote that value itself."""
    message = error.message
    own_words = json.dumps(arguments, ensure_ascii=False, default=str)
    if error.value and error.value not in own_words:
        message = message.replace(error.value, "[withheld]")
    return message[:_LONGEST_MESSAGE]
