"""What a client asks for with one run: to begin a thread, to answer what it waits for, or to see where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agents.refusals import ForgedAnswerError, RunOptionError, UnknownInterruptError
from api.http.signing_in import Caller
from api.langgraph_server.requests import objective_of
from api.langgraph_server.resuming import Work, resumed
from api.langgraph_server.runs import beginning, new_thread
from api.langgraph_server.sight import found_thread
from policies.authority import Action
from policies.errors import InvalidInputError
from policies.privacy import require_no_address

if TYPE_CHECKING:
    from ag_ui.core import ResumeEntry, RunAgentInput

_THREAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def asked_of(caller: Caller, asked: RunAgentInput) -> Work | None:
    """Check a run, decide an approval in the database, and return what is left to do; None to only look.

    `state`, `tools`, `context` and earlier messages are the client's own record and are not read. Raises whatever refuses
    the run; a refusal about the thread is written down.
    """
    caller.require(Action.VIEW)
    if not _THREAD_ID.fullmatch(asked.thread_id):
        raise InvalidInputError(
            "a threadId has 1 to 64 letters, digits, hyphens and underscores", value=asked.thread_id[:100]
        )
    async with caller.refusals_of(asked.thread_id):
        _require_no_command(asked.forwarded_props)
        if asked.resume:
            return await _resuming(caller, asked.thread_id, asked.resume)
        if asked.messages and asked.messages[-1].role == "user":
            return await _beginning(caller, asked)
        await found_thread(caller, asked.thread_id)
        return None


async def _beginning(caller: Caller, asked: RunAgentInput) -> Work:
    said = asked.messages[-1].model_dump(mode="json", include={"role", "content"})
    text = objective_of({"messages": [said]})
    caller.require(Action.CHAT)
    caller.require(Action.CREATE_CAMPAIGN)
    require_no_address("the objective", text)
    found = await new_thread(caller, asked.thread_id, create=True)
    return await beginning(caller, found, text)


async def _resuming(caller: Caller, thread_id: str, entries: list[ResumeEntry]) -> Work:
    if len(entries) != 1:
        raise ForgedAnswerError(
            f"a thread waits at one interrupt, so one answer is taken, not {len(entries)}", value=len(entries)
        )
    entry = entries[0]
    found = await found_thread(caller, thread_id)
    waiting = (await caller.app.threads.stand(thread_id)).waiting
    if waiting is not None and entry.interrupt_id != waiting.interrupt_id:
        raise UnknownInterruptError(
            f"nobody is asked by the interrupt {entry.interrupt_id[:100]}; the thread waits at {waiting.interrupt_id}",
            value=entry.interrupt_id[:100],
        )
    answer = {"type": "ignore"} if entry.status == "cancelled" else entry.payload
    return await resumed(caller, found, waiting, {entry.interrupt_id: answer})


def _require_no_command(forwarded: object) -> None:
    """A command would resume, edit or move a thread past what is asked of it."""
    if isinstance(forwarded, Mapping) and forwarded.get("command"):
        raise RunOptionError(
            "forwardedProps.command is not offered; answer an interrupt by its id, with resume",
            value="command",
            code="command",
        )
