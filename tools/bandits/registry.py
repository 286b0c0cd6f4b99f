"""From the words of a proposal to a bandit policy and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace

from tools.bandits.beta import BetaThompson
from tools.bandits.errors import BanditParameterError
from tools.bandits.guarded import Guarded
from tools.bandits.policy import BanditPolicy
from tools.bandits.shortlist import Shortlist
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


_AROUND: dict[str, tuple[str, ...]] = {"guarded/1": ("baseline", "guard_width"), "shortlist/1": ("size",)}
"""Policies around another, such as `guarded/1+squarecb/1`, and which parameters are theirs."""


def make_policy(policy_id: str, parameters: Mapping[str, object] | None = None) -> BanditPolicy:
    """Build the bandit policy that a proposal names; unknown names and parameters are refused."""
    around, plus, inner = policy_id.partition("+")
    if plus and around in _AROUND:
        return _made_around(around, inner, dict(parameters or {}))
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


def _made_around(around: str, inner: str, given: dict[str, object]) -> BanditPolicy:
    own = {name: _number(around, name, given.pop(name)) for name in _AROUND[around] if name in given}
    policy = make_policy(inner, given)
    if around == "shortlist/1":
        return Shortlist(policy, int(own["size"])) if "size" in own else Shortlist(policy)
    if "baseline" not in own:
        raise BanditParameterError(
            f"{around} needs the number of its baseline arm in the parameter baseline", value=around
        )
    guard = Guarded(policy, int(own["baseline"]))
    return replace(guard, width=own["guard_width"]) if "guard_width" in own else guard


def _number(around: str, name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BanditParameterError(f"{name} of {around} is {value!r}; it must be a number", value=value)
    return float(value)
