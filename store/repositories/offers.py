"""The offers of a workspace as a proposal binds them: by a digest over everything that they give away and to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from policies.proposal import Content, digest_json
from store.tables import Offer


def offers_by_id(session: Session, workspace_id: str, offer_ids: Collection[str]) -> dict[str, Offer]:
    """Return those of the named offers that the workspace has."""
    if not offer_ids:
        return {}
    query = select(Offer).where(Offer.workspace_id == workspace_id, col(Offer.offer_id).in_(offer_ids))
    return {offer.offer_id: offer for offer in session.exec(query)}


def offer_digest(offer: Offer) -> str:
    """Return sha256 over the canonical JSON of an offer: cost, value, dates, placements, eligibility and caps."""
    return digest_json(offer.model_dump(mode="json", exclude={"workspace_id"}))


def changed_offers(session: Session, workspace_id: str, content: Content) -> Mapping[str, Offer | None]:
    """Return the offers of a content that are not those it was frozen with: as they are now, None where one is gone."""
    used = {use.offer_id: use.digest for use in content.offers}
    now = offers_by_id(session, workspace_id, used.keys())
    return {
        offer_id: now.get(offer_id)
        for offer_id, digest in used.items()
        if offer_id not in now or offer_digest(now[offer_id]) != digest
    }
