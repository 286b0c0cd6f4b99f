"""From the words of a proposal to a bandit policy and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from tools.bandits.beta import BetaThompson
from tools.bandits.errors import BanditParameterError
from tools.bandits.policy import BanditPolicy
from tools.bandits.simple import EpsilonGreedy, Fixed, Softmax, Uniform
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

_POLICIES: dict[str, Callable[..., BanditPolicy]] = {
    "squarecb/1": SquareCB,
    "thompson/1": Thompson,
    "beta_thompson/1": BetaThompson,
    "epsilon_greedy/1": EpsilonGreedy,
    "softmax/1": Softmax,
    "uniform/1": Uniform,
    "fixed/1": Fixed,
}


def make_policy(policy_id: str, parameters: Mapping[str, object] | None = None) -> BanditPolicy:
    """Build the bandit policy that a proposal names; unknown names and parameters are refused."""
    kind = _POLICIES.get(policy_id)
    if kind is None:
        raise BanditParameterError(
            f"unknown bandit policy {policy_id}; known: {', '.join(sorted(_POLICIES))}", value=policy_id
        )
    given = dict(parameters or {})
    known = set(inspect.signature(kind).parameters) - {"policy_id", "needs_deviations"}
    unknown = sorted(set(given) - known)
    if unknown:
        raise BanditParameterError(
            f"{policy_id} has no parameter {unknown[0]}; known: {sorted(known)}", value=unknown[0]
        )
    return kind(**given)
