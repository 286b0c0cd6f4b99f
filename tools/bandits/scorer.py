"""What scores people for arms: the ridge belief, or a model plugged in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError, NotFiniteError
from tools.bandits.ridge import FloatArray, IntArray, Posterior


class Scorer(Protocol):
    """Expected rewards (N, K) and their variances from features (N, d), with what they rest on."""

    @property
    def arms(self) -> tuple[str, ...]: ...

    @property
    def noise_variance(self) -> float: ...

    @property
    def observations(self) -> float: ...

    @property
    def state_digest(self) -> str: ...

    def predict(self, x: FloatArray) -> FloatArray: ...

    def variances(self, x: FloatArray) -> FloatArray: ...


class Predicts(Protocol):
    """A fitted model of one arm's reward: features (N, d) to (N,), each row by itself."""

    def predict(self, x: FloatArray) -> Any: ...  # an array of numbers


@dataclass(frozen=True)
class PluggedScores:
    """Means by a model an arm; variances and noise stay those of the ridge belief. Propensities stay exact.

    `digest` names models and belief together and is logged with every choice.
    """

    belief: Posterior
    models: Sequence[Predicts]
    model_digest: str

    def __post_init__(self) -> None:
        if len(self.models) != len(self.belief.arms):
            raise ArraySizeError(
                f"{len(self.models)} models for {len(self.belief.arms)} arms; give one an arm",
                value=len(self.models),
            )

    @property
    def arms(self) -> tuple[str, ...]:
        return self.belief.arms

    @property
    def noise_variance(self) -> float:
        return self.belief.noise_variance

    @property
    def observations(self) -> float:
        return self.belief.observations

    @property
    def state_digest(self) -> str:
        return hashlib.sha256(f"{self.belief.state_digest}:{self.model_digest}".encode()).hexdigest()

    def predict(self, x: FloatArray) -> FloatArray:
        """Expected reward (N, d) -> (N, K), stored arms first; NotFiniteError for what a model cannot tell."""
        rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
        if not np.isfinite(rows).all():
            raise NotFiniteError(
                "a feature is missing or infinite; the feature definition says how to fill it"
            )
        out = np.empty((len(self.models), len(rows)))
        for k, model in enumerate(self.models):
            out[k] = model.predict(rows)
        if not np.isfinite(out).all():
            raise NotFiniteError("a plugged-in model scored with a number that is missing or infinite")
        return out.T

    def variances(self, x: FloatArray) -> FloatArray:
        return self.belief.variances(x)


def boosted_scores(
    belief: Posterior, x: FloatArray, arm_index: IntArray, reward: FloatArray, seed: int = 0
) -> PluggedScores:
    """Fit gradient boosting (scikit-learn) an arm on the rows the belief has learnt: x (N, d), arm_index and reward (N,).

    An arm of fewer than 50 rows is refused: its ridge score is the better one.
    """
    from sklearn.ensemble import GradientBoostingRegressor

    models = []
    sha = hashlib.sha256()
    for k, name in enumerate(belief.arms):
        own = arm_index == k
        if own.sum() < 50:
            raise BanditParameterError(
                f"arm {name} has {own.sum()} rows; gradient boosting needs 50 or more", value=int(own.sum())
            )
        model = GradientBoostingRegressor(
            n_estimators=100, max_depth=3, learning_rate=0.1, subsample=0.5, random_state=seed
        )
        model.fit(x[own], reward[own])
        sha.update(np.float64(model.init_.constant_.ravel()[0]).tobytes())
        for tree in model.estimators_[:, 0]:
            for array in (tree.tree_.feature, tree.tree_.threshold, tree.tree_.value):
                sha.update(np.ascontiguousarray(array).tobytes())
        models.append(model)
    return PluggedScores(belief, tuple(models), sha.hexdigest())
