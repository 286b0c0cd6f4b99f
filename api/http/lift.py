"""The lift of a campaign while it runs: intervals that may be watched, and no verdict."""

from __future__ import annotations

from functools import lru_cache

from fastapi import APIRouter

from agents.review.watch import Watched, watch
from api.http.signing_in import Caller, SignedIn
from policies.authority import Action
from policies.errors import NotFoundError
from store.clock import Clock
from store.database import Database
from store.repositories.campaigns import get_campaign
from store.repositories.launches import batches_of, launch_of_campaign
from store.threads import in_thread
from store.warehouse import Warehouse

router = APIRouter(prefix="/v1/campaigns", tags=["readouts"])


@router.get("/{campaign_id}/lift")
async def watched(caller: SignedIn, campaign_id: str) -> Watched:
    """Show the lift over the holdout after each batch: bands that hold at all looks together; 404 before a launch."""
    caller.require(Action.VIEW)
    return await in_thread(_watched, caller, campaign_id)


def _watched(caller: Caller, campaign_id: str) -> Watched:
    app = caller.app
    with app.database.read() as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        launch = launch_of_campaign(session, campaign_id)
        if launch is None:
            raise NotFoundError(
                f"{campaign.name} is {campaign.state} and was not launched; its lift is watched from its first batch on",
                value=campaign_id,
            )
        seen = sum(batch.state == "observed" for batch in batches_of(session, launch.launch_id))
    # a clock is an object that equals itself alone
    return _read(app.database, app.warehouse, app.clock, launch.launch_id, seen)  # type: ignore[arg-type]


@lru_cache(maxsize=32)
def _read(database: Database, warehouse: Warehouse, clock: Clock, launch_id: str, _seen: int) -> Watched:
    """Read once for each number of batches seen: nothing else moves the lift."""
    return watch(database, warehouse, clock, launch_id)
