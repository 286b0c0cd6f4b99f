"""The funnel of an audience: gross, what each reason removes, net. Every person is counted once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.audience.errors import FunnelError

BoolArray = NDArray[np.bool_]


class Removal(NamedTuple):
    """A reason to leave people out, and whom it holds for: `removed` is (n,), over the same people as `matches`."""

    code: str
    words: str
    removed: BoolArray


class FunnelStep(NamedTuple):
    """How many people one reason took, and how many were left after it."""

    code: str
    words: str
    removed: int
    left: int


class Funnel(NamedTuple):
    """gross = net + the sum of what the steps removed, exactly."""

    gross: int
    steps: tuple[FunnelStep, ...]
    net: int


class FunnelPeople(NamedTuple):
    """A funnel and who is left: `net` is (n,)."""

    funnel: Funnel
    net: BoolArray


def run_funnel(matches: BoolArray, removals: Sequence[Removal]) -> FunnelPeople:
    """Decide who is left and count, for each reason in the order given, the people it is the first to remove.

    matches: (n,) who matches the definition. Raises FunnelError when a reason covers other people or is named twice.

    >>> import numpy as np
    >>> matches = np.array([True, True, True, False])
    >>> withdrawn = Removal("consent_withdrawn", "consent withdrawn", np.array([True, False, False, True]))
    >>> run_funnel(matches, [withdrawn]).funnel.net
    2
    """
    codes = [removal.code for removal in removals]
    if len(set(codes)) < len(codes):
        raise FunnelError(f"A funnel names each reason once; these repeat: {', '.join(codes)}.", value=codes)
    left = matches.copy()
    steps: list[FunnelStep] = []
    before = gross = int(left.sum())
    for code, words, removed in removals:
        if removed.shape != matches.shape:
            raise FunnelError(
                f"The reason {code!r} covers {removed.size} people, the audience {matches.size}; give one answer a person.",
                value=removed.size,
            )
        left &= ~removed
        after = int(left.sum())
        steps.append(FunnelStep(code, words, before - after, after))
        before = after
    return FunnelPeople(Funnel(gross, tuple(steps), before), left)
