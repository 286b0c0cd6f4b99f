"""Choosing beside its floors and peers, in one process and on one thread: 20 arms, 50 features.

The floor is a product of features and coefficients with an argmax, without probabilities, bounds or draws. Peers are Vowpal
Wabbit (SquareCB over action-dependent features, examples parsed before) and MABWiser (linear Thompson). Each figure is
the median of ratios of processor time taken side by side; the single choice is wall time. `pip install countersign[bench]`.

    python -m bench decisions [ROWS]    # 200,000 rows a batch, a million logged, unless said otherwise
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tools.bandits.choice_batch import ChoiceBatch
from tools.bandits.chooser import Chooser
from tools.bandits.pipeline import choose
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import FloatArray, RidgeState
from tools.bandits.running import RunningRidge
from tools.bandits.squarecb import SquareCB

ARMS, COLUMNS, LEARNT = 20, 50, 20_000
NAMES = tuple(f"arm{k}" for k in range(ARMS))
POLICY, BOUNDS, SEED = SquareCB(), ShareBounds(0.02), 5
COSTS = np.zeros(ARMS, dtype=np.int64)


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures; the number given sets the rows of a batch."""
    rows = int(argv[0]) if argv else 200_000
    rng = np.random.default_rng(1)
    history, arm, reward = _world(rng)
    posterior = RidgeState.empty(NAMES, COLUMNS).updated(history, arm, reward).posterior()
    x, eligible = rng.normal(size=(rows, COLUMNS)), np.ones((rows, ARMS), dtype=np.bool_)
    positions = np.arange(rows)

    def ours() -> ChoiceBatch:
        return choose(posterior, x, eligible, COSTS, POLICY, BOUNDS, SEED, positions)

    floor, batch = _beside(lambda: (x @ posterior.coefficients.T).argmax(axis=1), ours, 15)
    ratio = float(np.median(batch / floor))
    yield _row("batch: probabilities, bounds, draw / product and argmax", ratio, "ratio", 2.0, ratio <= 2.0)
    yield _row("the same against the least that counts", ratio, "ratio", 3.5, ratio <= 3.5)
    yield _row("a row of the batch", float(np.median(batch)) / rows * 1e9, "ns", None, None)
    made = ours()
    yield _row("batch replays", float(made.replays()), "share", 1.0, made.replays())
    chooser = Chooser(posterior, POLICY, BOUNDS, SEED)
    single = _single(chooser, x[:5000], eligible)
    yield _row("one choice in process, median", single, "us", 25.0, single <= 25.0)
    yield from _peers(history, arm, reward, x[:1000], ours, rows)
    yield from _logged(rng, posterior, 1_000_000 if not argv else rows)


def _world(rng: np.random.Generator) -> tuple[FloatArray, Any, FloatArray]:
    x, truth = rng.normal(size=(LEARNT, COLUMNS)), rng.normal(size=(ARMS, COLUMNS)) * 0.1
    arm = rng.integers(0, ARMS, LEARNT)
    return x, arm, (x * truth[arm]).sum(axis=1) + 0.5 * rng.normal(size=LEARNT)


def _beside(
    first: Callable[[], object], second: Callable[[], object], times: int
) -> tuple[FloatArray, FloatArray]:
    """Processor seconds of two things done in turn, `times` each, after one unmeasured turn."""
    taken = np.empty((times + 1, 2))
    for turn in range(times + 1):
        for which, work in enumerate((first, second)):
            started = time.process_time()
            work()
            taken[turn, which] = time.process_time() - started
    return taken[1:, 0], taken[1:, 1]


def _single(chooser: Chooser, x: FloatArray, eligible: Any) -> float:
    taken = np.empty(len(x))
    for i in range(len(x)):
        started = time.perf_counter_ns()
        chooser.choose(x[i], eligible[i], COSTS, i)
        taken[i] = time.perf_counter_ns() - started
    return float(np.median(taken)) / 1000


def _peers(
    history: FloatArray, arm: Any, reward: FloatArray, x: FloatArray, ours: Callable[[], object], rows: int
) -> Iterator[dict[str, object]]:
    import vowpalwabbit
    from mabwiser.mab import MAB, LearningPolicy

    peer = vowpalwabbit.Workspace("--cb_explore_adf --squarecb -q sa --quiet")
    learnt = [
        peer.parse(_text(history[i], (int(arm[i]), -float(reward[i]), 1 / ARMS))) for i in range(len(x))
    ]
    asked = [peer.parse(_text(row, None)) for row in x]
    for example in learnt:
        peer.learn(example)
    theirs, mine = _beside(lambda: [peer.predict(example) for example in asked], ours, 7)
    ratio = float(np.median((theirs / len(asked)) / (mine / rows)))
    yield _row("Vowpal Wabbit squarecb, parsed before / ours, a row", ratio, "ratio", 60.0, ratio >= 60)
    lints = MAB(list(range(ARMS)), LearningPolicy.LinTS(alpha=1.0), seed=1)
    lints.fit(arm[:5000], reward[:5000], history[:5000])
    theirs, mine = _beside(lambda: lints.predict(x[:200]), ours, 5)
    ratio = float(np.median((theirs / 200) / (mine / rows)))
    yield _row("MABWiser LinTS / ours, a row", ratio, "ratio", 40.0, ratio >= 40)
    running = RunningRidge(RidgeState.empty(NAMES, COLUMNS))

    def learn() -> None:
        for i in range(len(x)):
            running.learn(history[i], int(arm[i]), float(reward[i]))

    theirs, mine = _beside(lambda: [peer.learn(example) for example in learnt], learn, 7)
    ratio = float(np.median(theirs / mine))
    yield _row("Vowpal Wabbit one-row update / ours", ratio, "ratio", 3.0, ratio >= 3)


def _text(x: FloatArray, label: tuple[int, float, float] | None) -> list[str]:
    """One decision in Vowpal Wabbit's words; the cost is the reward negated."""
    shared = "shared |s " + " ".join(f"{j}:{value:.6f}" for j, value in enumerate(x))
    marks = {label[0]: f"{label[0]}:{label[1]}:{label[2]} "} if label else {}
    return [shared, *(f"{marks.get(k, '')}|a arm{k}" for k in range(ARMS))]


def _logged(rng: np.random.Generator, posterior: Any, people: int) -> Iterator[dict[str, object]]:
    """Choose and log batch after batch, as a campaign does, and check each file."""
    from delivery.choice_file import Chosen, Common, write_choices
    from store.warehouse import Warehouse

    size, taken, same = 50_000, np.zeros(2), True
    common = Common("w", "launch", "b", "c", "a", "p", "r", "f", datetime(2026, 1, 1, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        for start in range(0, people, size):
            rows = np.arange(min(size, people - start))
            x = rng.normal(size=(len(rows), COLUMNS))
            ids, groups = np.char.add("person", rows.astype(str)), np.full(len(rows), "optimised")
            eligible = np.ones((len(rows), ARMS), dtype=np.bool_)
            began = time.process_time()
            made = choose(posterior, x, eligible, COSTS, POLICY, BOUNDS, SEED, rows + start)
            chosen = time.process_time()
            blank = [""] * len(rows)
            part = Chosen(rows, ids, groups, blank, blank, x, made)
            write_choices(warehouse, common._replace(batch_id=f"b{start}"), [part])
            taken += (chosen - began, time.process_time() - chosen)
            same = same and made.replays()
    ratio = float(taken[1] / taken[0])
    yield _row("choices computed and logged", people, "count", None, None)
    yield _row("all of them replay", float(same), "share", 1.0, same)
    yield _row("logging / choosing", ratio, "ratio", 2.0, ratio <= 2.0)


def _row(name: str, value: float, unit: str, bar: float | None, holds: bool | None) -> dict[str, object]:
    return {"name": name, "value": round(value, 3), "unit": unit, "bar": bar, "holds": holds}
