"""Whether a version can be used at all, before anybody is asked to sign it."""

from __future__ import annotations

import numpy as np

from policies.journeys import JourneyBody
from policies.managed import Body, CollectionBody, RuleBody
from tools.bandits.beta import BetaThompson
from tools.bandits.errors import BanditParameterError
from tools.decisions.draws import bounds_of
from tools.decisions.fields import read_rule
from tools.decisions.learning import require_chances
from tools.decisions.policies import arms_of, policy_of
from tools.journeys.reading import read_journey


def require_usable(object_id: str, body: Body) -> None:
    """Raise AudienceError for a rule that does not fit its fields, BanditError for shares or a policy that cannot
    be, JourneyError for a journey that cannot be carried out.
    """
    if isinstance(body, RuleBody):
        read_rule(object_id, 1, body.words, body.definition, dict(body.fields))
    elif isinstance(body, CollectionBody):
        arms = arms_of(body)
        bounds_of(body.exploration_share, body.minimum_arm_probability, arms)
        policy_of(body)
        if body.policy_id == BetaThompson.policy_id:
            require_chances(arms, np.array([body.values.get(arm, 0.0) for arm in arms]))
            _require_share_rewards(body)
    elif isinstance(body, JourneyBody):
        read_journey(object_id, 1, body)


def _require_share_rewards(body: CollectionBody) -> None:
    worth = sum(each for each in (body.learning.rewards if body.learning else {}).values() if each > 0)
    least = min((body.learning.rewards if body.learning else {"": 0.0}).values())
    if worth > 1 or least < 0:
        raise BanditParameterError(
            f"beta_thompson/1 learns rewards of 0 to 1; these come to {least:g} up to {worth:g}", value=worth
        )
