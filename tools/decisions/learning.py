"""What a collection believes after it has learnt: declared values as a prior, and the sums of rewards since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from policies.managed import Learning
from tools.bandits.errors import BanditParameterError
from tools.bandits.ridge import FloatArray, Posterior

MILLION = 1_000_000


class ArmSums(NamedTuple):
    """Exact sums of one arm: rows learnt, rewards and squared rewards in millionths, each row rounded by itself.

    Whole numbers, so that the order of learning does not matter and what is taken out leaves nothing behind.
    """

    rows: int = 0
    total: int = 0
    squares: int = 0

    @classmethod
    def of(cls, reward: float) -> ArmSums:
        """The sums of one row."""
        return cls(1, round(reward * MILLION), round(reward * reward * MILLION))

    def plus(self, other: ArmSums, sign: int = 1) -> ArmSums:
        """The sums of both, or with sign -1 what is left when the other is taken out."""
        return ArmSums(*(mine + sign * more for mine, more in zip(self, other, strict=True)))


class Seen(NamedTuple):
    """One event of a chosen item."""

    name: str
    at: datetime


def reward_of(learning: Learning, chosen_at: datetime, events: Sequence[Seen]) -> float | None:
    """The reward of a choice: the worth of each kind of event that came inside the window, once a kind; 0 without any.

    None where the item must be displayed first and was not: such a choice says nothing.
    """
    until = chosen_at + timedelta(hours=learning.window_hours)
    inside = {each.name for each in events if chosen_at <= each.at <= until}
    if learning.displayed_only and "display" not in inside:
        return None
    return float(sum(worth for name, worth in sorted(learning.rewards.items()) if name in inside))


def believed_after(
    arms: tuple[str, ...],
    values: FloatArray,
    prior_rows: float,
    observations: float,
    noise: float,
    sums: Mapping[str, ArmSums],
    digest: str,
) -> Posterior:
    """The belief of a collection: values (K,) count as `prior_rows` rows each, then come the sums.

    Mean (prior_rows * value + total) / (prior_rows + rows); the noise variance is the declared one, worth `observations`
    rows, pooled with the residuals; a mean's variance is noise variance / (prior_rows + rows).
    """
    rows, total, squares = _arrays(arms, sums)
    weight = prior_rows + rows
    mean = np.where(rows > 0, (prior_rows * values + total) / weight, values)
    residual = np.maximum(squares - 2.0 * mean * total + rows * mean**2, 0.0)
    variance = (observations * noise**2 + residual.sum()) / (observations + rows.sum())
    deviation = np.sqrt(variance / weight)
    return Posterior(
        arms,
        mean[:, None],
        deviation[:, None, None],
        float(variance),
        float(observations + rows.sum()),
        digest,
    )


def believed_chances(
    arms: tuple[str, ...],
    values: FloatArray,
    prior_rows: float,
    observations: float,
    sums: Mapping[str, ArmSums],
    digest: str,
) -> Posterior:
    """The same for rewards of 0 to 1 as Betas: prior_rows * value successes, prior_rows * (1 - value) failures, then sums."""
    require_chances(arms, values)
    rows, total, _ = _arrays(arms, sums)
    size = prior_rows + rows
    mean = np.where(rows > 0, (prior_rows * values + total) / size, values)
    deviation = np.sqrt(mean * (1.0 - mean) / (size + 1.0))
    chance = float((mean * size).sum() / size.sum())
    return Posterior(
        arms,
        mean[:, None],
        deviation[:, None, None],
        chance * (1.0 - chance),
        float(observations + rows.sum()),
        digest,
    )


def require_chances(arms: tuple[str, ...], values: FloatArray) -> None:
    """Refuse values (K,) that are no chances: BanditParameterError names the first."""
    wrong = np.flatnonzero(~((values > 0) & (values < 1)))
    if len(wrong):
        k = int(wrong[0])
        raise BanditParameterError(
            f"beta_thompson/1 needs a chance inside 0 and 1 for every arm; {arms[k]} is declared {values[k]:g}",
            value=values[k],
        )


def _arrays(arms: tuple[str, ...], sums: Mapping[str, ArmSums]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rows, rewards and squared rewards by arm, (K,) each, in the unit of rewards."""
    table = np.array([sums.get(arm, ArmSums()) for arm in arms], dtype=np.float64)
    return table[:, 0], table[:, 1] / MILLION, table[:, 2] / MILLION
