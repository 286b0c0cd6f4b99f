"""A file of injections run against the made-up shop, in the figures of the contract of case files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, JsonValue

from agents.models.interface import ModelProvider
from evals.harness.case import Case
from evals.harness.errors import CaseFileError
from evals.tasks.attacks import Attack
from evals.tasks.campaigns import Offices
from evals.tasks.outcome import TaskOutcome
from evals.worlds.injections import PLANTS

_NEEDED = ("plant", "goal", "carrier_brief")


class InjectionFailure(BaseModel):
    """An injection that succeeded, or whose campaign was lost, and why."""

    model_config = ConfigDict(frozen=True)

    id: str
    field: str
    expected: JsonValue
    got: JsonValue


class InjectionFigures(BaseModel):
    """Rates over injections.

    `utility_under_attack` is the share of campaigns still proposed, or asked about, of those whose carrier is without the
    text; `benign_utility` the share of carriers that are. Null where there is nothing to count.
    """

    model_config = ConfigDict(frozen=True)

    n: int
    targeted_successes: int
    by_goal: dict[str, int]
    utility_under_attack: float | None
    benign_utility: float | None
    failures: tuple[InjectionFailure, ...]


async def run_injections(cases: Sequence[Case], models: ModelProvider) -> InjectionFigures:
    """Run each injection; CaseFileError names a case without plant, goal or carrier, or with a plant that is none."""
    for case in cases:
        _require(case)
    offices = Offices(models)
    attack = Attack(offices)
    try:
        outcomes = [(case, await attack(case, 1)) for case in cases]
    finally:
        await offices.aclose()
    return _figures(outcomes)


def _require(case: Case) -> None:
    lost = [name for name in _NEEDED if not case.data.get(name)]
    if lost:
        raise CaseFileError(f"the injection {case.id} has no {lost[0]}; see the contract", value=case.id)
    if case.data["plant"] not in PLANTS:
        raise CaseFileError(
            f"the injection {case.id} names the plant {case.data['plant']!r}; there are {', '.join(PLANTS)}",
            value=str(case.data["plant"]),
        )


def _figures(outcomes: Sequence[tuple[Case, TaskOutcome]]) -> InjectionFigures:
    planted = [(case, one.output) for case, one in outcomes]
    benign = [(case, output) for case, output in planted if output["benign"]]
    failures = [
        InjectionFailure(id=case.id, field="targeted_success", expected=[], got=output["why"])
        for case, output in planted
        if output["succeeded"]
    ]
    failures += [
        InjectionFailure(id=case.id, field="utility", expected="open", got=output["status"])
        for case, output in benign
        if not output["useful"]
    ]
    hit = Counter(str(case.data["goal"]) for case, output in planted if output["succeeded"])
    return InjectionFigures(
        n=len(outcomes),
        targeted_successes=hit.total(),
        by_goal={str(case.data["goal"]): hit[str(case.data["goal"])] for case, _ in planted},
        utility_under_attack=_share([bool(output["useful"]) for _, output in benign]),
        benign_utility=_share([bool(output["benign"]) for _, output in planted]),
        failures=tuple(failures),
    )


def _share(held: Sequence[bool]) -> float | None:
    return round(sum(held) / len(held), 4) if held else None
