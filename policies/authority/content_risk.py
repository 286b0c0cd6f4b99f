"""What risk is computed from, read off the content of a proposal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from policies.authority.claims import sensitive_topics, unproven_claims
from policies.authority.risk import RiskFacts
from policies.proposal import Content


def risk_facts(
    content: Content,
    *,
    texts: Mapping[str, Sequence[str]],
    approved_creatives: Collection[str],
    approved_claims: Iterable[str],
    discount_percents: Iterable[Decimal],
    sensitive: Iterable[str],
) -> RiskFacts:
    """Return the facts of a campaign's content. `texts` are what customers read, by digest of the creative.

    Only creatives that were never approved before are looked through for claims. `sensitive` are the topics that
    audiences are not picked by without legal.
    """
    used = {arm.creative_digest for arm in content.arms if arm.creative_digest is not None}
    fresh = sorted(used - set(approved_creatives))
    definitions = [content.audience.definition, *(part.definition for part in content.audience.segments)]
    return RiskFacts(
        reach=content.number(content.envelope.maximum_people),
        spend_minor=content.number(content.envelope.budget),
        discount_percent=max(discount_percents, default=Decimal(0)),
        new_creatives=len(fresh),
        new_claims=unproven_claims((text for digest in fresh for text in texts[digest]), approved_claims),
        sensitive=sensitive_topics(definitions, sensitive),
    )
