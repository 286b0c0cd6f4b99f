"""What agents do while they do it, passed on to whoever listens to the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents.agent_run import ProgressEvent

Listener = Callable[[str, ProgressEvent], None]
"""Told the thread's id and the event, on the event loop's thread."""


class ProgressHub:
    """Sorts events by conversation. `conversation_of` finds the conversation of a thread, or None.

    `everything` hears every event of the home, whoever started it.
    """

    def __init__(
        self, conversation_of: Callable[[str], str | None], everything: Listener | None = None
    ) -> None:
        self._conversation_of = conversation_of
        self._everything = everything
        self._known: dict[str, str | None] = {}
        self._listeners: dict[str, list[asyncio.Queue[ProgressEvent]]] = {}

    def tell(self, thread_id: str, event: ProgressEvent) -> None:
        """Pass one event on; with nobody listening it is only forgotten, the trace is in the store."""
        if self._everything is not None:
            self._everything(thread_id, event)
        if not self._listeners:
            return
        if thread_id not in self._known:
            self._known[thread_id] = self._conversation_of(thread_id)
        for name in (thread_id, self._known[thread_id] or ""):
            for queue in self._listeners.get(name, ()):
                queue.put_nowait(event)

    @contextmanager
    def listen(self, listened: str) -> Iterator[asyncio.Queue[ProgressEvent]]:
        """Receive the events of a conversation, or of one thread, until the block ends."""
        queue: asyncio.Queue[ProgressEvent] = asyncio.Queue()
        self._listeners.setdefault(listened, []).append(queue)
        try:
            yield queue
        finally:
            self._listeners[listened].remove(queue)
            if not self._listeners[listened]:
                del self._listeners[listened]
                self._known = {t: c for t, c in self._known.items() if listened not in (t, c)}
