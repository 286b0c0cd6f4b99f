"""The catalogue of experiments."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.signing_in import SignedIn
from api.views.experiments import ExperimentsView, experiments_view
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1/experiments", tags=["readouts"])


@router.get("")
async def listed(caller: SignedIn) -> ExperimentsView:
    """List what every campaign declared before its launch and what was read, then experiments logged elsewhere."""
    caller.require(Action.VIEW)

    def read() -> ExperimentsView:
        with caller.app.database.read() as session:
            return experiments_view(session, caller.workspace_id)

    return await in_thread(read)
