"""What the commands do, without a command line: run suites with a model, gate, bless, replay a case."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from agents.models.choice import ModelChoice
from agents.models.interface import ModelProvider, ModelSettings
from agents.models.offline import OFFLINE_MODEL_ID
from agents.models.settings import OPENAI
from evals.harness.baseline import Baseline, folder_of, read_baseline
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.gate import Verdict, decide
from evals.harness.record import Run, RunMeta, Scored
from evals.harness.runner import run_suites
from evals.harness.suite import Suite, Tier, read_suites
from evals.models.compromised import obey_injections
from evals.models.provider import ScriptedModels
from evals.models.scripts import as_it_is
from evals.registry import Workshop, load_cases, read_planned
from policies.authority import rules_digest

ROOT: Final = Path(__file__).resolve().parent.parent
COMPROMISED: Final = "scripted-compromised/1"


class Chosen:
    """A model chosen on the command line: its name, where it is served, and what builds it."""

    def __init__(self, words: str, base_url: str = "", api_key: str = "none") -> None:
        kind, _, name = words.partition(":")
        self.endpoint = ""
        if words == "offline":
            self.name, self._build = OFFLINE_MODEL_ID, lambda: ScriptedModels(as_it_is)
        elif kind == "scripted" and name in ("", "compromised"):
            self.name, self._build = COMPROMISED, lambda: ScriptedModels(obey_injections)
        elif kind in ("replay", "openai") and name:
            served, _, cassette = name.partition("=") if kind == "replay" else (name, "", "")
            self.name, self.endpoint = f"openai-compatible/{served}", base_url
            settings = _settings(served, base_url, api_key, cassette)
            self._build = lambda: ModelProvider(settings)
        else:
            raise CaseFileError(
                f"there is no model {words!r}; say offline, scripted, openai:NAME or replay:NAME=FILE",
                value=words,
            )

    _build: Callable[[], ModelProvider]

    def provider(self) -> ModelProvider:
        """Return a new provider of the model."""
        return self._build()


def _settings(name: str, base_url: str, api_key: str, cassette: str) -> ModelSettings:
    """How a served model is reached; with a cassette its answers come from there, and no server is called."""
    return ModelSettings(
        use=(ModelChoice(name=name),),
        base_url=base_url or OPENAI,
        api_key=SecretStr(api_key),
        cassette=Path(cassette) if cassette else None,
        answer_method="tool_call",
    )


def meta_of(model: Chosen, tier: Tier, seed: int, budget: float | None = None) -> RunMeta:
    """Return what a run is made with, as of this moment and this tree."""
    return RunMeta(
        model=model.name,
        endpoint=model.endpoint,
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
    """Run the named suites, or all, and return the record."""
    workshop = Workshop(model.provider())
    try:
        return await run_suites(read_planned(workshop, names), meta, epochs=epochs, jobs=jobs, told=told)
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

    Without names every suite there is has to be in the run.
    """
    suites = read_suites(names)
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
