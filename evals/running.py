"""What the commands do, without a command line: run suites with a model, gate, bless, replay a case."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr, ValidationError

from agents.models.choice import ModelChoice
from agents.models.interface import ModelProvider, ModelSettings
from agents.models.offline import OFFLINE_MODEL_ID
from agents.models.prices import ModelPrice, Prices
from agents.models.settings import OPENAI, AnswerMethod
from evals.harness.baseline import Baseline, folder_of, read_baseline
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.gate import Verdict, decide
from evals.harness.record import Run, RunMeta, Scored
from evals.harness.runner import Price, free, run_suites
from evals.harness.suite import Suite, Tier, read_suites
from evals.models.compromised import obey_injections
from evals.models.provider import ScriptedModels
from evals.models.scripts import as_it_is
from evals.models.stub import STUB_MODEL, STUB_NOTE
from evals.recording import read_recording
from evals.registry import Workshop, load_cases, read_planned
from policies.authority import rules_digest

ROOT: Final = Path(__file__).resolve().parent.parent
NO_KEY: Final = "none"
COMPROMISED: Final = "scripted-compromised/1"


class Chosen:
    """A model chosen on the command line: its name, where it is served, what it costs, and what builds it.

    `method` is how a served model is asked for tool calls and answers; `price` is US dollars a million tokens in and out,
    as `0.15/0.60`.
    """

    def __init__(
        self,
        words: str,
        base_url: str = "",
        api_key: str = NO_KEY,
        *,
        method: AnswerMethod | Literal["auto"] = "auto",
        price: str = "",
    ) -> None:
        kind, _, name = words.partition(":")
        self.endpoint = self.note = ""
        self.price: Price | None = price_of(price) if price else None
        if words == "offline":
            self.name, self.price = OFFLINE_MODEL_ID, free
            self._build = lambda: ScriptedModels(as_it_is)
        elif kind == "scripted" and name in ("", "compromised"):
            self.name, self.price = COMPROMISED, free
            self._build = lambda: ScriptedModels(obey_injections)
        elif kind in ("replay", "openai") and name:
            settings = _settings(name, base_url, api_key, method) if kind == "openai" else _replayed(name)
            served = settings.use[0].name
            self.name, self.endpoint = settings.use[0].model_id, base_url
            self.note = note_of(served, recorded=kind == "replay")
            self._build = lambda: ModelProvider(settings)
        else:
            raise CaseFileError(
                f"there is no model {words!r}; say offline, scripted, openai:NAME, replay:FOLDER or replay:NAME=FILE",
                value=words,
            )

    _build: Callable[[], ModelProvider]

    def provider(self) -> ModelProvider:
        """Return a new provider of the model."""
        return self._build()


def note_of(served: str, *, recorded: bool) -> str:
    """Return what has to be known of a served model's answers: that the stub is none."""
    if served != STUB_MODEL:
        return ""
    return f"{'recorded against' if recorded else 'answered by'} {STUB_NOTE}"


def price_of(words: str) -> Price:
    """Read `IN/OUT`, US dollars a million tokens sent and received; CaseFileError for anything else."""
    sent, _, received = words.partition("/")
    try:
        price = Prices({words: ModelPrice(input=Decimal(sent), output=Decimal(received))})
    except (InvalidOperation, ValidationError) as error:
        raise CaseFileError(
            f"the price {words!r} is none; say US dollars a million tokens in and out, such as 0.15/0.60",
            value=words,
        ) from error
    return lambda asked, answered: float(price.cost(words, asked, answered) or 0)


def _settings(
    name: str,
    base_url: str = "",
    api_key: str = NO_KEY,
    method: AnswerMethod | Literal["auto"] = "tool_call",
    cassette: Path | None = None,
) -> ModelSettings:
    """How a served model is reached, or its answers are replayed; nobody watches an eval, so that nothing is streamed."""
    try:
        return ModelSettings(
            use=(ModelChoice(name=name),),
            base_url=base_url or OPENAI,
            # what is no key is not blotted out of a recording either
            api_key=None if api_key in ("", NO_KEY) else SecretStr(api_key),
            answer_method=method,
            stream=False,
            cassette=cassette,
        )
    except ValidationError as error:
        words = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise CaseFileError(f"{name} cannot be asked: {words}", value=name) from error


def _replayed(where: str) -> ModelSettings:
    """How answers are taken from a folder that `evals record` wrote, or from `NAME=FILE`; no server is called."""
    name, given, file = where.partition("=")
    if given:
        return _settings(name, cassette=Path(file))
    head, tape = read_recording(Path(where))
    return _settings(head.model, method=head.answer_method, cassette=tape)


def meta_of(model: Chosen, tier: Tier, seed: int, budget: float | None = None) -> RunMeta:
    """Return what a run is made with, as of this moment and this tree.

    CaseFileError for a budget on a model whose price is not known: it would never be seen to be spent.
    """
    if budget is not None and model.price is None:
        raise CaseFileError(
            f"{model.name} has no price, so a budget of {budget:g} USD cannot be kept; say --price IN/OUT in US dollars "
            "a million tokens",
            value=model.name,
        )
    return RunMeta(
        model=model.name,
        endpoint=model.endpoint,
        note=model.note,
        tier=tier,
        seed=seed,
        git_sha=_git_sha(),
        prompts_digest=_prompts_digest(),
        policy_digest=rules_digest(),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        budget=budget,
    )


async def run(
    names: Sequence[str],
    model: Chosen,
    meta: RunMeta,
    *,
    epochs: int | None = None,
    jobs: int = 1,
    told: Callable[[Scored], None] | None = None,
) -> Run:
    """Run the named suites, or all of the tier, and return the record."""
    workshop = Workshop(model.provider())
    try:
        planned = read_planned(workshop, names, tier=meta.tier)
        return await run_suites(planned, meta, epochs=epochs, jobs=jobs, price=model.price or free, told=told)
    finally:
        await workshop.aclose()


async def replay(case_id: str, model: Chosen, meta: RunMeta) -> Run:
    """Run one case again by its id, `SUITE/CASE` or CASE alone; SuiteNotFoundError where there is none."""
    for suite in read_suites():
        cases, _ = load_cases(suite)
        name = case_id.removeprefix(f"{suite.name}/")
        found = [case for case in cases if case.id == name]
        if found:
            workshop = Workshop(model.provider())
            try:
                return await run_suites([workshop.plan(suite, found)], meta, epochs=1)
            finally:
                await workshop.aclose()
    raise SuiteNotFoundError(f"no suite has the case {case_id!r}", value=case_id)


def gate(run_made: Run, names: Sequence[str], baselines: Path | None) -> Verdict:
    """Decide on a finished run under the thresholds of the suites as they stand; by default against its model's baselines.

    Without names every suite of the run's tier has to be in it.
    """
    suites = read_suites(names, tier=run_made.meta.tier)
    folder = baselines if baselines is not None else folder_of(run_made.meta.model)
    return decide(run_made, suites, _baselines(folder, suites))


def _baselines(folder: Path, suites: Sequence[Suite]) -> dict[str, Baseline]:
    found = {}
    for suite in suites:
        if suite.suite_class == "quality" and (folder / f"{suite.name}.json").is_file():
            found[suite.name] = read_baseline(folder, suite.name)
    return found


def _git_sha() -> str:
    """The commit of this tree; empty where it is no checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=10
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _prompts_digest() -> str:
    """sha256 over every prompt of the agents, by path."""
    total = hashlib.sha256()
    for path in sorted((ROOT / "agents").rglob("*.md")):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()
