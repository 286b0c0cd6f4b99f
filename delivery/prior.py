"""What the bandit believes before a launch, as the proposal bound it by digest."""

from __future__ import annotations

import json
from typing import NamedTuple

from sqlmodel import Session

from policies.errors import ConflictError
from policies.proposal import Content
from store.repositories.agent_work import draft_by_digest
from store.tables import Launch
from store.tables.base import JsonObject
from tools.bandits.features import FeatureDefinition
from tools.bandits.prior import PRIOR_KIND
from tools.bandits.ridge import RidgeState


class PriorMismatchError(ConflictError):
    """The prior that is kept is not the one that the proposal describes."""

    code = "prior_mismatch"


class Learner(NamedTuple):
    """Statistics learnt so far and the features that they are about."""

    state: RidgeState
    features: FeatureDefinition


def load_learner(session: Session, launch: Launch, content: Content) -> Learner:
    """Return what a launch has learnt up to now: the bound prior, then every batch folded into it.

    Raises PriorMismatchError where the prior's arms or features are not those of the proposal.
    """
    draft = draft_by_digest(session, launch.workspace_id, PRIOR_KIND, content.bandit.prior_digest)
    features = FeatureDefinition.from_json(json.dumps(draft.content["features"]))
    stored = launch.bandit_state or draft.content["state"]
    state = RidgeState.from_json(json.dumps(stored))
    if features.digest != content.bandit.features_digest:
        raise PriorMismatchError(
            f"the prior was learnt on features {features.digest[:12]}…, the proposal names "
            f"{content.bandit.features_digest[:12]}…",
            value=features.digest,
        )
    if set(state.arms) != set(content.arm_ids()):
        raise PriorMismatchError(
            f"the prior knows the arms {', '.join(state.arms)}, the proposal has {', '.join(content.arm_ids())}",
            value=", ".join(state.arms),
        )
    return Learner(state, features)


def state_content(state: RidgeState) -> JsonObject:
    """Return a state as the launch row keeps it; it reads back to the same bits."""
    record: JsonObject = json.loads(state.to_json())
    return record
