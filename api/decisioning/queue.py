"""Requests that arrive together are decided together: one thread, one transaction a group."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from api.decisioning.errors import TooManyRequestsError
from delivery.decisions.asked import ItemEvent
from delivery.decisions.service import Answer, Call, DecisionService
from store.threads import in_thread

MOST_WAITING, MOST_TOGETHER = 2_000, 64


class _Waiting(NamedTuple):
    calls: Sequence[Call]
    answers: asyncio.Future[list[Answer]]


class DecisionQueue:
    """Decides what waits, group after group, on the event loop it is first used on."""

    def __init__(self, service: DecisionService) -> None:
        self._service = service
        self._waiting: deque[_Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def decide(self, calls: Sequence[Call]) -> list[Answer]:
        """Answer calls in order; TooManyRequestsError when more than MOST_WAITING requests wait already."""
        if len(self._waiting) >= MOST_WAITING:
            raise TooManyRequestsError(
                f"{len(self._waiting)} requests wait, {MOST_WAITING} are let in; try again in a second",
                value=len(self._waiting),
            )
        answers = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(calls, answers))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        done: list[Answer] = await answers
        return done

    async def take_events(self, key: str, decision_id: str, events: Sequence[ItemEvent]) -> dict[str, Any]:
        """Keep events of one decision."""
        async with self._turn:
            return await in_thread(self._service.take_events, key, decision_id, events)

    async def replay(self, key: str, decision_id: str) -> dict[str, Any]:
        """Draw the choices of one decision again from the log."""
        async with self._turn:
            return await in_thread(self._service.replay, key, decision_id)

    async def learnt(self, key: str, collection_id: str) -> dict[str, Any]:
        """Show what a collection believes now, by item."""
        async with self._turn:
            return await in_thread(self._service.learnt, key, collection_id)

    async def _run(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft()]
            calls = len(group[0].calls)
            while self._waiting and calls + len(self._waiting[0].calls) <= MOST_TOGETHER:
                group.append(self._waiting.popleft())
                calls += len(group[-1].calls)
            async with self._turn:
                (made,) = await asyncio.gather(
                    in_thread(self._service.decide, [call for each in group for call in each.calls]),
                    return_exceptions=True,
                )
            first = 0
            for each in group:
                if each.answers.cancelled():
                    pass
                elif isinstance(made, BaseException):
                    each.answers.set_exception(made)
                else:
                    each.answers.set_result(made[first : first + len(each.calls)])
                first += len(each.calls)
