"""What LangGraph clients send, and which of it a thread of ours does not do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents.refusals import RunOptionError, StateEditError
from policies.errors import InvalidInputError, NotFoundError

GRAPH_ID = "propose"
ASSISTANT_ID = "4fa3beac-08cc-5504-8a6b-3dff21f77869"
"""UUIDv5 of `countersign:propose` in the namespace of URLs: the same in every home."""
MOST_THREADS = 100
StreamMode = Literal[
    "values",
    "updates",
    "messages",
    "messages-tuple",
    "events",
    "tasks",
    "checkpoints",
    "debug",
    "custom",
    "tools",
    "lifecycle",
]
_CHECKPOINTS = ("checkpoint", "checkpoint_id")
_NOT_OFFERED = (
    "interrupt_before",
    "interrupt_after",
    "webhook",
    "after_seconds",
    "feedback_keys",
    "context",
    "metadata",
)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThreadIn(_Request):
    """A thread to be begun later. Its id may be given as a UUID; other metadata than the graph's is not kept."""

    thread_id: str | None = None
    metadata: dict[str, JsonValue] | None = None
    if_exists: Literal["raise", "do_nothing"] = "raise"
    supersteps: JsonValue = None
    ttl: JsonValue = None


class SearchIn(_Request):
    """Which threads are wanted, and in which order."""

    metadata: dict[str, JsonValue] | None = None
    values: dict[str, JsonValue] | None = None
    ids: list[str] | None = Field(default=None, max_length=MOST_THREADS)
    status: Literal["idle", "busy", "interrupted", "error"] | None = None
    limit: int = Field(default=10, ge=1, le=MOST_THREADS)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    sort_by: Literal["thread_id", "status", "created_at", "updated_at", "state_updated_at"] = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"
    select: list[str] | None = Field(default=None, max_length=20)
    extract: JsonValue = None


class StateIn(_Request):
    """A change of a thread's state. Only its end is taken, which takes the proposal back."""

    values: JsonValue = None
    as_node: str | None = None
    checkpoint: JsonValue = None
    checkpoint_id: str | None = None


class HistoryIn(_Request):
    """Which of a thread's checkpoints are wanted."""

    limit: int = Field(default=10, ge=1, le=1_000)
    before: str | dict[str, JsonValue] | None = None
    metadata: dict[str, JsonValue] | None = None
    checkpoint: JsonValue = None
    select: list[str] | None = None

    def before_id(self) -> str | None:
        """Return the id of the checkpoint before which the wanted ones lie."""
        found = self.before.get("checkpoint_id") if isinstance(self.before, dict) else self.before
        return str(found) if found else None


class AssistantsIn(_Request):
    """Which assistants are wanted."""

    metadata: dict[str, JsonValue] | None = None
    graph_id: str | None = None
    name: str | None = None
    limit: int = Field(default=10, ge=1, le=1_000)
    offset: int = Field(default=0, ge=0)
    sort_by: str | None = None
    sort_order: Literal["asc", "desc"] | None = None
    select: list[str] | None = None


class RunIn(_Request):
    """One run of a thread: an objective for a new one, or the answer to what an interrupted one asks."""

    assistant_id: str
    input: JsonValue = None
    command: dict[str, JsonValue] | None = None
    stream_mode: StreamMode | Annotated[list[StreamMode], Field(max_length=len(get_args(StreamMode)))] = (
        "values"
    )
    stream_subgraphs: bool = False
    stream_resumable: bool = False
    multitask_strategy: str | None = None
    if_not_exists: Literal["create", "reject"] = "reject"
    on_disconnect: str | None = None
    on_completion: str | None = None
    durability: Literal["sync", "async", "exit"] | None = None
    checkpoint_during: bool | None = None
    strict_resume: bool | None = None
    langsmith_tracer: JsonValue = None
    config: dict[str, JsonValue] | None = None
    context: JsonValue = None
    metadata: JsonValue = None
    checkpoint: JsonValue = None
    checkpoint_id: JsonValue = None
    interrupt_before: JsonValue = None
    interrupt_after: JsonValue = None
    webhook: JsonValue = None
    after_seconds: JsonValue = None
    feedback_keys: JsonValue = None

    def modes(self) -> frozenset[str]:
        """Return the stream modes that were asked for."""
        return frozenset([self.stream_mode] if isinstance(self.stream_mode, str) else self.stream_mode)


def require_runnable(thread_id: str | None, asked: RunIn) -> None:
    """Raise RunOptionError for a way of running that is not offered, NotFoundError for another assistant."""
    if asked.assistant_id not in (GRAPH_ID, ASSISTANT_ID):
        raise NotFoundError(
            f"there is no assistant {asked.assistant_id}; the one that there is is called {GRAPH_ID}",
            value=asked.assistant_id,
            code="unknown_assistant",
        )
    for name in _CHECKPOINTS:
        if getattr(asked, name):
            raise RunOptionError(
                f"{name}: a thread goes on from where it is, never from an older checkpoint; leave it out",
                value=_short(getattr(asked, name)),
                code="old_checkpoint",
            )
    for name in _NOT_OFFERED:
        if getattr(asked, name):
            raise RunOptionError(
                f"{name} is not offered; leave it out", value=_short(getattr(asked, name)), code="run_option"
            )
    if asked.multitask_strategy not in (None, "reject"):
        raise RunOptionError(
            f"multitask_strategy {asked.multitask_strategy!r} is not offered: a thread runs once at a time, so use reject",
            value=asked.multitask_strategy,
            code="multitask",
        )
    for name, allowed in (("on_disconnect", "continue"), ("on_completion", "keep")):
        if getattr(asked, name) not in (None, allowed):
            raise RunOptionError(f"{name} can only be {allowed!r}", value=getattr(asked, name))
    _require_plain_config(thread_id, asked.config or {})


def require_command(command: Mapping[str, JsonValue]) -> JsonValue:
    """Return what a command resumes with; RunOptionError for one that moves or edits the thread, or resumes with nothing."""
    beyond = next((name for name, value in command.items() if name != "resume" and value), None)
    if beyond is not None:
        raise RunOptionError(
            f"command.{beyond} is not offered: a thread's state and path are its nodes' own; send only command.resume",
            value=beyond,
            code="command",
        )
    if command.get("resume") is None:
        raise RunOptionError(
            "command.resume is empty; answer what the thread asks", value="null", code="resume_missing"
        )
    return command["resume"]


def objective_of(given: JsonValue) -> str:
    """Return the marketer's words in a run's input; StateEditError for an input that carries more than words.

    `{"text": …}`, `{"objective": …}` or `{"messages": […]}`, whose last message of a person counts.
    """
    if isinstance(given, dict) and len(given) == 1:
        name, value = next(iter(given.items()))
        if name in ("text", "objective") and isinstance(value, str):
            return value
        if name == "messages" and isinstance(value, list):
            return _said_last(value)
    names = sorted(given) if isinstance(given, dict) else []
    raise StateEditError(
        "the input of a run is the objective in words, as messages, text or objective, and nothing beside it"
        + (f"; this one has {', '.join(names)}" if names else ""),
        value=_short(given),
        code="forged_input",
    )


def require_known_metadata(metadata: Mapping[str, JsonValue], known: tuple[str, ...]) -> None:
    """Raise InvalidInputError for metadata that is not kept, so that nobody looks for it in vain."""
    unknown = next((name for name in metadata if name not in known), None)
    if unknown is not None:
        raise InvalidInputError(
            f"metadata {unknown!r} is not kept of a thread; use {', '.join(known)}", value=unknown
        )


def of_this_graph(metadata: Mapping[str, JsonValue]) -> bool:
    """Whether metadata means our graph, by name or assistant id, or leaves both open."""
    graph, assistant = metadata.get("graph_id"), metadata.get("assistant_id")
    return graph in (None, GRAPH_ID) and assistant in (None, ASSISTANT_ID, GRAPH_ID)


def _require_plain_config(thread_id: str | None, config: Mapping[str, JsonValue]) -> None:
    configurable = config.get("configurable") or {}
    if not isinstance(configurable, dict):
        raise RunOptionError("config.configurable is no object", value=_short(configurable))
    for name, value in configurable.items():
        if name == "thread_id" and value == thread_id:
            continue
        raise RunOptionError(
            f"config.configurable.{name} is not offered; leave it out",
            value=_short(value),
            code="old_checkpoint" if name.startswith("checkpoint") else "run_option",
        )


def _said_last(messages: list[JsonValue]) -> str:
    for message in reversed(messages):
        if isinstance(message, dict) and (message.get("role") or message.get("type")) in ("user", "human"):
            return _text_of(message.get("content"))
    raise StateEditError("messages hold nothing that a person said", value=len(messages), code="forged_input")


def _text_of(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str))


def _short(value: object) -> str:
    return str(value)[:100]
