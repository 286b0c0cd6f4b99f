"""Off-policy estimates on logs of your own against a second, plain implementation, to 1e-9.

    python -m bench ope LOG.csv.gz [LOG.csv.gz ...]

The columns are those of the Open Bandit Dataset: item_id, click, propensity_score, and features that begin with
`user-item_affinity_`. The candidate shows every item alike. The second implementation goes row by row over Python numbers
and shares only the ridge solution's definition and the folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from store.logged_choices import read_logged_choices
from tools.experiments.off_policy import METHODS, LoggedChoices, Method, fold_of, policy_value

_CLOSE = 1e-9


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the largest difference of each log, and whether a candidate of little overlap is refused."""
    if not argv:
        raise SystemExit("say which logs: python -m bench ope LOG.csv.gz [LOG.csv.gz ...]")
    for name in argv:
        log = read_logged_choices(
            Path(name),
            arm="item_id",
            reward="click",
            propensity="propensity_score",
            features=["user-item_affinity_*"],
        )
        candidate = np.full((len(log.reward), len(log.arms)), 1 / len(log.arms))
        plain, worst = _plainly(log, candidate), 0.0
        for method in METHODS:
            if method == "dr_shrunk":
                continue
            value = policy_value(log, candidate, method).value
            if value is not None:
                worst = max(worst, abs(value.estimate - plain[method]))
        yield _row(f"{Path(name).name}: largest difference", worst, "reward", _CLOSE, worst <= _CLOSE)
        rare = np.zeros_like(candidate)
        rare[:, int(np.bincount(log.arm_index).argmin())] = 1.0
        told = policy_value(log, rare, "ips")
        refused = told.value is None and told.effective_n < 100 and "are needed" in told.reason
        holds = refused if told.effective_n < 100 else None
        yield _row(f"{Path(name).name}: rarest arm refused at effective n", told.effective_n, "n", 100, holds)


def _plainly(log: LoggedChoices, candidate: np.ndarray) -> dict[Method, float]:
    n, d = log.features.shape
    fold = fold_of(n, 0, 5).tolist()
    weights = [
        candidate[i][a] / p for i, (a, p) in enumerate(zip(log.arm_index, log.propensity, strict=True))
    ]
    direct, residual = [0.0] * n, [0.0] * n
    for f in range(5):
        solved = []
        for k in range(len(log.arms)):
            own = [i for i in range(n) if fold[i] != f and log.arm_index[i] == k]
            x = log.features[own]
            solved.append(np.linalg.solve(x.T @ x + np.eye(d), x.T @ log.reward[own]))
        for i in range(n):
            if fold[i] == f:
                seen = [float(log.features[i] @ beta) for beta in solved]
                direct[i] = sum(c * s for c, s in zip(candidate[i].tolist(), seen, strict=True))
                residual[i] = float(log.reward[i]) - seen[int(log.arm_index[i])]
    weighted = sum(w * r for w, r in zip(weights, log.reward.tolist(), strict=True))
    corrected, total = sum(w * r for w, r in zip(weights, residual, strict=True)), sum(weights)
    return {
        "ips": weighted / n,
        "snips": weighted / total,
        "dm": sum(direct) / n,
        "dr": (sum(direct) + corrected) / n,
        "sndr": sum(direct) / n + corrected / total,
    }


def _row(name: str, value: float, unit: str, bar: float, holds: bool | None) -> dict[str, object]:
    return {
        "name": name,
        "value": float(value),
        "unit": unit,
        "bar": bar,
        "holds": None if holds is None else bool(holds),
    }
