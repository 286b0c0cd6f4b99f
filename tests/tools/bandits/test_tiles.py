"""Products and sums by arm: right, and the same bits for one row as among many."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.tiles import arm_sum, sum_in_order, tile_product


@pytest.mark.parametrize(("arms", "columns"), [(1, 3), (2, 1), (3, 11), (20, 50), (64, 130)])
@pytest.mark.parametrize("people", [0, 1, 15, 16, 17, 3000])
def test_a_product_is_the_matrix_product(arms: int, columns: int, people: int) -> None:
    rng = np.random.default_rng(arms)
    rows, matrix = rng.normal(size=(people, columns)), rng.normal(size=(arms, columns))
    np.testing.assert_allclose(tile_product(rows, matrix), rows @ matrix.T, atol=1e-12)


@pytest.mark.promise
@pytest.mark.parametrize(("arms", "columns"), [(1, 7), (2, 3), (3, 9), (7, 64), (20, 50), (33, 300)])
def test_a_row_has_the_same_bits_alone_and_at_any_place(arms: int, columns: int) -> None:
    rng = np.random.default_rng(columns)
    rows, matrix = rng.normal(size=(500, columns)), rng.normal(size=(arms, columns))
    whole = tile_product(rows, matrix)
    for place in range(0, 500, 7):
        assert np.array_equal(tile_product(rows[place : place + 1], matrix)[0], whole[place])
    assert np.array_equal(tile_product(rows[3:], matrix), whole[3:])
    assert np.array_equal(tile_product(np.asfortranarray(rows), matrix), whole)


@pytest.mark.promise
@pytest.mark.parametrize("arms", [1, 3, 20, 300])
def test_sums_over_arms_have_the_same_bits_however_stored(arms: int) -> None:
    values = np.random.default_rng(arms).normal(size=(200, arms))
    whole = arm_sum(np.asfortranarray(values))
    assert np.array_equal(arm_sum(values), whole)
    for place in (0, 7, 199):
        assert np.array_equal(arm_sum(values[place : place + 1]), whole[place : place + 1])
        assert sum_in_order(values[place].tolist()) == whole[place, 0]
