"""What this process wrote or read last, so that the next node of a thread need not read it again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from pydantic import BaseModel

from agents.workbench import Workbench
from store.repositories.agent_work import get_draft
from store.threads import in_thread

T = TypeVar("T")
DraftT = TypeVar("DraftT", bound=BaseModel)
DRAFTS_HELD = 256
THREADS_HELD = 16


class Recent(Generic[T]):
    """The `size` values used last, by key, for values that never change under their key; any thread may use it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Return what is held under a key."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, value: T) -> None:
        """Hold a value, and let go of the one that was not used for longest."""
        with self._lock:
            self._held[key] = value
            self._held.move_to_end(key)
            if len(self._held) > self._size:
                self._held.popitem(last=False)


class RecentDrafts:
    """Drafts by id. A draft never changes once its transaction is committed; one that is not held, as after a
    restart, comes from the store.
    """

    def __init__(self, bench: Workbench, size: int = DRAFTS_HELD) -> None:
        self._bench = bench
        self._recent: Recent[BaseModel] = Recent(size)

    def put(self, draft_id: str, draft: BaseModel) -> None:
        """Hold a draft; only after the transaction that wrote it has committed."""
        self._recent.put(draft_id, draft)

    async def read(self, draft_id: str, kind: type[DraftT]) -> DraftT:
        """Return a draft; NotFoundError when there is none."""
        held = self._recent.get(draft_id)
        return held if isinstance(held, kind) else await in_thread(self._load, draft_id, kind)

    def _load(self, draft_id: str, kind: type[DraftT]) -> DraftT:
        with self._bench.database.read() as session:
            draft = kind.model_validate(get_draft(session, draft_id).content)
        self.put(draft_id, draft)
        return draft
