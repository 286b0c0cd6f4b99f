"""What a bandit believes before a launch, as the content of the draft that a proposal binds by digest."""

from __future__ import annotations

import json

from pydantic import JsonValue

from tools.bandits.features import FeatureDefinition
from tools.bandits.ridge import RidgeState

PRIOR_KIND = "bandit_prior"


def prior_content(state: RidgeState, features: FeatureDefinition) -> dict[str, JsonValue]:
    """Return the content of the draft (kind `PRIOR_KIND`) whose digest a proposal binds as `prior_digest`."""
    return {"state": json.loads(state.to_json()), "features": json.loads(features.to_json())}
