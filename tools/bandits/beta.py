"""Beta-Bernoulli Thompson sampling with its propensities computed, for rewards that are 0 or 1."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import Belief, BoolArray, PolicyParameters, check_eligible, check_range, settled
from tools.bandits.tiles import FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# row i integrates the polynomial through the nodes from -1 to node i
_RISING = np.linalg.solve(
    np.vander(_NODES, increasing=True).T,
    np.array([(_NODES**k - (-1.0) ** k) / k for k in range(1, len(_NODES) + 1)]),
).T
_REACH = (-9.0, -6.0, -4.0, -2.5, -1.0, 0.0, 1.0, 2.5, 4.0, 6.0, 9.0)


@dataclass(frozen=True)
class BetaThompson:
    """p(arm) = probability that the arm's draw from its Beta belief is the highest, arms taken as independent.

    Each arm's Beta is the one with the score and deviation of the belief: from s successes and f failures with a prior of
    one each that is Beta(1 + s, 1 + f) exactly. `width` multiplies deviations. A Beta with a parameter below 1 is
    narrowed until both are at least 1. p(a) = integral of pdf_a times the others' cdf, over the angle asin(sqrt(chance)), in
    panels that follow every arm, sixteen Gauss-Legendre nodes each: within 1e-8. The draw uses these very numbers. Made for
    beliefs that many people share: people with equal rows are worked out once. Scores must lie inside 0 and 1, so no
    price of money can be taken off them.
    """

    width: float = 1.0
    policy_id: str = "beta_thompson/1"
    needs_deviations: bool = True

    def __post_init__(self) -> None:
        check_range("beta thompson width", self.width, 1e-6, 1e6)

    def parameters(self) -> PolicyParameters:
        return {"width": self.width}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        if belief.deviations is None or belief.deviations.shape != belief.means.shape:
            raise ArraySizeError("Beta Thompson needs a deviation for every score", value=None)
        seen = belief.means[eligible]
        if not ((seen > 0) & (seen < 1)).all():
            worst = seen[np.argmax(np.abs(seen - 0.5))]
            raise BanditParameterError(
                f"score {worst:g} must lie inside 0 and 1, a chance; take another bandit policy where money has a price",
                value=worst,
            )
        rows = np.hstack([np.where(eligible, belief.means, 0.5), belief.deviations * self.width, eligible])
        alike, back = np.unique(rows, axis=0, return_inverse=True)
        arms = eligible.shape[1]
        found = np.zeros((len(alike), arms))
        for number, row in enumerate(alike):
            own = row[2 * arms :] > 0
            found[number, own] = highest_of_betas(*betas_of(row[:arms][own], row[arms : 2 * arms][own]))
        return settled(found[back.ravel()], eligible)


def betas_of(means: FloatArray, deviations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the parameters a and b (K,), both at least 1, of the Betas with these means (K,) and deviations (K,)."""
    size = means * (1.0 - means) / np.maximum(np.square(deviations), 1e-30) - 1.0
    size = np.maximum(size, 1.0 / np.minimum(means, 1.0 - means))
    return means * size, (1.0 - means) * size


def highest_of_betas(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return each arm's chance (K,) to be the highest of independent Beta(a, b), (K,), parameters 1 or more."""
    if len(a) == 1:
        return np.ones(1)
    centre = np.arcsin(np.sqrt(a / (a + b)))
    spread = 0.5 / np.sqrt(a + b)
    edges = np.unique(np.clip(np.multiply.outer(_REACH, spread) + centre, 0.0, pi / 2))
    half = np.diff(edges)[:, None] / 2
    angle = edges[:-1, None] + half * (_NODES + 1.0)
    with np.errstate(divide="ignore"):
        sine, cosine = np.log(np.sin(angle)), np.log(np.cos(angle))
    density = np.empty((len(a), *angle.shape))
    below = np.empty_like(density)
    for k in range(len(a)):
        log = (2.0 * a[k] - 1.0) * sine + (2.0 * b[k] - 1.0) * cosine
        raw = np.exp(log - log.max()) * half
        mass = raw @ _WEIGHTS
        total = mass.sum()
        start = np.concatenate([[0.0], np.cumsum(mass)[:-1]])
        density[k] = raw / total
        below[k] = np.clip((start[:, None] + raw @ _RISING.T) / total, 0.0, 1.0)
    after = np.ones_like(density)
    for k in range(len(a) - 2, -1, -1):
        after[k] = after[k + 1] * below[k + 1]
    before, p = np.ones_like(angle), np.empty(len(a))
    for k in range(len(a)):
        p[k] = float(((density[k] * before * after[k]) @ _WEIGHTS).sum())
        before = before * below[k]
    return np.maximum(p, 0.0)
