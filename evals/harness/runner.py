"""Runs suites: every case as often as its tier says, scored as it ends, until all is done or the money is."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from agents.errors import AgentError
from evals.harness.case import Case, CaseResult, JsonObject, Score, Step
from evals.harness.record import Run, RunMeta, Scored, SuiteMeta
from evals.harness.suite import Share, Suite
from policies.errors import CountersignError


class Outcome(Protocol):
    """What a task gives back of a case."""

    @property
    def output(self) -> JsonObject: ...

    @property
    def steps(self) -> tuple[Step, ...]: ...

    @property
    def usage(self) -> tuple[int, int, int]:
        """Tokens sent, tokens received, calls of the model."""

    @property
    def trace(self) -> str: ...


Task = Callable[[Case, int], Awaitable[Outcome]]
"""Carry out one case with a seed. A typed failure of the system under test is an output, not an exception."""
Scorer = Callable[[CaseResult], Score]
Price = Callable[[int, int], float]
"""US dollars for tokens sent and received."""


class Planned(Protocol):
    """A suite with its cases, its task and its scorers, ready to run."""

    @property
    def suite(self) -> Suite: ...

    @property
    def cases(self) -> Sequence[Case]: ...

    @property
    def dataset_sha256(self) -> str: ...

    @property
    def task(self) -> Task: ...

    @property
    def scorers(self) -> Mapping[str, Scorer]: ...


def free(sent: int, received: int) -> float:  # noqa: ARG001  # a price asks for both
    """The price of a model that costs nothing."""
    return 0.0


def part_of(cases: Sequence[Case], share: Share, seed: int) -> tuple[Case, ...]:
    """Return a tier's seeded part of the cases in their own order; all where fewer are there than it wants."""
    wanted = share.cases
    if wanted is None or wanted >= len(cases):
        return tuple(cases)
    drawn = np.random.default_rng([seed, len(cases)]).permutation(len(cases)).tolist()
    chosen = _spread(cases, drawn, wanted, share.spread) if share.spread else drawn[:wanted]
    return tuple(cases[index] for index in sorted(chosen))


def _spread(cases: Sequence[Case], drawn: list[int], wanted: int, keys: Sequence[str]) -> list[int]:
    """Take, time and again, the first drawn case whose values were taken least."""
    taken: Counter[tuple[str, str]] = Counter()
    values = {index: [(key, str(cases[index].data.get(key))) for key in keys] for index in drawn}
    chosen: list[int] = []
    for _ in range(wanted):
        index = min(values, key=lambda index: sum(taken[value] for value in values[index]))
        taken.update(values.pop(index))
        chosen.append(index)
    return chosen


async def run_suites(
    planned: Sequence[Planned],
    meta: RunMeta,
    *,
    epochs: int | None = None,
    jobs: int = 1,
    price: Price = free,
    told: Callable[[Scored], None] | None = None,
) -> Run:
    """Run every case of every suite and return the record.

    `epochs` overrides the tiers'. With `meta.budget` no further case begins once that much has been spent, and the record
    says so. A CountersignError that a task lets through, or a scorer that cannot judge, is the case's `error`.
    """
    runner = _Runner(meta, jobs, price, told)
    started = time.perf_counter()
    suites = []
    for one in planned:
        share = one.suite.share(meta.tier)  # type: ignore[arg-type]  # tiers are checked where they are read
        times = epochs or share.epochs
        cases = part_of(one.cases, share, meta.seed)
        suites.append(
            SuiteMeta(
                suite=one.suite,
                case_ids=tuple(case.id for case in cases),
                epochs=times,
                dataset_sha256=one.dataset_sha256,
            )
        )
        await runner.run(one, cases, times)
    update = {
        "seconds": time.perf_counter() - started,
        "cost": runner.cost,
        "budget_exceeded": runner.exceeded,
    }
    return Run(meta=meta.model_copy(update=update), suites=tuple(suites), scored=tuple(runner.scored))


class _Runner:
    def __init__(self, meta: RunMeta, jobs: int, price: Price, told: Callable[[Scored], None] | None) -> None:
        self.meta, self.price, self.told = meta, price, told
        self.scored: list[Scored] = []
        self.cost = 0.0
        self.exceeded = False
        self._room = asyncio.Semaphore(jobs)

    async def run(self, planned: Planned, cases: Sequence[Case], epochs: int) -> None:
        """Run cases by epochs, at most `jobs` at a time."""
        async with asyncio.TaskGroup() as group:
            for epoch in range(1, epochs + 1):
                for case in cases:
                    group.create_task(self._one(planned, case, epoch))

    async def _one(self, planned: Planned, case: Case, epoch: int) -> None:
        async with self._room:
            if self.meta.budget is not None and self.cost > self.meta.budget:
                self.exceeded = True
                return
            result = await result_of(planned, case, epoch, self.meta, self.price)
            self.cost += result.cost
            scored = scored_by(result, planned.scorers)
            self.scored.append(scored)
            if self.told is not None:
                self.told(scored)


async def result_of(
    planned: Planned, case: Case, epoch: int, meta: RunMeta, price: Price = free
) -> CaseResult:
    """Carry out one case once; whatever it dies of is the result's `error`."""
    seed = meta.seed * 1000 + epoch
    base = CaseResult(suite=planned.suite.name, case=case, epoch=epoch, seed=seed, model=meta.model)
    started = time.perf_counter()
    try:
        outcome = await planned.task(case, seed)
    except CountersignError as error:
        took = time.perf_counter() - started
        sent, received = _used(error)
        return base.model_copy(
            update={
                "error": f"{error.code}: {error.message}",
                "seconds": took,
                "input_tokens": sent,
                "output_tokens": received,
                "cost": price(sent, received),
            }
        )
    except Exception as error:  # noqa: BLE001  # whatever the system under test dies of is this case's, and no pass
        took = time.perf_counter() - started
        words = f"defect: {type(error).__name__}: {error}"
        return base.model_copy(update={"error": words[:1000], "seconds": took})
    sent, received, calls = outcome.usage
    return base.model_copy(
        update={
            "output": outcome.output,
            "steps": outcome.steps,
            "input_tokens": sent,
            "output_tokens": received,
            "model_calls": calls,
            "cost": price(sent, received),
            "seconds": time.perf_counter() - started,
            "trace": outcome.trace,
        }
    )


def _used(error: CountersignError) -> tuple[int, int]:
    """The tokens sent and received in vain before a failure."""
    return (error.input_tokens, error.output_tokens) if isinstance(error, AgentError) else (0, 0)


def scored_by(result: CaseResult, scorers: Mapping[str, Scorer]) -> Scored:
    """Return a result with its scores; a scorer that cannot judge it is the result's `error`."""
    if result.error is not None:
        return Scored(result=result, scores=())
    try:
        scores = tuple(scorer(result) for scorer in scorers.values())
    except (KeyError, TypeError, CountersignError) as error:
        words = f"evals_scorer: {type(error).__name__} {error}"
        return Scored(result=result.model_copy(update={"error": words}), scores=())
    return Scored(result=result, scores=scores)
