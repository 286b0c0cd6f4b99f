"""What a campaign brought: the readout as JSON, the report as a page."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import FileResponse

from agents.review.record import ReadoutRecord
from api.http.signing_in import Caller, SignedIn
from api.records.measures import readouts_of
from api.reviews import Reviewed, reviewed
from api.views.numbers import SourcedFigure, View, sourced
from policies.authority import Action
from policies.errors import NotFoundError
from policies.figures import say
from store.repositories.campaigns import get_campaign
from store.threads import in_thread

router = APIRouter(prefix="/v1/campaigns", tags=["readouts"])


class NextView(View):
    """An objective for a next campaign, to be typed as it is, and why."""

    objective: str
    because: str


class FindingsView(View):
    """What the analyst says of the readout, its figures filled in, and where each came from."""

    summary: str
    next_proposals: tuple[NextView, ...]
    figures: dict[str, SourcedFigure]


class ReadoutView(View):
    """The newest readout of a campaign: what was measured, and what the analyst found once that is in words."""

    readout_id: str
    campaign_id: str
    campaign: str
    launch_id: str
    final: bool
    verdict: str
    record: ReadoutRecord
    findings: FindingsView | None
    has_report: bool
    created_at: datetime


@router.get("/{campaign_id}/readout")
async def readout(caller: SignedIn, campaign_id: str) -> ReadoutView:
    """Show the newest readout; 404 before anything was measured."""
    caller.require(Action.VIEW)
    return await in_thread(_readout, caller, campaign_id)


@router.get("/{campaign_id}/report", response_class=FileResponse)
async def report(caller: SignedIn, campaign_id: str) -> FileResponse:
    """Show the one-page report; 404 before it was written."""
    caller.require(Action.VIEW)
    await in_thread(_require_campaign, caller, campaign_id)
    file = caller.app.reviews.report_file(campaign_id)
    if not file.is_file():
        raise NotFoundError(
            f"campaign {campaign_id} has no report yet; it is written with its readout", value=campaign_id
        )
    return FileResponse(file, media_type="text/html")


def _readout(caller: Caller, campaign_id: str) -> ReadoutView:
    with caller.app.database.read() as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        rows = readouts_of(session, caller.workspace_id, campaign_id)
        review = reviewed(session, caller.workspace_id, campaign_id)
    if not rows:
        raise NotFoundError(
            f"campaign {campaign_id} is {campaign.state} and has no readout yet; it is made once its outcomes are in",
            value=campaign_id,
        )
    newest = rows[0]
    return ReadoutView(
        readout_id=newest.readout_id,
        campaign_id=campaign_id,
        campaign=campaign.name,
        launch_id=newest.launch_id,
        final=newest.final,
        verdict=newest.verdict,
        record=ReadoutRecord.model_validate(newest.record),
        findings=None if review is None else _findings(review),
        has_report=caller.app.reviews.report_file(campaign_id).is_file(),
        created_at=newest.created_at,
    )


def _findings(review: Reviewed) -> FindingsView:
    found, figures = review.findings, review.figures
    return FindingsView(
        summary=say(found.summary, figures),
        next_proposals=tuple(
            NextView(objective=say(each.objective, figures), because=say(each.because, figures))
            for each in found.next_proposals
        ),
        figures={name: sourced(figure) for name, figure in figures.items()},
    )


def _require_campaign(caller: Caller, campaign_id: str) -> None:
    with caller.app.database.read() as session:
        get_campaign(session, caller.workspace_id, campaign_id)
