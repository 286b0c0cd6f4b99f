"""Whether a version can be used at all, before anybody is asked to sign it."""

from __future__ import annotations

from policies.journeys import JourneyBody
from policies.managed import NOTHING, Body, CollectionBody, RuleBody
from tools.bandits.registry import make_policy
from tools.decisions.draws import bounds_of
from tools.decisions.fields import read_rule
from tools.journeys.reading import read_journey


def require_usable(object_id: str, body: Body) -> None:
    """Raise AudienceError for a rule that does not fit its fields, BanditError for shares or a policy that cannot
    be, JourneyError for a journey that cannot be carried out.
    """
    if isinstance(body, RuleBody):
        read_rule(object_id, 1, body.words, body.definition, dict(body.fields))
    elif isinstance(body, CollectionBody):
        arms = (*body.offers, *((NOTHING,) if body.do_nothing else ()))
        bounds_of(body.exploration_share, body.minimum_arm_probability, arms)
        make_policy(body.policy_id, dict(body.parameters))
    elif isinstance(body, JourneyBody):
        read_journey(object_id, 1, body)
