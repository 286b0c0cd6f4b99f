"""Products of many rows with few arms: as fast as BLAS, and one row gets the bits it gets among a million.

BLAS may order the sums of one result differently in calls of different shape. So every call here has the same shape, a
tile of 16 rows; inside a tile the place of a row does not matter (decision 0026). Results are stored arms first: the
memory of an (N, K) answer is that of a (K, N) array, so that work per arm runs along contiguous rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
TILE = 16
_CELLS = 160_000


def tile_product(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """rows (N, d) times matrix (K, d) transposed: (N, K), stored arms first."""
    people, columns = rows.shape
    arms = len(matrix)
    # one row of arms would take BLAS's matrix-vector path, whose bits depend on the place
    left = np.ascontiguousarray(matrix if arms > 1 else np.concatenate([matrix, matrix]))
    given = np.ascontiguousarray(rows)
    whole = people - people % TILE
    out = np.empty((len(left), -(-people // TILE) * TILE))
    if whole:
        tiles = given[:whole].reshape(-1, TILE, columns).transpose(0, 2, 1)
        np.matmul(left, tiles, out=out[:, :whole].reshape(len(left), -1, TILE).transpose(1, 0, 2))
    if whole < people:
        tile = np.zeros((TILE, columns))
        tile[: people - whole] = given[whole:]
        np.matmul(left, tile.T, out=out[:, whole:])
    return out[:arms, :people].T


def arm_sum(values: FloatArray) -> FloatArray:
    """Sum over the arms, (N, K) -> (N, 1), added in arm order: the same bits for one row, whatever the storage."""
    if len(values) > 1 and values.strides[0] < values.strides[1]:
        return np.add.reduce(values, axis=1, keepdims=True)
    return np.cumsum(values, axis=1)[:, -1:] if len(values) else np.zeros((0, 1))


def pick_rows(values: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
    """The picked rows (n, K), stored arms first."""
    return np.take(values.T, rows, axis=1).T


def block_rows(arms: int) -> int:
    """How many rows to work on at a time, so that an array of theirs stays in the processor's cache."""
    return max(TILE, _CELLS // max(arms, 1))


def sum_in_order(values: list[float]) -> float:
    """The sum added from the left, as `arm_sum` does; Python's own sum compensates from 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total
