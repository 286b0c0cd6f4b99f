"""Places for people: our dual prices and repair against the linear program's optimum, solved by HiGHS.

python -m bench capacity [PEOPLE]    # 100,000 people and 20 arms; time is compared at 20,000
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from tools.bandits.ridge import FloatArray, IntArray
from tools.offers.allocation import Allocation, allocate

ARMS, COMPARED = 20, 20_000


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the gap to the optimum, the violations and the ratio of processor times."""
    people = int(argv[0]) if argv else 100_000
    values, capacities = _world(people)
    found, seconds = _timed(values, capacities)
    counts = np.bincount(found.arm_index, minlength=ARMS)
    gap = 1 - found.value / found.bound
    yield _row(f"gap to the dual bound of the optimum, {people:,} people", gap, "share", 0.003, gap <= 0.003)
    over = int(np.maximum(counts - capacities, 0).sum())
    yield _row("people beyond a capacity", over, "count", 0, over == 0)
    yield _row("our seconds", seconds, "s", None, None)
    values, capacities = _world(COMPARED)
    found, seconds = _timed(values, capacities)
    optimum, theirs = _highs(values, capacities)
    gap = 1 - found.value / optimum
    yield _row(f"gap to HiGHS's optimum, {COMPARED:,} people", gap, "share", 0.003, gap <= 0.003)
    yield _row("our time / HiGHS's", seconds / theirs, "ratio", 0.15, seconds / theirs <= 0.15)


def _world(people: int) -> tuple[FloatArray, IntArray]:
    """Values with arms that most people like best, and room for 70 of 100 people besides doing nothing."""
    rng = np.random.default_rng(people)
    liked = rng.normal(size=(people, 5)) @ rng.normal(size=(5, ARMS)) * 0.3
    values = np.exp(liked + rng.normal(size=ARMS) * 0.5 + 0.3 * rng.normal(size=(people, ARMS)))
    values[:, -1] = 0.0
    capacities = (rng.dirichlet(np.full(ARMS, 2.0)) * 0.7 * people).astype(np.int64)
    capacities[-1] = people
    return values, capacities


def _timed(values: FloatArray, capacities: IntArray) -> tuple[Allocation, float]:
    started = time.process_time()
    found = allocate(values, capacities, ARMS - 1)
    return found, time.process_time() - started


def _highs(values: FloatArray, capacities: IntArray) -> tuple[float, float]:
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, kron, vstack

    people = len(values)
    one_each = kron(eye_array(people), np.ones((1, ARMS)), format="csr")
    places = csr_array(kron(np.ones((1, people)), eye_array(ARMS)))
    started = time.process_time()
    solved = linprog(
        -values.ravel(),
        A_ub=vstack([places]),
        b_ub=capacities,
        A_eq=one_each,
        b_eq=np.ones(people),
        bounds=(0, None),
        method="highs",
    )
    if solved.status != 0:
        raise RuntimeError(f"HiGHS ended with {solved.status}: {solved.message}")
    return -float(solved.fun), time.process_time() - started


def _row(name: str, value: float, unit: str, bar: float | None, holds: bool | None) -> dict[str, object]:
    return {"name": name, "value": round(float(value), 6), "unit": unit, "bar": bar, "holds": holds}
