"""What happens in a run, as events of the protocol. Of what agents say and get, only what names no person is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from agents.agent_run import ProgressEvent
from api.conversing import Event
from policies.privacy import holds_address

if TYPE_CHECKING:
    from ag_ui.core import BaseEvent


class Translation:
    """The events of one run, in order: at most one step is open at a time, and every tool call has an id of its own."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._step: str | None = None
        self._calls: dict[tuple[str, str], str] = {}
        self._told = 0

    def started(self, node: str) -> Iterator[BaseEvent]:
        """A node starts; the one before it is over."""
        from ag_ui.core import StepStartedEvent

        yield from self.ended()
        self._step = node
        yield StepStartedEvent(step_name=node)

    def ended(self) -> Iterator[BaseEvent]:
        """The open step, if there is one, is over."""
        from ag_ui.core import StepFinishedEvent

        if self._step is not None:
            yield StepFinishedEvent(step_name=self._step)
            self._step = None

    def progress(self, event: ProgressEvent) -> Iterator[BaseEvent]:
        """An agent calls a tool, or is answered by it; results are told by digest, the trace holds them."""
        if event.kind == "tool_called" and event.tool is not None:
            yield from self._called(event, event.tool)
        elif event.kind in ("tool_answered", "tool_refused"):
            yield from self._answered(event)

    def said(self, text: str) -> Iterator[BaseEvent]:
        """The planner says something."""
        from ag_ui.core import TextMessageContentEvent, TextMessageEndEvent, TextMessageStartEvent

        message_id = self._new_id("message")
        yield TextMessageStartEvent(message_id=message_id, role="assistant")
        yield TextMessageContentEvent(message_id=message_id, delta=text)
        yield TextMessageEndEvent(message_id=message_id)

    def _called(self, event: ProgressEvent, tool: str) -> Iterator[BaseEvent]:
        from ag_ui.core import ToolCallArgsEvent, ToolCallEndEvent, ToolCallStartEvent

        call_id = self._calls[event.agent, event.call_id or ""] = self._new_id("call")
        yield ToolCallStartEvent(tool_call_id=call_id, tool_call_name=tool)
        yield ToolCallArgsEvent(tool_call_id=call_id, delta=_told_of(event.arguments or {}))
        yield ToolCallEndEvent(tool_call_id=call_id)

    def _answered(self, event: ProgressEvent) -> Iterator[BaseEvent]:
        from ag_ui.core import ToolCallResultEvent

        call_id = self._calls.pop((event.agent, event.call_id or ""), None)
        if call_id is not None:
            content = {"refused": event.kind == "tool_refused", "digest": event.result_digest}
            yield ToolCallResultEvent(
                message_id=self._new_id("message"),
                tool_call_id=call_id,
                content=json.dumps(content),
                role="tool",
            )

    def _new_id(self, kind: str) -> str:
        self._told += 1
        return f"{self._run_id}:{kind}:{self._told}"


def in_words(event: Event) -> str:
    """Return the end of a run without a proposal in words: what is refused, or which rules forbid it."""
    if event.name == "refused":
        return "\n".join(f"{each['reason']} {each['alternative']}" for each in _listed(event, "refusals"))
    if event.name == "blocked":
        return "\n".join(f"{each['rule_id']}: {each['evidence']}" for each in _listed(event, "rules"))
    return f"The thread has ended: {event.data.get('status', event.name)}."


def _listed(event: Event, name: str) -> list[dict[str, JsonValue]]:
    found = event.data.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _told_of(arguments: Mapping[str, JsonValue]) -> str:
    """A model may have put anything into its arguments; an address among them keeps all of them here."""
    text = json.dumps(arguments, ensure_ascii=False)
    return "{}" if holds_address(text) else text
