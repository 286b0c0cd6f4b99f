"""What a campaign may bring and cost, by which method, and how right such forecasts were before."""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import Session

from agents.propose.drafts import ForecastDraft
from agents.situation import Situation
from api.records.past_forecasts import PastForecasts, Unsubscribes, past_forecasts, unsubscribes_of
from api.views.numbers import Derived, View, derived
from policies.figures import Figure, estimate
from policies.proposal import Content, Forecast
from store.repositories.agent_work import latest_draft
from store.tables import Proposal
from store.tables.base import JsonObject
from tools.experiments.interval import wilson_interval

CONFIDENCE = 0.8


class DerivedLine(View):
    """A quantity worked out when it is shown from the frozen forecast; `note` says what the bounds are."""

    quantity: str
    low: Derived
    median: Derived
    high: Derived
    note: str


class MissingLine(View):
    """A quantity that nothing forecasts, and why."""

    quantity: str
    because: str


class ScoreLine(View):
    """One quantity of past forecasts. `coverage` is the share of estimates inside the 80 % interval (0 to 1)."""

    quantity: str
    compared: int
    inside: int
    coverage: float
    median_error: float | None


class PastView(View):
    """How past forecasts of the workspace scored against the final readouts `readout_ids`."""

    words: str
    readout_ids: tuple[str, ...]
    compared: int
    inside: int
    coverage: float | None
    median_error: float | None
    quantities: tuple[ScoreLine, ...]


class OutlookView(View):
    """What stands beside the frozen forecast: its method, what follows from it, what is missing, how far to trust it."""

    method: str
    derived: tuple[DerivedLine, ...]
    missing: tuple[MissingLine, ...]
    past: PastView


def outlook_view(session: Session, proposal: Proposal, content: Content) -> OutlookView:
    """Return the forecast of a proposal with what follows from it and how earlier ones did."""
    draft = latest_draft(session, proposal.thread_id, "forecast")
    method = "not kept" if draft is None else ForecastDraft.model_validate(draft).method
    found: list[DerivedLine | MissingLine] = [
        _contribution(session, proposal.thread_id, content),
        _unsubscribes(content, unsubscribes_of(session, proposal.workspace_id)),
    ]
    return OutlookView(
        method=method,
        derived=tuple(line for line in found if isinstance(line, DerivedLine)),
        missing=tuple(line for line in found if isinstance(line, MissingLine)),
        past=past_view(past_forecasts(session, proposal.workspace_id, proposal.campaign_id)),
    )


def past_view(past: PastForecasts) -> PastView:
    """Say how past forecasts scored; without any, that there is none."""
    compared = sum(one.compared for one in past.scores)
    inside = sum(one.inside for one in past.scores)
    words = (
        "no past forecast yet"
        if not compared
        else f"{inside} of {compared} estimates lay inside their 80 % intervals"
    )
    return PastView(
        words=words,
        readout_ids=past.readout_ids,
        compared=compared,
        inside=inside,
        coverage=inside / compared if compared else None,
        median_error=past.median_error,
        quantities=tuple(
            ScoreLine(
                quantity=one.quantity,
                compared=one.compared,
                inside=one.inside,
                coverage=one.inside / one.compared,
                median_error=one.median_error,
            )
            for one in past.scores
        ),
    )


def _contribution(session: Session, thread_id: str, content: Content) -> DerivedLine | MissingLine:
    parts = {part.quantity_id: part for part in content.forecast}
    draft = latest_draft(session, thread_id, "situation")
    if not {"revenue", "cost"} <= parts.keys() or draft is None:
        return MissingLine(
            quantity="contribution", because="the forecast says nothing about revenue, or nothing about cost"
        )
    margin = _margin(draft, content)
    revenue, cost = parts["revenue"], parts["cost"]

    def worked_out(of: str, less: str) -> Derived:
        value = _amount(content, revenue, of) * Decimal(str(margin.value)) - _amount(content, cost, less)
        unit = content.figures[revenue.median.figure].unit
        formula = f"forecast.revenue.{of} × gross_margin − forecast.cost.{less}"
        return derived(round(value), unit, formula, {"gross_margin": margin})

    return DerivedLine(
        quantity="contribution",
        low=worked_out("low", "high"),
        median=worked_out("median", "median"),
        high=worked_out("high", "low"),
        note="of the whole net audience, the holdout included; the bounds join those of revenue and cost, "
        "so they are no 80 % interval of their own",
    )


def _margin(draft: JsonObject, content: Content) -> Figure:
    """The gross margin of the rules that the proposal was judged by, under the digest that is frozen with it."""
    figure = Situation.model_validate(draft).rules.figure("gross_margin", "rate")
    source = figure.source.model_copy(update={"digest": content.rules["workspace"]})
    return figure.model_copy(update={"source": source})


def _amount(content: Content, part: Forecast, bound: str) -> Decimal:
    refs = {"low": part.low, "median": part.median, "high": part.high}
    return Decimal(content.text(refs[bound]))


def _unsubscribes(content: Content, seen: Unsubscribes) -> DerivedLine | MissingLine:
    sends = next((part for part in content.forecast if part.quantity_id == "sends"), None)
    if sends is None or not seen.unsubscribed or not seen.sent:
        return MissingLine(quantity="unsubscribes", because="no history of unsubscribes")
    rate, low, high, _ = wilson_interval(min(seen.unsubscribed, seen.sent), seen.sent, CONFIDENCE)
    source = Figure.model_validate(
        {
            "value": f"{seen.unsubscribed}/{seen.sent}",
            "unit": "text",
            "source": {
                "kind": "setting",
                "name": "events and sends of this workspace",
                "path": "unsubscribe",
            },
        }
    )

    def times(share: float, bound: str) -> Derived:
        value = estimate(float(_amount(content, sends, bound)) * share)
        formula = f"forecast.sends.{bound} × unsubscribed_of_sent"
        return derived(value, "people", formula, {"unsubscribed_of_sent": source})

    return DerivedLine(
        quantity="unsubscribes",
        low=times(low, "low"),
        median=times(rate, "median"),
        high=times(high, "high"),
        note="the workspace's own unsubscribes a message so far, with the bounds of an 80 % Wilson interval",
    )
