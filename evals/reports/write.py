"""Writes every form of the report beside a run."""

from __future__ import annotations

from pathlib import Path

from evals.harness.gate import Verdict
from evals.harness.record import Run
from evals.reports.junit import junit
from evals.reports.markdown import markdown
from evals.reports.page import page
from evals.reports.summary import UNVALIDATED, summarise
from evals.reports.traces import TRACES_FILE, traces_of, traces_page


def write_reports(run: Run, verdict: Verdict, folder: Path, judge: str = UNVALIDATED) -> dict[str, Path]:
    """Write `report.json`, `.md`, `.html`, `traces.html` and `junit.xml`; return them by name."""
    summary = summarise(run, verdict, judge)
    texts = {
        "report.json": summary.model_dump_json(indent=1) + "\n",
        "report.md": markdown(summary),
        "report.html": page(summary),
        TRACES_FILE: traces_page(traces_of(run, verdict)),
        "junit.xml": junit(run, verdict),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return {name: folder / name for name in texts}
