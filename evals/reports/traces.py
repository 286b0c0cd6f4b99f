"""The stories behind a report: each run of a case that failed or flipped, whole, on one page that the others link to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from evals.harness.case import Step
from evals.harness.gate import Verdict, flipped_cases
from evals.harness.record import Run, Scored
from evals.reports.templates import template

TRACES_FILE: Final = "traces.html"


class Trace(NamedTuple):
    """One run of a case; `place` is where it stands on the page, and safe in a link whatever the case is called."""

    place: str
    scored: Scored

    @property
    def link(self) -> str:
        """Where the run can be read, seen from the report beside it."""
        return f"{TRACES_FILE}#{self.place}"


def traces_of(run: Run, verdict: Verdict) -> tuple[Trace, ...]:
    """Return the runs of cases that failed, or whose case flipped, in the report's order."""
    return tuple(_found(run, verdict))


def _found(run: Run, verdict: Verdict) -> Iterator[Trace]:
    for judged in verdict.suites:
        flipped = flipped_cases(judged)
        for number, one in enumerate(run.of(judged.suite), start=1):
            if not one.passed or one.result.case.id in flipped:
                yield Trace(f"{judged.suite}-{number}", one)


def traces_page(traces: Sequence[Trace]) -> str:
    """Return the page; foreign text in it is escaped."""
    return template("traces.html").render(
        traces=traces,
        pretty=lambda value: json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True),
        call=_call,
    )


def _call(step: Step) -> str:
    said = json.dumps(step.args, ensure_ascii=False, sort_keys=True)
    return f"{step.agent}: {step.tool}({said}){' refused' if step.refused else ''}"
