"""Evals: what each suite said of the agents, run by run, and the baselines that runs are held against."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from fastapi import APIRouter, Request, Response

from api.http import evals as api
from api.records.evals import Baseline, Run
from api.report.bars import Bar, bar_chart
from api.report.charts import Axis, Row, interval_chart
from api.report.tables import ABSENT, Table
from api.report.wording import count, first_upper, share, words
from api.web.pictures import Picture, pictured
from api.web.showing import PageRoute, show
from api.web.visiting import Visiting
from store.threads import in_thread

router = APIRouter(prefix="/evals", route_class=PageRoute, include_in_schema=False)
EXITS = ("passed", "quality fell", "an invariant broke", "results are missing", "the money ran out")


@router.get("")
async def shown(request: Request, visitor: Visiting) -> Response:
    """Show runs and baselines."""
    view = await api.shown(visitor.caller)

    def made() -> Response:
        return show(
            request,
            "evals.html",
            visitor,
            runs=[(run, run_picture(run)) for run in view.runs],
            runs_from=view.runs_from,
            baselines=tuple(baseline_pictures(view.baselines)),
            exits=EXITS,
        )

    return await in_thread(made)


def run_picture(run: Run) -> Picture | None:
    """The share of cases that passed in each suite with its interval; None where no suite was run."""
    known = [(suite, suite.figures) for suite in run.verdict.suites if suite.figures is not None]
    if not known:
        return None
    rows = [
        Row(
            first_upper(words(suite.suite)),
            EXITS[suite.exit] if suite.exit < len(EXITS) else "unknown",
            figures.low * 100,
            figures.mean * 100,
            figures.high * 100,
            share(figures.mean),
            "main" if suite.exit == 0 else "other",
        )
        for suite, figures in known
    ]
    passed = sum(suite.exit == 0 for suite in run.verdict.suites)
    table = Table(
        ("suite", "passed", "interval", "cases", "against the baseline", "verdict"),
        tuple(
            (
                first_upper(words(suite.suite)),
                share(figures.mean),
                f"{share(figures.low)} to {share(figures.high)}",
                count(figures.n),
                ABSENT if suite.comparison is None else f"{suite.comparison.delta:+.1%}",
                EXITS[suite.exit] if suite.exit < len(EXITS) else "unknown",
            )
            for suite, figures in known
        ),
    )
    return pictured(
        f"{passed} of {len(run.verdict.suites)} suites passed",
        "Share of cases that passed, with its interval.",
        lambda width: interval_chart(rows, Axis("% of cases passed", ".0f"), width),
        table,
    )


def baseline_pictures(baselines: Iterable[Baseline]) -> Iterable[Picture]:
    """One picture a model: how many cases of each suite passed every time."""
    for model, found in groupby(
        sorted(baselines, key=lambda one: (one.model, one.suite)), lambda one: one.model
    ):
        yield _baseline_picture(model, list(found))


def _baseline_picture(model: str, suites: list[Baseline]) -> Picture:
    bars = [
        Bar(
            first_upper(words(one.suite)),
            "",
            100 * one.always / max(len(one.passed), 1),
            f"{count(one.always)} of {count(len(one.passed))}",
        )
        for one in suites
    ]
    cases, always = sum(len(one.passed) for one in suites), sum(one.always for one in suites)
    table = Table(
        ("suite", "passed every time", "cases", "runs of each"),
        tuple(
            (first_upper(words(one.suite)), count(one.always), count(len(one.passed)), str(one.epochs))
            for one in suites
        ),
    )
    return pictured(
        f"{model}: {count(always)} of {count(cases)} cases pass",
        "Cases of each suite that passed every time when the baseline was set.",
        lambda width: bar_chart(bars, Axis("% of cases", ".0f"), width, 100.0),
        table,
    )
