"""The embedded reading of a whole brief: by rules, and where none reads the objective, by the nearest label in meaning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from agents.planner.brief import Brief, BriefPolicy
from agents.planner.parser import reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from store.embedding import Embedder


def read_brief(
    text: str,
    *,
    today: date,
    timezone: str = "UTC",
    home_currency: str | None = None,
    policy: BriefPolicy | None = None,
) -> Brief:
    """Decide what a brief states, what is refused and what must be asked: the one reading that every entrance shares.

    Arguments and errors are those of `agents.planner.parser.read_brief`, with the offline embedding for the label; EmbedderError when
    its model is missing or altered and a label is looked for.
    """
    return reader.read_brief(
        text, today=today, timezone=timezone, home_currency=home_currency, policy=policy, embed=_embed
    )


def _embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Turn texts into unit vectors; the model is opened when the first brief needs a label."""
    return _embedder().embed(texts)


@cache
def _embedder() -> Embedder:
    from store.embedding import MiniLMEmbedder

    return MiniLMEmbedder()
