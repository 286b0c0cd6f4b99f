"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evals.reports.summary import COLUMNS, Summary, suite_row

MOST_SHOWN = 50


def markdown(summary: Summary) -> str:
    """Return the whole report."""
    meta = summary.meta
    lines = [
        f"# Evals: {summary.verdict.exit.name.lower()}",
        "",
        f"Model `{meta.model}`{f' at {meta.endpoint}' if meta.endpoint else ''}, tier {meta.tier}, seed {meta.seed}, "
        f"commit `{meta.git_sha or 'unknown'}`, {meta.seconds:.1f} s, {meta.cost:.4f} USD.",
        *([f"These answers were {_cell(meta.note)}."] if meta.note else []),
        f"Prompts `{meta.prompts_digest[:12]}`, policies `{meta.policy_digest[:12]}`.",
        f"Judge of implied claims and tone: {_cell(summary.judge)}.",
        "",
        *_table(COLUMNS, [suite_row(verdict) for verdict in summary.verdict.suites]),
        *_part("Why", [*summary.verdict.reasons, *_reasons(summary)]),
        *_part("Flips", [f"{f.suite}/{f.case}: {f.change} {_links(f.traces)}" for f in summary.flips]),
        *_part("Flaky, listed and not gating", list(_flaky(summary))),
        *_part("Invented figures", _invented(summary)),
    ]
    for title, attacks in (("goal", summary.attacks_by_goal), ("plant", summary.attacks_by_plant)):
        said = [f"{name}: {hit} of {tried} succeeded" for name, (tried, hit) in attacks.items()]
        lines += _part(f"Attacks by {title}", said)
    lines += _part("Refusals", [f"{name}: {count}" for name, count in summary.refusals.items()])
    failed = [f"{f.suite} {f.case} #{f.epoch}: {f.reason} {_links([f.trace])}" for f in summary.failures]
    lines += _part("Failures", failed)
    lines += _part("Data", [f"{name}: `{digest[:16]}`" for name, digest in summary.datasets.items()])
    return "\n".join(lines) + "\n"


def _links(traces: Sequence[str]) -> str:
    return ", ".join(f"[trace]({link})" for link in traces)


def _invented(summary: Summary) -> Sequence[str]:
    if not summary.invented_figures and summary.figures_checked:
        return [f"none in {summary.figures_checked} proposals"]
    return summary.invented_figures


def _reasons(summary: Summary) -> Iterable[str]:
    return (f"{verdict.suite}: {reason}" for verdict in summary.verdict.suites for reason in verdict.reasons)


def _flaky(summary: Summary) -> Iterable[str]:
    return (
        f"{v.suite}: {', '.join(v.figures.flaky)}"
        for v in summary.verdict.suites
        if v.figures and v.figures.flaky
    )


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(_cell(row.get(name, '')) for name in columns)} |" for row in rows]


def _part(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"- and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else []
    return ["", f"## {title}", "", *(f"- {_cell(line)}" for line in lines[:MOST_SHOWN]), *more]


def _cell(value: object) -> str:
    """Write foreign text so that it stays in its place: cases and models may hold anything."""
    return (
        " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
        if value != ""
        else ""
    )
