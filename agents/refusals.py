"""What is asked of a thread and refused: each is answered with an error, and written down in the audit log.

ThreadRefusalError
  ThreadWaitsError         the thread waits for something else, or for nothing
  UnknownNodeError         the thread waits at a node that this graph does not have
  UnknownInterruptError    an answer to an interrupt that nobody is asked
  ForgedAnswerError        an answer that is none, or that answers for more than was asked
  StateEditError           a state, a checkpoint or a step that somebody wants to put there
  RunOptionError           a way of running that would go around the one interrupt of a thread
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from agents.workbench import Workbench
from policies.errors import (
    ConflictError,
    CountersignError,
    InvalidInputError,
    NotAuthorisedError,
    NotFoundError,
)
from store.repositories.approvals import DigestChangedError
from store.repositories.resolutions import LimitRaisedError
from store.repositories.threads import note_refusal
from store.threads import in_thread

SYSTEM = "system"


class ThreadRefusalError(CountersignError):
    """Something that may not be done to a thread was asked for; nothing was done."""

    code = "thread_refused"


class ThreadWaitsError(ThreadRefusalError, ConflictError):
    """The thread waits for something else; nothing was given to it."""

    code = "thread_waits"


class UnknownNodeError(ThreadRefusalError, ConflictError):
    """The thread was left at a node that the graph does not have any more."""

    code = "unknown_node"


class UnknownInterruptError(ThreadRefusalError, ConflictError):
    """The interrupt that is answered is not the one the thread waits at."""

    code = "unknown_interrupt"


class ForgedAnswerError(ThreadRefusalError, InvalidInputError):
    """What was sent as an answer is none."""

    code = "forged_answer"


class StateEditError(ThreadRefusalError, InvalidInputError):
    """A thread's state is what its nodes made it; nobody writes it from outside."""

    code = "state_edit"


class RunOptionError(ThreadRefusalError, InvalidInputError):
    """A run was asked for in a way that is not offered."""

    code = "run_option"


_WRITTEN_DOWN = (
    ThreadRefusalError,
    NotFoundError,
    NotAuthorisedError,
    DigestChangedError,
    LimitRaisedError,
)
"""Losing a race, and words that are missing, are nobody's attempt at anything."""


@asynccontextmanager
async def noted(bench: Workbench, *, workspace_id: str, actor: str, subject: str) -> AsyncIterator[None]:
    """Write down what is refused inside the block, to whoever it was, or named without existing; the error goes on.

    `subject` is the thread, or the id that was named. What the system itself comes across is written once.
    """
    try:
        yield
    except _WRITTEN_DOWN as error:
        if not error.written_down:
            error.written_down = True
            await in_thread(_note, bench, workspace_id, actor, subject, error.code)
        raise


@contextmanager
def noted_here(bench: Workbench, *, workspace_id: str, actor: str, subject: str) -> Iterator[None]:
    """Do as `noted` does, in the thread that the store is called from."""
    try:
        yield
    except _WRITTEN_DOWN as error:
        if not error.written_down:
            error.written_down = True
            _note(bench, workspace_id, actor, subject, error.code)
        raise


def _note(bench: Workbench, workspace_id: str, actor: str, subject: str, reason: str) -> None:
    with bench.database.write() as session:
        note_refusal(
            session,
            bench.audit,
            workspace_id=workspace_id,
            at=bench.clock.now(),
            actor=actor,
            subject=subject,
            reason=reason,
            once=actor == SYSTEM,
        )
