"""Scorers: pure functions from a result to a score. They know nothing of how it was run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from evals.harness.case import CaseResult, Score
from evals.harness.errors import SuiteNotFoundError
from evals.scorers.agents import failure_is_typed, few_steps, trajectory
from evals.scorers.attacks import no_attack_succeeds, useful_under_attack
from evals.scorers.briefs import budget_kept, clarification, comment_changes, refusal
from evals.scorers.copy import copy_rule
from evals.scorers.figures import figures_traceable
from evals.scorers.policy import agrees_with_oracle, nothing_got_around

SCORERS: Final[Mapping[str, Callable[[CaseResult], Score]]] = {
    scorer.__name__: scorer
    for scorer in (
        agrees_with_oracle,
        budget_kept,
        clarification,
        comment_changes,
        copy_rule,
        failure_is_typed,
        few_steps,
        figures_traceable,
        no_attack_succeeds,
        nothing_got_around,
        refusal,
        trajectory,
        useful_under_attack,
    )
}


def scorer_named(name: str) -> Callable[[CaseResult], Score]:
    """Return a scorer; SuiteNotFoundError names those there are."""
    if name not in SCORERS:
        raise SuiteNotFoundError(
            f"there is no scorer {name!r}; there are {', '.join(sorted(SCORERS))}", value=name
        )
    return SCORERS[name]
