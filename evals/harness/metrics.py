"""The figures of a suite's results: means, pass^k, intervals, recall and precision of what is counted, cost and time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from evals.harness.record import Scored, passes_by_case
from evals.harness.statistics import pass_hat_k, wilson


class SuiteFigures(BaseModel):
    """What came of a suite: n cases, their mean with Wilson's interval, pass^1 to pass^k, and every metric by name.

    Times in seconds and costs in US dollars, a case. `flaky` are cases whose epochs disagree.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int
    epochs: int
    mean: float
    low: float
    high: float
    pass_hat: tuple[float, ...]
    metrics: dict[str, float]
    flaky: tuple[str, ...]
    errors: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    cost: float
    p50_s: float
    p95_s: float


def figures_of_suite(scored: Sequence[Scored]) -> SuiteFigures:
    """Return the figures of one suite's results, at least one."""
    passes = passes_by_case(scored)
    epochs = min(len(epoch) for epoch in passes.values())
    means = [sum(each) / len(each) for each in passes.values()]
    low, high = wilson(sum(means), len(means))
    results = [one.result for one in scored]
    seconds = np.array([result.seconds for result in results])
    return SuiteFigures(
        n=len(passes),
        epochs=epochs,
        mean=float(np.mean(means)),
        low=low,
        high=high,
        pass_hat=tuple(
            pass_hat_k([sum(each[:epochs]) for each in passes.values()], epochs, k)
            for k in range(1, epochs + 1)
        ),
        metrics=metrics_of(scored),
        flaky=tuple(sorted(case for case, each in passes.items() if 0 < sum(each) < len(each))),
        errors=tuple(sorted({result.case.id for result in results if result.error is not None})),
        input_tokens=sum(result.input_tokens for result in results),
        output_tokens=sum(result.output_tokens for result in results),
        cost=sum(result.cost for result in results),
        p50_s=float(np.quantile(seconds, 0.5)),
        p95_s=float(np.quantile(seconds, 0.95)),
    )


def metrics_of(scored: Sequence[Scored]) -> dict[str, float]:
    """Return the mean of each scorer where it applies, the sums of its counts, and recall and precision of those.

    Counts named `LABEL.tp`, `.fp` and `.fn` give `SCORER.LABEL.recall` and `.precision`; a rate without anything to
    count is left out, never 1.
    """
    values: dict[str, list[float]] = defaultdict(list)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in scored:
        for score in one.scores:
            if score.applies:
                values[score.name].append(score.value)
                counts[score.name].update(score.counts)
    metrics = {name: float(np.mean(found)) for name, found in sorted(values.items())}
    for name, found in sorted(counts.items()):
        metrics |= {f"{name}.{label}": float(total) for label, total in sorted(found.items())}
        for label in sorted({key.removesuffix(".tp") for key in found if key.endswith(".tp")}):
            right = found[f"{label}.tp"]
            for rate, wrong in (("recall", f"{label}.fn"), ("precision", f"{label}.fp")):
                if right + found[wrong]:
                    metrics[f"{name}.{label}.{rate}"] = right / (right + found[wrong])
    return metrics
