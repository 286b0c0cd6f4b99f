"""Gaussian Thompson sampling with its propensities computed, not sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.bandits.errors import ArraySizeError
from tools.bandits.normal import normal_cdf, normal_pdf
from tools.bandits.policy import Belief, BoolArray, PolicyParameters, check_eligible, check_range, settled
from tools.bandits.ridge import FloatArray

NODES = 64
_TAIL = 7.0
_BLOCK = 8192


@dataclass(frozen=True)
class Thompson:
    """p(arm) = probability that the arm's draw from its belief is the highest, arms taken as independent.

    One Gauss-Legendre grid of 64 nodes per person serves all arms: p(a) = integral of pdf_a times the product of
    the other arms' cdf. A deviation below 1/20 of the person's widest is widened to it, so that the grid sees it.
    `width` multiplies the deviations (1 is Thompson's own rule). The draw uses these very numbers, so the logged
    propensities are exact; against the integral they are within 1e-9 for equal deviations, 1e-6 where one is 5 times
    the other, 1e-4 where it is 16 times.
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
        for start in range(0, len(out), _BLOCK):
            rows = slice(start, start + _BLOCK)
            out[rows] = _highest(belief.means[rows], belief.deviations[rows] * self.width, eligible[rows])
        return settled(out, eligible)


def _highest(means: FloatArray, deviations: FloatArray, eligible: BoolArray) -> FloatArray:
    """(N, K) chance of each arm to be the highest of independent normals; 0 where not eligible."""
    widest = np.maximum(np.where(eligible, deviations, 0.0).max(axis=1, keepdims=True), 1e-12)
    sd = np.maximum(deviations, widest / 20)
    low = np.where(eligible, means - _TAIL * sd, -np.inf).max(axis=1)
    high = np.where(eligible, means + _TAIL * sd, -np.inf).max(axis=1)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = (high - low) / 2
    z = low[:, None] + half[:, None] * (nodes + 1)
    arms = means.shape[1]
    scaled = [(z - means[:, k, None]) / sd[:, k, None] for k in range(arms)]
    below = [np.where(eligible[:, k, None], normal_cdf(scaled[k]), 1.0) for k in range(arms)]
    p = np.zeros_like(means)
    for k in range(arms):
        density = normal_pdf(scaled[k]) / sd[:, k, None] * weights
        for other in range(arms):
            if other != k:
                density = density * below[other]
        p[:, k] = np.where(eligible[:, k], density.sum(axis=1) * half, 0.0)
    return np.maximum(p, 0.0)
