"""Sample ratio mismatch: the real split, and scipy as second opinion."""

from __future__ import annotations

import pytest

from tools.experiments.errors import OutOfRangeError, UnequalRowsError
from tools.experiments.srm import check_split


def test_the_hillstrom_split_is_as_declared() -> None:
    check = check_split([21_307, 21_387, 21_306], [1, 1, 1])
    assert round(check.p_value, 2) == 0.90 and not check.broken


@pytest.mark.parametrize(
    "counts", [(50, 60), (10, 20, 30), (5, 9, 4, 8), (1, 2, 3, 4, 5), (7, 7, 9, 2, 8, 30)]
)
def test_p_values_equal_scipy(counts: tuple[int, ...]) -> None:
    from scipy.stats import chisquare

    shares = list(range(1, len(counts) + 1))
    expected = [sum(counts) * s / sum(shares) for s in shares]
    assert check_split(counts, shares).p_value == pytest.approx(chisquare(counts, expected).pvalue, rel=1e-10)


@pytest.mark.promise
def test_a_broken_split_is_found() -> None:
    assert check_split([10_000, 9_400], [1, 1]).broken


def test_bad_counts_and_shares_are_refused() -> None:
    with pytest.raises(UnequalRowsError):
        check_split([1, 2], [1])
    with pytest.raises(OutOfRangeError):
        check_split([0, 0], [1, 1])
    with pytest.raises(OutOfRangeError):
        check_split([3, 4], [1, 0])
