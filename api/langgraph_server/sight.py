"""Reading threads for a signed-in user: those of their workspace, and no others."""

from __future__ import annotations

from collections.abc import Sequence

from agents.refusals import UnknownNodeError
from agents.state import ProposeState
from agents.thread_stand import Stand
from api.http.signing_in import Caller
from api.langgraph_server.views import Seen, seen
from store.repositories.threads import FoundThread, ThreadSearch, find_threads, get_thread
from store.threads import in_thread

_LOST = Stand(ProposeState(), (), None, None, None, None, -1)


async def found_thread(caller: Caller, thread_id: str) -> FoundThread:
    """Return a thread of the caller's workspace; NotFoundError otherwise."""

    def read() -> FoundThread:
        with caller.app.database.read() as session:
            return get_thread(session, caller.workspace_id, thread_id)

    return await in_thread(read)


async def see(caller: Caller, thread_id: str) -> Seen:
    """Return a thread of the caller's workspace as it is shown; NotFoundError, UnknownNodeError."""
    found = await found_thread(caller, thread_id)
    return await in_thread(_seen, caller, found, await caller.app.threads.stand(thread_id))


async def search(caller: Caller, wanted: ThreadSearch) -> list[Seen]:
    """Return the threads of the caller's workspace that fit; one that this version cannot take on shows no values."""

    def read() -> Sequence[FoundThread]:
        with caller.app.database.read() as session:
            return find_threads(session, caller.workspace_id, wanted)

    return [
        await in_thread(_seen, caller, found, await _stand(caller, found)) for found in await in_thread(read)
    ]


async def _stand(caller: Caller, found: FoundThread) -> Stand:
    try:
        return await caller.app.threads.stand(found.thread.thread_id)
    except UnknownNodeError:
        return _LOST


def _seen(caller: Caller, found: FoundThread, stand: Stand) -> Seen:
    with caller.app.database.read() as session:
        return seen(session, found, stand)
