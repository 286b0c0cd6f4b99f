"""Gaussian Thompson sampling with its propensities computed, not sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.bandits.errors import ArraySizeError
from tools.bandits.normal import normal_cdf, normal_pdf
from tools.bandits.policy import Belief, BoolArray, PolicyParameters, check_eligible, check_range, settled
from tools.bandits.tiles import FloatArray, block_rows

NODES = 64
_TAIL = 7.0
_NARROWEST = 8.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


@dataclass(frozen=True)
class Thompson:
    """p(arm) = probability that the arm's draw from its belief is the highest, arms taken as independent.

    One Gauss-Legendre grid of 64 nodes per person serves all arms: p(a) = integral of pdf_a times the product of
    the other arms' cdf. A deviation below 1/8 of the person's widest is widened to it, so that the grid sees it: such
    arms are explored a little more than they need. `width` multiplies the deviations (1 is Thompson's own rule). The
    draw uses these very numbers, so the logged propensities are exact; against the integral they are within 1e-5
    where deviations differ up to 8 times, 1e-3 where twenty arms' differ without bound.
    """

    width: float = 1.0
    policy_id: str = "thompson/1"
    needs_deviations: bool = True

    def __post_init__(self) -> None:
        check_range("thompson width", self.width, 1e-6, 1e6)

    def parameters(self) -> PolicyParameters:
        return {"width": self.width}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        if belief.deviations is None or belief.deviations.shape != belief.means.shape:
            raise ArraySizeError("Thompson needs a deviation for every score", value=None)
        out = np.empty_like(belief.means)
        block = block_rows(NODES * out.shape[1])
        for start in range(0, len(out), block):
            rows = slice(start, start + block)
            out[rows] = _highest(belief.means[rows], belief.deviations[rows] * self.width, eligible[rows])
        return settled(out, eligible)


def _highest(means: FloatArray, deviations: FloatArray, eligible: BoolArray) -> FloatArray:
    """(N, K) chance of each arm to be the highest of independent normals; 0 where not eligible."""
    widest = np.maximum(np.where(eligible, deviations, 0.0).max(axis=1, keepdims=True), 1e-12)
    sd = np.maximum(deviations, widest / _NARROWEST)
    low = np.where(eligible, means - _TAIL * sd, -np.inf).max(axis=1)
    high = np.where(eligible, means + _TAIL * sd, -np.inf).max(axis=1)
    half = (high - low)[:, None] / 2
    z = low[:, None] + half * (_NODES + 1)
    arms = means.shape[1]
    scaled = [(z - means[:, k, None]) / sd[:, k, None] for k in range(arms)]
    below = [np.where(eligible[:, k, None], normal_cdf(scaled[k]), 1.0) for k in range(arms)]
    # the product of the cdfs after each arm, then, walking up, of those before it
    after = [np.ones_like(z)]
    for k in range(arms - 1, 0, -1):
        after.append(after[-1] * below[k])
    before = np.ones_like(z)
    p = np.zeros_like(means)
    for k in range(arms):
        others = before * after[arms - 1 - k]
        density = (normal_pdf(scaled[k]) * _WEIGHTS * others).sum(axis=1)
        p[:, k] = np.where(eligible[:, k], density * half[:, 0] / sd[:, k], 0.0)
        before = before * below[k]
    return np.maximum(p, 0.0)
