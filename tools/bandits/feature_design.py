"""Features from whatever a customers table holds: one definition a workspace, made by rule, not by hand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.bandits.features import CategoryFeature, FeatureDefinition, NumericFeature

Columns = Mapping[str, NDArray[Any]]
MOST_LEVELS = 12
_NOT_FEATURES = frozenset({"person_id", "import_id", "days_since_purchase"})
"""Ids, and what `months_since_purchase` already says."""
_SKEWED = 2.0


def design_features(columns: Columns, version: str) -> FeatureDefinition:
    """Decide which columns become features.

    Numbers are centred and scaled (logged when strongly skewed), flags stay, texts of at most 12 levels are one-hot without
    their first level, and flags that share a prefix (`bought_`) get products: buying both lines is not the sum of each.
    Those flags and products may change what an arm does (`modifiers`); all else only says how likely a person is to act
    anyway. Columns that never vary are left out.
    """
    numeric, flags, categories = [], [], []
    for name in sorted(columns):
        column = columns[name]
        if name in _NOT_FEATURES or np.issubdtype(column.dtype, np.datetime64):
            continue
        if column.dtype == object or column.dtype.kind in "US":
            levels = sorted({str(value) for value in column if value is not None})
            if 1 < len(levels) <= MOST_LEVELS:
                categories.append(CategoryFeature(name, tuple(levels[1:])))
            continue
        values = column.astype(float)
        known = values[np.isfinite(values)]
        if known.size == 0 or known.min() == known.max():
            continue
        if set(np.unique(known)) <= {0.0, 1.0}:
            flags.append(name)
        else:
            numeric.append(_numeric(name, known))
    pairs = [(a, b) for a, b in combinations(flags, 2) if "_" in a and a.split("_")[0] == b.split("_")[0]]
    paired = [flag for flag in flags if any(flag in pair for pair in pairs)]
    return FeatureDefinition(
        version=version,
        numeric=tuple(numeric),
        flags=tuple(flags),
        categories=tuple(categories),
        products=tuple(pairs),
        modifiers=(*paired, *(f"{a}*{b}" for a, b in pairs)),
    )


def _numeric(name: str, values: NDArray[np.float64]) -> NumericFeature:
    spread = values.std()
    skewed = values.min() >= 0 and abs(((values - values.mean()) ** 3).mean()) > _SKEWED * spread**3
    seen = np.log1p(values) if skewed else values
    return NumericFeature(name, float(f"{seen.mean():.6g}"), float(f"{seen.std():.6g}"), bool(skewed))
