"""The bandit policy that a collection declares: its own, inside a shortlist and behind a guard where it asks for them."""

from __future__ import annotations

from policies.managed import NOTHING, CollectionBody
from tools.bandits.errors import BanditParameterError
from tools.bandits.guarded import Guarded
from tools.bandits.policy import BanditPolicy
from tools.bandits.registry import make_policy
from tools.bandits.shortlist import Shortlist


def arms_of(body: CollectionBody) -> tuple[str, ...]:
    """Return the arms of a collection: its offers in order, then `none` where doing nothing competes."""
    return (*body.offers, *((NOTHING,) if body.do_nothing else ()))


def policy_of(body: CollectionBody) -> BanditPolicy:
    """Build a collection's bandit policy; BanditParameterError for one that cannot be, or a baseline that is no arm."""
    policy = make_policy(body.policy_id, dict(body.parameters))
    if "+" in body.policy_id:
        raise BanditParameterError(
            f"{body.policy_id} names a policy around another; declare guard or shortlist beside policy_id instead",
            value=body.policy_id,
        )
    if body.shortlist is not None:
        policy = Shortlist(policy, body.shortlist)
    if body.guard is None:
        return policy
    arms = arms_of(body)
    if body.guard.baseline not in arms:
        raise BanditParameterError(
            f"the guard's baseline {body.guard.baseline!r} is no arm of this collection",
            value=body.guard.baseline,
        )
    return Guarded(policy, arms.index(body.guard.baseline), body.guard.width)
