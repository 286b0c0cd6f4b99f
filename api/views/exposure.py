"""What a campaign may cost at worst: the money for messages, and what its offers give away."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api.views.numbers import Derived, View, derived
from policies.figures import Figure, FigureSource
from policies.proposal import Content
from store.tables import Offer

PEOPLE = "audience.net"


class OfferExposure(View):
    """One offer in the proposal; `worst` is everybody in the audience redeeming it once."""

    offer_id: str
    name: str
    value: str
    discount_percent: str | None
    worst: Derived | None


class ExposureView(View):
    """Discounts given away, and the most that may be spent. Messages end with the budget; redemptions do not."""

    words: str
    offers: tuple[OfferExposure, ...]
    discounts: Derived
    messages: Derived
    worst_case: Derived


def exposure_view(session: Session, workspace_id: str, content: Content) -> ExposureView:
    """Work out the exposure from the offers named in the content, the largest audience and the budget."""
    unit = content.figures[content.envelope.budget.figure].unit
    people = content.number(content.envelope.maximum_people)
    budget = content.number(content.envelope.budget)
    dearest = max((content.number(arm.message_cost) for arm in content.arms), default=0)
    messages = min(budget, people * dearest)
    known = _known(session, workspace_id, content)
    offers = tuple(_offer(use.offer_id, known.get(use.offer_id), people) for use in content.offers)
    given = sum(int(offer.worst.value) for offer in offers if offer.worst is not None)
    sum_of = " + ".join(f"offer.{offer.offer_id}.cost × {PEOPLE}" for offer in offers) or "no offer"
    return ExposureView(
        words=_words(offers),
        offers=offers,
        discounts=derived(given, unit, sum_of),
        messages=derived(messages, unit, f"the lesser of plan.budget and {PEOPLE} × the dearest message"),
        worst_case=derived(messages + given, unit, "messages + discounts"),
    )


def _words(offers: tuple[OfferExposure, ...]) -> str:
    if not offers:
        return "no offer is used, so no discount is given away"
    gone = [offer.offer_id for offer in offers if offer.worst is None]
    if gone:
        return f"the offer {gone[0]} is not in the catalogue any more, so the exposure is higher than shown"
    return "at worst everybody in the audience redeems each offer once"


def _known(session: Session, workspace_id: str, content: Content) -> dict[str, Offer]:
    wanted = [use.offer_id for use in content.offers]
    if not wanted:
        return {}
    query = select(Offer).where(Offer.workspace_id == workspace_id, col(Offer.offer_id).in_(wanted))
    return {offer.offer_id: offer for offer in session.exec(query)}


def _offer(offer_id: str, offer: Offer | None, people: int) -> OfferExposure:
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
        worst=derived(offer.cost_minor * people, unit, f"{name} × {PEOPLE}", cost),
    )
