"""The normal distribution on arrays, without loading scipy into the process that serves decisions."""

from __future__ import annotations

import math

import numpy as np

from tools.bandits.ridge import FloatArray

_STEP = 0.01
_LIMIT = 8.5
_KNOTS = np.arange(-_LIMIT, _LIMIT + _STEP / 2, _STEP)
_CDF = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in _KNOTS])
_PDF = np.exp(-0.5 * _KNOTS**2) / math.sqrt(2.0 * math.pi)


def normal_pdf(z: FloatArray) -> FloatArray:
    """Density of the standard normal."""
    return np.asarray(np.exp(-0.5 * np.square(z)) / math.sqrt(2.0 * math.pi))


def normal_cdf(z: FloatArray) -> FloatArray:
    """Distribution function, within 1e-10: cubic Hermite between exact values, whose slopes are the density."""
    clipped = np.clip(z, -_LIMIT, _LIMIT - _STEP / 2)
    left = np.minimum(((clipped + _LIMIT) / _STEP).astype(np.int64), len(_KNOTS) - 2)
    s = (clipped - _KNOTS[left]) / _STEP
    t = 1.0 - s
    value = _CDF[left] * t * t * (1 + 2 * s) + _CDF[left + 1] * s * s * (1 + 2 * t)
    slope = (_PDF[left] * t - _PDF[left + 1] * s) * s * t * _STEP
    return np.asarray(np.clip(value + slope, 0.0, 1.0))
