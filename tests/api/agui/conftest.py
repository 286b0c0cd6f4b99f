"""What an AG-UI client does: it posts a run and reads events, all in the protocol's own types."""

from __future__ import annotations

import uuid
from typing import Any

from ag_ui.core import (
    BaseEvent,
    Event,
    Interrupt,
    ResumeEntry,
    RunAgentInput,
    RunErrorEvent,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    UserMessage,
)
from pydantic import TypeAdapter

from tests.api.conftest import Opened

EVENTS: TypeAdapter[BaseEvent] = TypeAdapter(Event)


class AgUi:
    """A client with one thread."""

    def __init__(self, opened: Opened, who: str, thread_id: str | None = None) -> None:
        self.opened = opened
        self.who = who
        self.thread_id = thread_id or str(uuid.uuid4())

    async def run(self, said: str | None = None, **more: Any) -> list[BaseEvent]:
        messages = [] if said is None else [UserMessage(id="m1", content=said)]
        asked = RunAgentInput(thread_id=self.thread_id, run_id=str(uuid.uuid4()), messages=messages, **more)
        answer = await self.opened.call(
            self.who,
            "POST",
            "/agui",
            content=asked.model_dump_json(by_alias=True),
            headers={"Content-Type": "application/json", "Accept": "text/event-stream"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = answer.text.strip().split("\n\n")
        return [EVENTS.validate_json(block.removeprefix("data: ")) for block in blocks]

    async def answer(self, interrupt_id: str, payload: Any, **more: Any) -> list[BaseEvent]:
        entry = ResumeEntry(interrupt_id=interrupt_id, status="resolved", payload=payload)
        return await self.run(resume=[entry], **more)


def waits_at(events: list[BaseEvent]) -> Interrupt:
    last = events[-1]
    assert isinstance(last, RunFinishedEvent), last
    assert isinstance(last.outcome, RunFinishedInterruptOutcome), last
    (interrupt,) = last.outcome.interrupts
    return interrupt


def refused_as(events: list[BaseEvent]) -> str | None:
    last = events[-1]
    assert isinstance(last, RunErrorEvent), last
    return last.code


def decision(kind: str, **more: Any) -> dict[str, Any]:
    return {"decisions": [{"type": kind, **more}]}
