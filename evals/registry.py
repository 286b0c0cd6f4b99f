"""Which data, task and scorers a suite means: the one place where the names of the yaml files become code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from agents.agent_run import Limits
from agents.models.interface import ModelProvider
from evals.harness.case import Case, cases_digest, read_cases
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.runner import Scorer, Task
from evals.harness.suite import SUITES, Suite, read_suites
from evals.scorers import scorer_named
from evals.tasks.agents import RunAgent
from evals.tasks.approvals import TryApproval, approval_cases
from evals.tasks.attacks import Attack
from evals.tasks.briefs import PlanBrief
from evals.tasks.campaigns import BuildCampaign, Offices
from evals.tasks.comments import ReadComment
from evals.tasks.conversations import hold_conversation
from evals.tasks.copy import check_copy
from evals.tasks.crew import Equipment
from evals.tasks.extraction import ExtractBrief
from evals.tasks.policy import bound_cases, judge_bound, judge_plan
from evals.worlds.agent_cases import budget_cases, campaign_cases, cost_cases, failure_cases, trajectory_cases
from evals.worlds.injections import injection_cases
from evals.worlds.plans import plan_cases

GENERATORS: Final[Mapping[str, Callable[[], list[Case]]]] = {
    "approval_gate": approval_cases,
    "bounds": bound_cases,
    "budget": budget_cases,
    "campaigns": campaign_cases,
    "cost_latency": cost_cases,
    "injection": injection_cases,
    "policy": plan_cases,
    "tool_failure": failure_cases,
    "trajectory": trajectory_cases,
}


@dataclass(frozen=True)
class PlannedSuite:
    """A suite with its cases, task and scorers, ready to run."""

    suite: Suite
    cases: Sequence[Case]
    dataset_sha256: str
    task: Task
    scorers: Mapping[str, Scorer]


class Workshop:
    """Everything that tasks share in one run; closes what it opened."""

    def __init__(self, models: ModelProvider, limits: Limits | None = None) -> None:
        self.models = models
        equipment = Equipment(models, limits or Limits())
        self._offices = Offices(models)
        self._tasks: dict[str, Task] = {
            "attack": Attack(self._offices),
            "build_campaign": BuildCampaign(self._offices),
            "check_copy": check_copy,
            "extract_brief": ExtractBrief(equipment),
            "hold_conversation": hold_conversation,
            "judge_bound": judge_bound,
            "judge_plan": judge_plan,
            "plan_brief": PlanBrief(equipment),
            "read_comment": ReadComment(equipment),
            "run_agent": RunAgent(equipment),
            "try_approval": TryApproval(self._offices),
        }

    def plan(self, suite: Suite, cases: Sequence[Case] | None = None) -> PlannedSuite:
        """Return a suite ready to run, over its own cases or the ones given."""
        found, digest = load_cases(suite) if cases is None else (cases, cases_digest(cases))
        if suite.task not in self._tasks:
            raise SuiteNotFoundError(
                f"{suite.name} names the task {suite.task!r}; there are {', '.join(sorted(self._tasks))}",
                value=suite.task,
            )
        scorers = {name: scorer_named(name) for name in suite.scorers}
        return PlannedSuite(suite, found, digest, self._tasks[suite.task], scorers)

    async def aclose(self) -> None:
        """Close the models and the worlds."""
        await self._offices.aclose()
        await self.models.aclose()


def load_cases(suite: Suite, folder: Path = SUITES / "data") -> tuple[tuple[Case, ...], str]:
    """Return a suite's cases and their digest, from its file, its files in their order, or its generator."""
    if not isinstance(suite.dataset, str):
        return _from_files(suite, [folder / name for name in suite.dataset])
    kind, _, name = suite.dataset.partition(":")
    if kind == "generated" and name in GENERATORS:
        cases = GENERATORS[name]()
        return tuple(cases), cases_digest(cases)
    if kind == "generated":
        known = ", ".join(sorted(GENERATORS))
        raise CaseFileError(f"{suite.name} names the generator {name!r}; there are {known}", value=name)
    found = read_cases(folder / suite.dataset)
    return found.cases, found.sha256


def _from_files(suite: Suite, paths: Sequence[Path]) -> tuple[tuple[Case, ...], str]:
    files = [read_cases(path) for path in paths]
    cases = [case for file in files for case in file.cases]
    twice = sorted(name for name, times in Counter(case.id for case in cases).items() if times > 1)
    if twice:
        raise CaseFileError(f"{suite.name} has the id {twice[0]} in two of its files", value=twice[0])
    return tuple(cases), sha256("".join(file.sha256 for file in files).encode()).hexdigest()


def read_planned(
    workshop: Workshop, names: Iterable[str] = (), *, tier: str = "release"
) -> tuple[PlannedSuite, ...]:
    """Return the named suites, or all of a tier, ready to run."""
    return tuple(workshop.plan(suite) for suite in read_suites(names, tier=tier))
