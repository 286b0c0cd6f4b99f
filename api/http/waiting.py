"""What waits for whoever asks."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.signing_in import SignedIn
from api.views.waiting import WaitingView, waiting_view
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1/me", tags=["approvals"])


@router.get("/waiting")
async def waiting(caller: SignedIn) -> WaitingView:
    """List the approvals that your signature would move on, and the answers to yours of the last seven days."""
    caller.require(Action.VIEW)

    def read() -> WaitingView:
        app = caller.app
        with app.database.read() as session:
            return waiting_view(session, caller.person, app.clock.now(session))

    return await in_thread(read)
