"""`countersign evals list | run | record | gate | diff | bless | report | replay`. Importing this loads nothing heavy."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from api.cli.options import options_of
from api.cli.output import give_error, give_json
from policies.errors import CountersignError

if TYPE_CHECKING:
    from evals.harness.gate import Verdict
    from evals.harness.record import Run, Scored

MODEL = "offline, scripted (a model that obeys injections), openai:NAME, replay:FOLDER or replay:NAME=FILE"
DEFAULT_RUNS = Path("evals-runs")
_Suites = Annotated[list[str] | None, typer.Argument(metavar="[SUITE]...", help="All of them without any.")]
_Model = Annotated[str, typer.Option("--model", help=MODEL)]
_BaseUrl = Annotated[str, typer.Option(help="Where openai:NAME is served, ending in /v1.")]
_Key = Annotated[str, typer.Option("--api-key", envvar="COUNTERSIGN_MODEL_API_KEY", help="The server's key.")]
_Method = Annotated[
    str, typer.Option(help="How a served model is asked: auto finds out what its server can do.")
]
_Price = Annotated[str, typer.Option(help="US dollars a million tokens in and out, such as 0.15/0.60.")]
_Tier = Annotated[str, typer.Option(help="commit, release, cassette or live: how much of each suite.")]
_Baseline = Annotated[
    Path | None, typer.Option(help="Folder of blessed suites; those of the run's model by default.")
]


def add_commands(app: typer.Typer) -> None:
    """Mount the commands of the harness; what cannot be run or read ends with 3, since it is never a pass."""
    from evals.judge_command import judge
    from evals.record_command import record, stub

    app.command("judge")(_never_a_pass(judge))
    app.command("list")(_never_a_pass(list_suites))
    app.command("run")(_never_a_pass(run))
    app.command("record")(_never_a_pass(record))
    app.command("stub")(_never_a_pass(stub))
    app.command("gate")(_never_a_pass(gate))
    app.command("diff")(_never_a_pass(diff))
    app.command("bless")(_never_a_pass(bless))
    app.command("report")(_never_a_pass(report))
    app.command("replay")(_never_a_pass(replay))


def _never_a_pass(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def guarded(*args: Any, **options: Any) -> None:  # a command's own arguments
        try:
            command(*args, **options)
        except CountersignError as error:
            give_error(error, as_json="ctx" in options and options_of(options["ctx"]).as_json)
            raise typer.Exit(3) from error

    return guarded


def list_suites(ctx: typer.Context) -> None:
    """List the suites: class, cases, scorers, and the drop that each can see."""
    from evals.harness.suite import read_suites
    from evals.registry import load_cases

    rows = []
    for suite in read_suites():
        cases, digest = load_cases(suite)
        rows.append(
            {
                "suite": suite.name,
                "class": suite.suite_class,
                "cases": len(cases),
                "epochs": suite.epochs,
                "mde": suite.mde,
                "scorers": list(suite.scorers),
                "title": suite.title,
                "dataset_sha256": digest,
            }
        )
    if options_of(ctx).as_json:
        give_json(rows)
        return
    for row in rows:
        seen = "" if row["mde"] is None else f", sees a drop of {row['mde']:.0%}"
        typer.echo(
            f"{row['suite']:<20} {row['class']:<10} {row['cases']:>5} × {row['epochs']}{seen}  {row['title']}"
        )


def run(
    ctx: typer.Context,
    suites: _Suites = None,
    model: _Model = "offline",
    base_url: _BaseUrl = "",
    api_key: _Key = "none",
    tier: _Tier = "release",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Runs of each case; the tier's by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    max_cost: Annotated[
        float | None, typer.Option(min=0, help="US dollars after which no case begins.")
    ] = None,
    price: _Price = "",
    method: _Method = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Cases at a time.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder the run is kept in.")] = DEFAULT_RUNS,
    baseline: _Baseline = None,
) -> None:
    """Run suites, keep the run with its reports, and gate it."""
    from evals.harness.record import save_run
    from evals.running import Chosen, meta_of
    from evals.running import run as run_suites

    chosen = Chosen(model, base_url, api_key, method=_method(method), price=price)
    meta = meta_of(chosen, _tier(tier), seed, max_cost)
    made = asyncio.run(run_suites(suites or [], chosen, meta, epochs=epochs, jobs=jobs, told=_dot(ctx)))
    save_run(made, out)
    _decide(ctx, made, suites or [], baseline, out)


def gate(ctx: typer.Context, folder: Path, suites: _Suites = None, baseline: _Baseline = None) -> None:
    """Decide on a finished run again, under the thresholds as they stand now; calls no model."""
    from evals.harness.record import load_run

    _decide(ctx, load_run(folder), suites or [], baseline, None)


def diff(ctx: typer.Context, before: Path, after: Path) -> None:
    """Show what changed from one run to another."""
    from evals.harness.diff import diff as compare
    from evals.harness.record import load_run

    found = compare(load_run(before), load_run(after))
    if options_of(ctx).as_json:
        give_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        change = "no case in common" if one.delta is None else f"{one.delta:+.1%} over {one.cases} cases"
        typer.echo(f"{one.suite}: {change}")
        for name, cases in (("now failing", one.now_failing), ("now passing", one.now_passing)):
            typer.echo(f"  {name}: {', '.join(cases)}") if cases else None


def bless(folder: Path) -> None:
    """Make a run the baseline of its model."""
    from evals.harness.baseline import bless as keep
    from evals.harness.record import load_run

    for path in keep(load_run(folder)):
        typer.echo(str(path))


def report(
    folder: Path,
    html: Annotated[bool, typer.Option("--html", help="Only name the page.")] = False,
    inspect: Annotated[
        Path | None, typer.Option(help="Write logs for `inspect view --log-dir` to this folder instead.")
    ] = None,
    judge: Annotated[Path | None, typer.Option(help="What `evals judge` wrote.")] = None,
    baseline: _Baseline = None,
) -> None:
    """Write the reports of a run beside it: JSON, Markdown, HTML with traces, JUnit XML; or logs that Inspect's viewer opens."""
    if inspect is not None:
        _write_inspect_logs(folder, inspect)
        return
    from evals.harness.record import load_run
    from evals.judging import read_record
    from evals.reports.summary import UNVALIDATED
    from evals.reports.write import write_reports
    from evals.running import gate as decide

    made = load_run(folder)
    judged = UNVALIDATED if judge is None else read_record(judge).words
    names = [meta.suite.name for meta in made.suites]
    for name, path in write_reports(made, decide(made, names, baseline), folder, judged).items():
        if not html or name == "report.html":
            typer.echo(str(path))


def _write_inspect_logs(run_folder: Path, folder: Path) -> None:
    from evals.harness.errors import ExtraMissingError
    from evals.harness.record import load_run

    made = load_run(run_folder)
    try:
        from evals.adapters.inspect_task import write_logs
    except ModuleNotFoundError as error:
        raise ExtraMissingError(
            "writing logs for Inspect needs inspect_ai; install countersign[evals]", value="inspect_ai"
        ) from error
    for path in write_logs(made, folder):
        typer.echo(str(path))


def replay(
    case_id: str,
    model: _Model = "offline",
    base_url: _BaseUrl = "",
    api_key: _Key = "none",
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Run one case again and show everything that came of it; SUITE/CASE where an id stands in several suites."""
    from evals.running import Chosen, meta_of
    from evals.running import replay as run_again

    chosen = Chosen(model, base_url, api_key)
    made = asyncio.run(run_again(case_id, chosen, meta_of(chosen, "release", seed)))
    give_json([one.model_dump(mode="json") for one in made.scored])
    raise typer.Exit(0 if all(one.passed for one in made.scored) else 1)


def _decide(ctx: typer.Context, made: Run, names: list[str], baseline: Path | None, out: Path | None) -> None:
    from evals.running import gate as decide

    verdict = decide(made, names, baseline)
    if out is not None:
        from evals.reports.write import write_reports

        write_reports(made, verdict, out)
    if options_of(ctx).as_json:
        give_json(verdict.model_dump(mode="json"))
    else:
        if made.meta.note:
            typer.echo(f"{made.meta.model}: {made.meta.note}")
        _show(verdict)
    raise typer.Exit(int(verdict.exit))


def _show(verdict: Verdict) -> None:
    for one in verdict.suites:
        figures = one.figures
        mean = "" if figures is None else f"{figures.mean:.1%} of {figures.n} × {figures.epochs}"
        typer.echo(f"{one.exit.name.lower():<10} {one.suite:<20} {mean}")
        for reason in one.reasons[:5]:
            typer.echo(f"           {reason}")
    for reason in verdict.reasons:
        typer.echo(reason)
    typer.echo(f"gate: {verdict.exit.name.lower()} ({int(verdict.exit)})")


def _dot(ctx: typer.Context) -> Any:  # Callable[[Scored], None] | None
    if options_of(ctx).as_json:
        return None

    def told(scored: Scored) -> None:
        typer.echo("." if scored.passed else "E" if scored.result.error else "F", nl=False, err=True)

    return told


def _tier(words: str) -> Any:  # Tier
    from evals.harness.suite import TIERS

    return _one_of("tier", words, TIERS)


def _method(words: str) -> Any:  # AnswerMethod
    from agents.models.settings import AnswerMethod

    return _one_of("method", words, ("auto", *get_args(AnswerMethod)))


def _one_of(kind: str, words: str, known: Sequence[str]) -> str:
    from evals.harness.errors import CaseFileError

    if words not in known:
        raise CaseFileError(f"there is no {kind} {words!r}; say {', '.join(known)}", value=words)
    return words
