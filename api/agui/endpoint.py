"""`POST /agui`: one run of a thread as a stream of AG-UI events. The client's thread id is the id of the thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import JsonValue, ValidationError

from agents.agent_run import ProgressEvent
from agents.threads import Mode, Started
from api.agui.asking import asked_of
from api.agui.interrupts import interrupt_of
from api.agui.translating import Translation, in_words
from api.conversing import outcome
from api.http.faults import fault
from api.http.signing_in import Caller, SignedIn
from api.langgraph_server.resuming import Work
from api.langgraph_server.sight import see
from api.langgraph_server.views import Seen, shown_values
from policies.errors import CountersignError

if TYPE_CHECKING:
    from ag_ui.core import BaseEvent, RunAgentInput

router = APIRouter(tags=["agui"])
PROTOCOL = "1.0"
_log = logging.getLogger("countersign.agui")
_Happening = ProgressEvent | str | None
"""A step of an agent, the name of a node that starts, or the end."""


@router.post("/agui", response_class=StreamingResponse)
async def agui(caller: SignedIn, request: Request, body: dict[str, JsonValue]) -> StreamingResponse:
    """Run a thread to its next stop: begin it with a message, answer its interrupt with `resume`, or only look at it.

    What is refused ends the run with RUN_ERROR and our code; an approval is resolved in the database before anything runs.
    """
    from ag_ui.encoder import EventEncoder

    asked = _read(body)
    encoder = EventEncoder(accept=request.headers.get("accept", ""))

    async def lines() -> AsyncIterator[str]:
        async for event in run(caller, asked):
            yield encoder.encode(event)

    return StreamingResponse(
        lines(),
        media_type=encoder.get_content_type(),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def run(caller: Caller, asked: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Yield the events of one run; it goes on when nobody listens any more."""
    from ag_ui.core import RunStartedEvent

    yield RunStartedEvent(thread_id=asked.thread_id, run_id=asked.run_id, protocol_version=PROTOCOL)
    telling = Translation(asked.run_id)
    try:
        work = await asked_of(caller, asked)
        yield _snapshot(await see(caller, asked.thread_id))
        came_to = None
        if work is not None:
            with caller.app.hub.listen(asked.thread_id) as agents:
                happening: asyncio.Queue[_Happening] = agents  # type: ignore[assignment]  # so that all keeps its order
                task = _begin(caller, work, happening)
                async for event in _told(telling, happening):
                    yield event
            problem = task.exception()
            if problem is not None and not isinstance(problem, CountersignError):
                _log.error("a run broke off", exc_info=problem)
                yield _error("internal", "the agents broke off; see the log")
                return
            came_to = task.result()
        async for event in _stop(caller, asked, telling, came_to):
            yield event
    except CountersignError as error:
        shown = fault(error)
        yield _error(error.code, shown["message"] or "")


def _error(code: str, message: str) -> BaseEvent:
    from ag_ui.core import RunErrorEvent

    return RunErrorEvent(message=message, code=code)


def _read(body: dict[str, JsonValue]) -> RunAgentInput:
    from ag_ui.core import RunAgentInput

    try:
        return RunAgentInput.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error


def _begin(caller: Caller, work: Work, happening: asyncio.Queue[_Happening]) -> asyncio.Task[Started | None]:
    def watch(mode: Mode, data: Mapping[str, JsonValue]) -> None:
        if mode == "started":
            happening.put_nowait(str(data["name"]))

    async def go() -> Started | None:
        return await work.go(watch)

    task = asyncio.create_task(go())
    caller.app.tasks.add(task)
    task.add_done_callback(caller.app.tasks.discard)
    task.add_done_callback(lambda _: happening.put_nowait(None))
    return task


async def _told(telling: Translation, happening: asyncio.Queue[_Happening]) -> AsyncIterator[BaseEvent]:
    while (happened := await happening.get()) is not None:
        events = telling.started(happened) if isinstance(happened, str) else telling.progress(happened)
        for event in events:
            yield event
    for event in telling.ended():
        yield event


async def _stop(
    caller: Caller, asked: RunAgentInput, telling: Translation, came_to: Started | None
) -> AsyncIterator[BaseEvent]:
    """Where the thread has come to: what it says, its state, and whether it waits for somebody."""
    from ag_ui.core import RunFinishedEvent, RunFinishedInterruptOutcome, RunFinishedSuccessOutcome

    seen = await see(caller, asked.thread_id)
    waiting = interrupt_of(seen)
    if came_to is not None:
        words = waiting.message if waiting is not None else in_words(await outcome(caller.app, came_to))
        for event in telling.said(words or ""):
            yield event
    yield _snapshot(seen)
    yield RunFinishedEvent(
        thread_id=asked.thread_id,
        run_id=asked.run_id,
        result=shown_values(seen),
        outcome=RunFinishedSuccessOutcome()
        if waiting is None
        else RunFinishedInterruptOutcome(interrupts=[waiting]),
    )


def _snapshot(seen: Seen) -> BaseEvent:
    from ag_ui.core import StateSnapshotEvent

    return StateSnapshotEvent(snapshot=shown_values(seen))
