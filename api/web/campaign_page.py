"""What the page of a campaign shows besides the campaign: where everybody is, and the charts of its readout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from sqlmodel import Session

from agents.review.record import ReadoutRecord
from api.http.readouts import ReadoutView
from api.records.catalogue import actions_of
from api.report import claims
from api.report.context import ReportContext
from api.report.panels import Panel, panels
from api.report.wording import first_upper, words
from api.views.campaign import CampaignView, LaunchView
from api.views.numbers import number
from api.views.proposal import ForecastView
from api.web.pictures import Picture, forecast_picture
from policies.proposal import parse
from store.repositories.campaigns import get_proposal
from store.repositories.workspaces import get_workspace

_DONE = ("sent", "observed", "cancelled")


class Part(NamedTuple):
    """Some of the net audience: how many, and their share of it in per cent."""

    words: str
    people: int
    percent: str


class Progress(NamedTuple):
    """How far a launch has come: batches done of all, and where everybody is."""

    done: int
    batches: int
    percent: str
    parts: tuple[Part, ...]


class Measured(NamedTuple):
    """The readout in words and pictures."""

    headline: str
    mark: str
    reason: str
    explanation: str
    lead: Panel
    others: tuple[Panel, ...]


class CampaignPage(NamedTuple):
    """The parts of the page that are worked out for showing; each None where there is nothing yet."""

    progress: Progress | None
    measured: Measured | None
    forecast: Picture | None


def campaign_page(
    session: Session, workspace_id: str, campaign: CampaignView, readout: ReadoutView | None
) -> CampaignPage:
    """Work out what the page of a campaign shows; draws, so it is not for the event loop."""
    return CampaignPage(
        progress=None if campaign.launch is None else _progress(campaign.launch),
        measured=None if readout is None else _measured(session, workspace_id, campaign, readout.record),
        forecast=_forecast(session, workspace_id, campaign) if readout is None else None,
    )


def _progress(launch: LaunchView) -> Progress:
    done = sum(batch.state in _DONE for batch in launch.batches)
    whole = max(len(launch.batches), 1)
    return Progress(done, len(launch.batches), f"{100 * done / whole:.2f}", tuple(_parts(launch.people)))


def _parts(people: Mapping[str, object]) -> list[Part]:
    net = max(int(str(people.get("net", 0))), 1)
    counted: dict[str, int] = {}
    for name, value in people.items():
        if isinstance(value, Mapping):
            counted |= {f"{name} by {reason}": int(str(each)) for reason, each in value.items()}
        elif name != "net":
            counted[name] = int(str(value))
    return [
        Part(first_upper(words(name)), number, f"{100 * number / net:.2f}")
        for name, number in counted.items()
        if number or name == "sent"
    ]


def _measured(session: Session, workspace_id: str, campaign: CampaignView, record: ReadoutRecord) -> Measured:
    context = ReportContext(
        campaign_name=campaign.name,
        state=campaign.state,
        author=campaign.author,
        timezone=get_workspace(session, workspace_id).timezone,
        action_names={action.action_id: action.name for action in actions_of(session, workspace_id)},
    )
    lead, *others = _panels(record.model_dump_json(), context.model_dump_json())
    code = record.verdict
    return Measured(
        claims.HEADLINES.get(code, first_upper(code)),
        claims.MARKS.get(code, "·"),
        first_upper(record.reason),
        claims.EXPLANATIONS.get(code, ""),
        lead,
        tuple(others),
    )


@lru_cache(maxsize=32)
def _panels(record: str, context: str) -> tuple[Panel, ...]:
    return panels(ReadoutRecord.model_validate_json(record), ReportContext.model_validate_json(context))


def _forecast(session: Session, workspace_id: str, campaign: CampaignView) -> Picture | None:
    if campaign.proposal_id is None:
        return None
    content = parse(get_proposal(session, workspace_id, campaign.proposal_id).canonical_json)
    shown = [
        ForecastView(
            quantity=part.quantity_id,
            low=number(content, part.low),
            median=number(content, part.median),
            high=number(content, part.high),
        )
        for part in content.forecast
    ]
    return forecast_picture(shown, content.objective.kpi)
