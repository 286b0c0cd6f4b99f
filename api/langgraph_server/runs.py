"""Runs: an objective begins a campaign, an answer resumes a thread; waited for, streamed, or left to go on by itself."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from agents.refusals import RunOptionError, ThreadWaitsError
from agents.threads import Mode, Started, Watch
from api.conversing import new_conversation, require_text
from api.http.faults import fault
from api.http.signing_in import Caller, SignedIn
from api.langgraph_server.requests import (
    ASSISTANT_ID,
    GRAPH_ID,
    RunIn,
    objective_of,
    require_command,
    require_runnable,
)
from api.langgraph_server.resuming import Work, resumed
from api.langgraph_server.sight import found_thread, see
from api.langgraph_server.views import Json, final_values
from policies.authority import Action
from policies.errors import CountersignError, NotFoundError
from policies.privacy import require_no_address
from store.repositories.threads import FoundThread
from store.threads import in_thread

router = APIRouter(tags=["langgraph"])
_log = logging.getLogger("countersign.langgraph_server")


class Told(NamedTuple):
    """One thing that a thread tells while it runs."""

    mode: Mode
    data: Mapping[str, JsonValue]


class Telling:
    """What a run has told and will tell, in order."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self._begun = asyncio.Event()

    def step(self, mode: Mode, data: Mapping[str, JsonValue]) -> None:
        """Tell one thing."""
        self._queue.put_nowait(Told(mode, data))
        self._begun.set()

    def end(self) -> None:
        """Tell nothing more."""
        self._queue.put_nowait(None)

    async def begun(self, task: asyncio.Task[Started | None]) -> None:
        """Return once something is told, or the task has ended; what ended it before that is raised."""
        begins = asyncio.ensure_future(self._begun.wait())
        await asyncio.wait({begins, task}, return_when=asyncio.FIRST_COMPLETED)
        begins.cancel()
        if not self._begun.is_set():
            await task

    async def __aiter__(self) -> AsyncIterator[Told]:
        while (told := await self._queue.get()) is not None:
            yield told


class Run(NamedTuple):
    """A run that nothing refuses any more, and what it tells; `run_id` is a name for it and nothing else."""

    run_id: str
    thread_id: str
    task: asyncio.Task[Started | None]
    telling: Telling


@router.post("/threads/{thread_id}/runs")
async def created(caller: SignedIn, thread_id: str, asked: RunIn, response: Response) -> Json:
    """Start a run and answer at once; it goes on by itself."""
    return _left(caller, await _started(caller, thread_id, asked), response)


@router.post("/threads/{thread_id}/runs/wait")
async def waited(caller: SignedIn, thread_id: str, asked: RunIn, response: Response) -> Json:
    """Run a thread to its next stop and answer its values."""
    return await _ended(caller, await _started(caller, thread_id, asked), response)


@router.post("/threads/{thread_id}/runs/stream", response_class=StreamingResponse)
async def streamed(caller: SignedIn, thread_id: str, asked: RunIn) -> StreamingResponse:
    """Run a thread to its next stop and stream it: `metadata`, `values` or `updates`, then `end` or `error`."""
    return _stream(caller, await _started(caller, thread_id, asked), asked)


@router.post("/runs")
async def created_anew(caller: SignedIn, asked: RunIn, response: Response) -> Json:
    """Start a run in a new thread."""
    return _left(caller, await _started(caller, None, asked), response)


@router.post("/runs/wait")
async def waited_anew(caller: SignedIn, asked: RunIn, response: Response) -> Json:
    """Run a new thread to its first stop and answer its values."""
    return await _ended(caller, await _started(caller, None, asked), response)


@router.post("/runs/stream", response_class=StreamingResponse)
async def streamed_anew(caller: SignedIn, asked: RunIn) -> StreamingResponse:
    """Run a new thread to its first stop and stream it."""
    return _stream(caller, await _started(caller, None, asked), asked)


async def _started(caller: Caller, thread_id: str | None, asked: RunIn) -> Run:
    """Check everything, decide an approval in the database, and let the rest run."""
    caller.require(Action.VIEW)
    async with caller.refusals_of(thread_id or asked.assistant_id):
        require_runnable(thread_id, asked)
        work, found = await _work(caller, thread_id, asked)
    telling = Telling()
    task = asyncio.create_task(_run(work, telling))
    task.add_done_callback(_log_problem)
    if work.begins:
        caller.app.tasks.add(task)
        task.add_done_callback(caller.app.tasks.discard)
        await telling.begun(task)
    return Run(caller.app.ids.new(), found.thread.thread_id, task, telling)


async def _work(caller: Caller, thread_id: str | None, asked: RunIn) -> tuple[Work, FoundThread]:
    if (asked.input is None) == (asked.command is None):
        raise RunOptionError("a run has an input or a command, one of the two", value=None, code="run_option")
    if asked.command is not None:
        resume = require_command(asked.command)
        if thread_id is None:
            raise RunOptionError("a command needs the thread that it answers", code="command")
        found = await found_thread(caller, thread_id)
        stand = await caller.app.threads.stand(thread_id)
        return await resumed(caller, found, stand.waiting, resume), found
    text = objective_of(asked.input)
    caller.require(Action.CHAT)
    caller.require(Action.CREATE_CAMPAIGN)
    require_no_address("the objective", text)
    found = await new_thread(caller, thread_id, create=asked.if_not_exists == "create")
    return await beginning(caller, found, text), found


async def new_thread(caller: Caller, thread_id: str | None, *, create: bool) -> FoundThread:
    """Return the reserved thread that a campaign begins in; new input to any other is refused."""
    if thread_id is not None:
        try:
            found = await found_thread(caller, thread_id)
        except NotFoundError:
            if not create:
                raise
        else:
            _require_unused(caller, found)
            return found
    reserved = await caller.app.threads.reserve(
        workspace_id=caller.workspace_id, author_id=caller.person.user_id, thread_id=thread_id
    )
    return await found_thread(caller, reserved)


def _require_unused(caller: Caller, found: FoundThread) -> None:
    thread_id = found.thread.thread_id
    if found.thread.status == "reserved":
        return
    if found.standing == "interrupted":
        raise ThreadWaitsError(
            f"the thread {thread_id} waits for an answer; give it with command.resume, new input does not replace it",
            value=thread_id,
        )
    if found.standing == "busy" or caller.app.threads.runs(thread_id):
        raise ThreadWaitsError(f"the thread {thread_id} is running; wait until it stops", value=thread_id)
    raise ThreadWaitsError(
        f"the thread {thread_id} has come to its end: one thread is one proposal; begin another",
        value=thread_id,
        code="thread_ended",
    )


async def beginning(caller: Caller, found: FoundThread, text: str) -> Work:
    """Return how a campaign begins in a reserved thread; what its words break is raised now."""
    app, author = caller.app, caller.person.user_id
    require_text(text)
    conversation_id = await in_thread(new_conversation, app, caller.workspace_id, author)

    async def begun(watch: Watch) -> Started:
        return await app.threads.start(
            workspace_id=caller.workspace_id,
            author_id=author,
            text=text,
            conversation_id=conversation_id,
            reserved=found.thread.thread_id,
            watch=watch,
        )

    return Work(begun, begins=True)


async def _run(work: Work, telling: Telling) -> Started | None:
    try:
        return await work.go(telling.step)
    finally:
        telling.end()


async def _ended(caller: Caller, run: Run, response: Response) -> Json:
    await run.task
    response.headers["Content-Location"] = _place(run)
    return final_values(await see(caller, run.thread_id))


def _left(caller: Caller, run: Run, response: Response) -> Json:
    response.headers["Content-Location"] = _place(run)
    now = caller.app.clock.now().isoformat()
    return {
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "assistant_id": ASSISTANT_ID,
        "created_at": now,
        "updated_at": now,
        "status": "success" if run.task.done() else "running",
        "metadata": {"graph_id": GRAPH_ID, "assistant_id": ASSISTANT_ID},
        "kwargs": {},
        "multitask_strategy": "reject",
    }


def _stream(caller: Caller, run: Run, asked: RunIn) -> StreamingResponse:
    return StreamingResponse(
        _lines(caller, run, asked.modes()),
        media_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Content-Location": _place(run),
        },
    )


async def _lines(caller: Caller, run: Run, modes: frozenset[str]) -> AsyncIterator[str]:
    yield _event("metadata", {"run_id": run.run_id, "thread_id": run.thread_id})
    async for told in run.telling:
        if told.mode in modes:
            yield _event(told.mode, dict(told.data))
        elif told.mode == "started" and "events" in modes:
            yield _event("events", _node_begins(str(told.data["name"])))
    await asyncio.wait([run.task])
    problem = run.task.exception()
    if problem is not None:
        yield _event("error", _problem(problem))
        return
    thread = await see(caller, run.thread_id)
    if "updates" in modes and thread.interrupt is not None:
        yield _event("updates", {"__interrupt__": [thread.interrupt]})
    if "values" in modes:
        yield _event("values", final_values(thread))
    yield _event("end", {"run_id": run.run_id, "status": "success"})


def _node_begins(node: str) -> Json:
    """The one event of a run that Agent Inbox reads: which node it is at."""
    return {"event": "on_chain_start", "name": node, "data": {}, "metadata": {"langgraph_node": node}}


def _problem(problem: BaseException) -> Json:
    if isinstance(problem, CountersignError):
        return dict(fault(problem))
    return {"error": "internal", "message": "the run broke off; see the log", "value": None}


def _log_problem(task: asyncio.Task[Started | None]) -> None:
    """Whoever waits for the run is told as well; what we foresaw needs no line in the log."""
    problem = None if task.cancelled() else task.exception()
    if problem is not None and not isinstance(problem, CountersignError):
        _log.error("a run broke off", exc_info=problem)


def _event(name: str, data: JsonValue) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _place(run: Run) -> str:
    return f"/threads/{run.thread_id}/runs/{run.run_id}"
