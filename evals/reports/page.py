"""The report as one static HTML page with plots; it loads nothing from anywhere."""

from __future__ import annotations

from markupsafe import Markup

from api.report.charts import Axis, Row, interval_chart
from api.report.svg import draw
from api.report.theme import dark_css
from evals.harness.gate import SuiteVerdict
from evals.reports.summary import COLUMNS, Summary, suite_row
from evals.reports.templates import template

WIDTH = 540


def page(summary: Summary) -> str:
    """Return the page; foreign text in it is escaped."""
    suites = summary.verdict.suites
    return template("page.html").render(
        summary=summary,
        columns=COLUMNS,
        rows=[suite_row(verdict) for verdict in suites],
        plots=[Markup(svg) for svg in (_means(suites), _deltas(suites)) if svg],
        dark=Markup(dark_css("svg")),
    )


def _means(suites: tuple[SuiteVerdict, ...]) -> str:
    rows = [
        Row(v.suite, f"{f.n} cases × {f.epochs}", f.low, f.mean, f.high, f"{f.mean:.1%}", "main")
        for v in suites
        if (f := v.figures) is not None
    ]
    return draw(interval_chart(rows, Axis("cases passed", ".0%"), WIDTH)) if rows else ""


def _deltas(suites: tuple[SuiteVerdict, ...]) -> str:
    rows = [
        Row(v.suite, f"p {c.p_holm:.2g}", c.low, c.delta, c.high, f"{c.delta:+.1%}", "other")
        for v in suites
        if (c := v.comparison) is not None
    ]
    axis = Axis("change against the baseline", "+.0%", {0.0: "as before"})
    return draw(interval_chart(rows, axis, WIDTH)) if rows else ""
