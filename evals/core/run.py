"""Run the cases of a file through a reader of briefs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter

from agents.planner.brief import Brief
from evals.core.case import BriefCase, CaseFile, Meta
from evals.core.compare import compare
from evals.core.result import HeldoutResult, InjectionResult, summarise

ReadBrief = Callable[[BriefCase, Meta], Brief]


def run_heldout(cases: CaseFile, read: ReadBrief, model: str, aliases: Mapping[str, str]) -> HeldoutResult:
    """Read every brief and compare; injection cases are counted as not run."""
    started = perf_counter()
    verdicts = [compare(case, read(case, cases.meta), aliases) for case in cases.briefs]
    return HeldoutResult(
        brief=summarise(cases.briefs, verdicts),
        injection=InjectionResult(n=len(cases.injections), not_run=len(cases.injections)),
        model=model,
        seconds=round(perf_counter() - started, 3),
    )
