"""What a campaign may cost at worst: the money for messages, and what its offers and discounts give away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlmodel import Session

from api.views.numbers import Derived, View, derived
from policies.authority import RiskAssessment
from policies.figures import Figure, FigureSource
from policies.proposal import Content
from store.repositories.offers import changed_offers, offers_by_id
from store.tables import Offer

PEOPLE = "audience.net"
REVENUE = "forecast.revenue.high"
STATED = "stated_discount"
_PERCENT = Decimal(100)


class OfferExposure(View):
    """One offer in the proposal; `worst` is everybody in the audience redeeming it once, None where that is not known."""

    offer_id: str
    name: str
    value: str
    discount_percent: str | None
    worst: Derived | None


class ExposureView(View):
    """Discounts given away, and the most that may be spent. Messages end with the budget; redemptions do not.

    `discounts` and `worst_case` are what is known of them; `words` say where that is not all.
    """

    words: str
    offers: tuple[OfferExposure, ...]
    discounts: Derived
    messages: Derived
    worst_case: Derived


def exposure_view(
    session: Session, workspace_id: str, content: Content, risk: RiskAssessment | None
) -> ExposureView:
    """Work out the exposure from the offers named in the content, the discount that its brief states (as the risk was
    judged by), the largest audience and the budget.
    """
    unit = content.figures[content.envelope.budget.figure].unit
    people = content.number(content.envelope.maximum_people)
    budget = content.number(content.envelope.budget)
    dearest = max((content.number(arm.message_cost) for arm in content.arms), default=0)
    messages = min(budget, people * dearest)
    ids = [use.offer_id for use in content.offers]
    known, changed = (
        offers_by_id(session, workspace_id, ids),
        changed_offers(session, workspace_id, content),
    )
    offers = tuple(
        _offer(offer_id, known.get(offer_id), people, changed=offer_id in changed) for offer_id in ids
    )
    stated = _stated(offers, risk)
    given, formula, settings = _given(content, offers, stated)
    return ExposureView(
        words=_words(offers, changed, stated),
        offers=offers,
        discounts=derived(given, unit, formula, settings),
        messages=derived(messages, unit, f"the lesser of plan.budget and {PEOPLE} × the dearest message"),
        worst_case=derived(messages + given, unit, "messages + discounts"),
    )


def _stated(offers: Sequence[OfferExposure], risk: RiskAssessment | None) -> Decimal | None:
    """The discount that the brief states, in percent, where it is deeper than every offer; None without one."""
    deepest = Decimal(0) if risk is None else Decimal(risk.value("discount"))
    carried = [Decimal(offer.discount_percent) for offer in offers if offer.discount_percent is not None]
    return deepest if deepest > max(carried, default=Decimal(0)) else None


def _given(
    content: Content, offers: Sequence[OfferExposure], stated: Decimal | None
) -> tuple[int, str, dict[str, Figure]]:
    """What is given away as far as it is known, how that was worked out, and from which settings."""
    given = sum(int(offer.worst.value) for offer in offers if offer.worst is not None)
    parts = [f"offer.{offer.offer_id}.cost × {PEOPLE}" for offer in offers if offer.worst is not None]
    settings: dict[str, Figure] = {}
    revenue = next((part for part in content.forecast if part.quantity_id == "revenue"), None)
    if stated is not None and revenue is not None:
        given += round(Decimal(content.text(revenue.high)) * stated / _PERCENT)
        parts.append(f"{REVENUE} × {STATED}")
        source = FigureSource(kind="rule", name="risk", path="discount")
        settings[STATED] = Figure(value=str(stated / _PERCENT), unit="rate", source=source)
    return given, " + ".join(parts) or "no offer", settings


def _words(
    offers: Sequence[OfferExposure], changed: Mapping[str, Offer | None], stated: Decimal | None
) -> str:
    words = []
    for offer_id, now in changed.items():
        what = "is not in the catalogue any more" if now is None else "was changed since this was proposed"
        words.append(
            f"the offer {offer_id} {what}, so the exposure is not what is shown, and nothing launches"
        )
    if offers and not changed:
        words.append("at worst everybody in the audience redeems each offer once")
    if stated is not None:
        words.append(
            f"the brief states a discount of {stated.normalize():f} %, which no offer carries or bounds: what is shown is "
            "that share of the revenue forecast at the upper bound, and it may be more"
        )
    return "; ".join(words) or "no offer is used and no discount stated, so none is given away"


def _offer(offer_id: str, offer: Offer | None, people: int, *, changed: bool) -> OfferExposure:
    if offer is None:
        return OfferExposure(offer_id=offer_id, name=offer_id, value="", discount_percent=None, worst=None)
    name, unit = f"offer.{offer_id}.cost", f"minor:{offer.currency}"
    source = FigureSource(kind="setting", name="offers", path=f"{offer_id}.cost")
    cost = {name: Figure(value=offer.cost_minor, unit=unit, source=source)}
    return OfferExposure(
        offer_id=offer_id,
        name=offer.name,
        value=offer.value,
        discount_percent=offer.discount_percent,
        worst=None if changed else derived(offer.cost_minor * people, unit, f"{name} × {PEOPLE}", cost),
    )
