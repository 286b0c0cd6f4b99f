"""The gate on simulated runs: it finds regressions of the stated size, and leaves unchanged models alone."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evals.harness.mde import ALPHA, POWER, Behaviour, broken, probabilities, run_of
from evals.harness.statistics import holm, paired_drop_p
from evals.harness.suite import read_suites
from evals.registry import load_cases

RUNS = 220


def test_regressions_of_each_suites_own_size_are_found_and_few_whole_runs_alarm_falsely() -> None:
    suites = [suite for suite in read_suites() if suite.suite_class == "quality"]
    sizes = {suite.name: len(load_cases(suite)[0]) for suite in suites}
    assert len(suites) >= 5
    rng = np.random.default_rng(20)
    false_alarms, found = 0, Counter[str]()
    for _ in range(RUNS):
        unchanged, regressed = {}, {}
        for suite in suites:
            chance = probabilities(sizes[suite.name], Behaviour(), rng)
            before = run_of(chance, suite.epochs, rng)
            after = run_of(broken(chance, suite.mde or 0.0, rng), suite.epochs, rng)
            unchanged[suite.name] = paired_drop_p(before, run_of(chance, suite.epochs, rng), suite.epochs)
            regressed[suite.name] = paired_drop_p(before, after, suite.epochs)
        false_alarms += min(holm(unchanged).values()) <= ALPHA
        # each suite in turn is the only one that regressed
        found.update(name for name, p in regressed.items() if holm({**unchanged, name: p})[name] <= ALPHA)
    assert false_alarms / RUNS <= 0.05, false_alarms
    assert {name: found[name] for name in sizes if found[name] / RUNS < POWER} == {}
