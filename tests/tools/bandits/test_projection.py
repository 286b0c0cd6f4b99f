"""Share bounds: kept by every row, nearest, and refused where they cannot hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bandits.errors import InfeasibleSharesError
from tools.bandits.projection import ShareBounds, project

ARMS = ("a", "b", "c", "none")


@pytest.mark.promise
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.4), top=st.floats(0.2, 1))
def test_every_bound_holds_under_every_mask(seed: int, share: float, top: float) -> None:
    rng = np.random.default_rng(seed)
    eligible = rng.random((30, 4)) < 0.7
    eligible[:, 3] = True
    p = rng.dirichlet(np.full(4, 0.2), 30) * eligible
    p[:, 3] += 1 - p.sum(axis=1)
    bounds = ShareBounds(share, maximum={"a": top})
    out = project(p, eligible, bounds, ARMS)
    low, high = bounds.arrays(ARMS, eligible)
    assert (out >= low - 1e-15).all() and (out <= high + 1e-15).all()
    assert (out[~eligible] == 0).all()
    assert np.abs(out.sum(axis=1) - 1).max() <= 1e-12


def test_probabilities_inside_the_bounds_are_left_alone() -> None:
    p = np.array([[0.4, 0.3, 0.2, 0.1]])
    assert np.array_equal(project(p, np.ones((1, 4), dtype=np.bool_), ShareBounds(0.1), ARMS), p)


def test_projection_is_the_nearest_point_of_a_fine_grid() -> None:
    p, eligible = np.array([[0.95, 0.05, 0.0]]), np.ones((1, 3), dtype=np.bool_)
    bounds = ShareBounds(0.3, maximum={"a": 0.7})
    out = project(p, eligible, bounds, ("a", "b", "none"))
    grid = np.stack(np.meshgrid(*[np.linspace(0.1, 0.7, 241)] * 2), axis=-1).reshape(-1, 2)
    points = np.column_stack([grid, 1 - grid.sum(axis=1)])
    points = points[points[:, 2] >= 0.1 - 1e-12]
    best = points[np.square(points - p).sum(axis=1).argmin()]
    np.testing.assert_allclose(out[0], best, atol=0.003)


def test_exploration_share_is_divided_by_the_eligible_arms() -> None:
    eligible = np.array([[True, False, False, True]])
    out = project(np.array([[1.0, 0, 0, 0]]), eligible, ShareBounds(0.02), ARMS)
    np.testing.assert_allclose(out, [[0.99, 0, 0, 0.01]], atol=1e-15)


@pytest.mark.parametrize(
    ("bounds", "always"),
    [
        (ShareBounds(minimum_arm_probability=0.3), ("none",)),
        (ShareBounds(maximum={"none": 0.5}), ("none",)),
        (ShareBounds(0.4, maximum={"a": 0.05}), ("none",)),
        (ShareBounds(maximum={"z": 0.5}), ("none",)),
    ],
)
def test_bounds_that_cannot_hold_are_refused_at_design_time(
    bounds: ShareBounds, always: tuple[str, ...]
) -> None:
    with pytest.raises(InfeasibleSharesError):
        bounds.check(ARMS, always)


def test_bounds_that_can_hold_are_accepted() -> None:
    ShareBounds(0.02, 0.05, {"a": 0.6}).check(ARMS, ("none",))


def test_a_row_whose_maxima_leave_too_little_is_refused() -> None:
    only = np.array([[True, False, False, False]])
    with pytest.raises(InfeasibleSharesError, match="row 0"):
        project(np.array([[1.0, 0, 0, 0]]), only, ShareBounds(maximum={"a": 0.5}), ARMS)
