"""Customer columns to a design matrix, by a versioned definition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tools.bandits.errors import FeatureError
from tools.bandits.ridge import FloatArray, Prior

Column = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.bool_] | NDArray[np.str_] | NDArray[np.object_]

# Like 10,000 rows against an arm's own coefficient: only overwhelming data unshare it.
SHARED = 10_000.0


@dataclass(frozen=True)
class NumericFeature:
    """(f(value) - centre) / scale, f the identity or log(1 + value); a missing value counts as the centre."""

    name: str
    centre: float
    scale: float
    log: bool = False


@dataclass(frozen=True)
class CategoryFeature:
    """One 0/1 column per level; a level the definition does not name, or a missing one, is 0 in all."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class FeatureDefinition:
    """Which columns become which features: intercept, then `modifiers`, numeric, flags, levels, products of pairs.

    `modifiers` names the features that may change what an arm does to a person (which lines they bought); all
    others only say how likely the person is to act anyway, and are shared by the arms (see `prior`). Flags are
    0/1, missing counts as 0. A change of anything changes the digest; `version` is for people.
    """

    version: str
    numeric: tuple[NumericFeature, ...] = ()
    flags: tuple[str, ...] = ()
    categories: tuple[CategoryFeature, ...] = ()
    products: tuple[tuple[str, str], ...] = ()
    modifiers: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the design matrix's columns."""
        levels = [f"{c.name}={level}" for c in self.categories for level in c.levels]
        pairs = [f"{a}*{b}" for a, b in self.products]
        rest = (*(n.name for n in self.numeric), *self.flags, *levels, *pairs)
        return ("intercept", *self.modifiers, *(name for name in rest if name not in self.modifiers))

    def prior(self, pooling: float = SHARED) -> Prior:
        """The prior under which only intercept and modifiers differ freely between arms.

        Where no modifier is named nothing is known of what may differ: the arms are then independent.
        """
        return Prior(pooling=pooling if self.modifiers else 0.0, free=1 + len(self.modifiers))

    def matrix(self, columns: Mapping[str, Column]) -> FloatArray:
        """(N, d) float64 of equally long columns; extra columns are ignored."""
        needed = [*(n.name for n in self.numeric), *self.flags, *(c.name for c in self.categories)]
        absent = [name for name in needed if name not in columns]
        if absent or not needed:
            raise FeatureError(
                f"customer column {', '.join(absent)} is missing for {self.version}", value=absent
            )
        sizes = {len(columns[name]) for name in needed}
        if len(sizes) != 1:
            raise FeatureError(f"customer columns are not equally long: {sorted(sizes)}", value=sorted(sizes))
        made: dict[str, FloatArray] = {"intercept": np.ones(sizes.pop())}
        for numeric in self.numeric:
            made[numeric.name] = _scaled(numeric, columns[numeric.name])
        for flag in self.flags:
            made[flag] = _flag(flag, columns[flag])
        for category in self.categories:
            text = np.asarray(columns[category.name]).astype(str)
            made.update(
                {f"{category.name}={level}": (text == level).astype(float) for level in category.levels}
            )
        for first, second in self.products:
            if first not in made or second not in made:
                raise FeatureError(f"product {first}*{second} names no feature", value=f"{first}*{second}")
            made[f"{first}*{second}"] = made[first] * made[second]
        unknown = sorted(set(self.modifiers) - set(made))
        if unknown:
            raise FeatureError(f"modifier {unknown[0]} names no feature", value=unknown[0])
        return np.column_stack([made[name] for name in self.names])

    def to_json(self) -> str:
        """Canonical text of the definition."""
        return json.dumps({"schema": "features/1", **asdict(self)}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> FeatureDefinition:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        if data.get("schema") != "features/1":
            raise FeatureError(f"unknown feature schema {data.get('schema')}", value=data.get("schema"))
        return cls(
            version=data["version"],
            # canonical JSON writes 1.0 as 1, and the digest is over what was written first
            numeric=tuple(
                NumericFeature(n["name"], float(n["centre"]), float(n["scale"]), n["log"])
                for n in data["numeric"]
            ),
            flags=tuple(data["flags"]),
            categories=tuple(CategoryFeature(c["name"], tuple(c["levels"])) for c in data["categories"]),
            products=tuple((a, b) for a, b in data["products"]),
            modifiers=tuple(data["modifiers"]),
        )

    @cached_property
    def digest(self) -> str:
        """sha256 of the canonical text."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _scaled(feature: NumericFeature, column: Column) -> FloatArray:
    values = _numbers(feature.name, column)
    if feature.log:
        if np.any(values < 0):
            raise FeatureError(
                f"{feature.name} has {np.nanmin(values):g}; it must be 0 or more", value=np.nanmin(values)
            )
        values = np.log1p(values)
    return np.where(np.isnan(values), 0.0, (values - feature.centre) / feature.scale)


def _flag(name: str, column: Column) -> FloatArray:
    values = _numbers(name, column)
    odd = ~np.isnan(values) & (values != 0) & (values != 1)
    if odd.any():
        raise FeatureError(f"{name} has {values[odd][0]:g}; it must be 0 or 1", value=values[odd][0])
    return np.where(np.isnan(values), 0.0, values)


def _numbers(name: str, column: Column) -> FloatArray:
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FeatureError(f"{name} holds something that is not a number: {error}", value=name) from error
    if np.isinf(values).any():
        raise FeatureError(f"{name} holds an infinite value", value=name)
    return values


CUSTOMER_FEATURES = FeatureDefinition(
    version="customer/1",
    numeric=(
        NumericFeature("recency_months", centre=6.0, scale=3.5),
        NumericFeature("history", centre=5.0, scale=1.0, log=True),
    ),
    flags=("mens", "womens", "newbie"),
    categories=(
        CategoryFeature("zip_code", ("Rural", "Surburban", "Urban")),
        CategoryFeature("channel", ("Multichannel", "Phone", "Web")),
    ),
    products=(("mens", "womens"),),
    modifiers=("mens", "womens", "mens*womens"),
)
