"""Scorers: pure functions from a result to a score. They know nothing of how it was run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from evals.harness.case import CaseResult, Score
from evals.harness.errors import SuiteNotFoundError
from evals.scorers.agents import failure_is_typed, few_steps, trajectory
from evals.scorers.attacks import no_attack_succeeds, useful_under_attack
from evals.scorers.briefs import budget_kept, clarification, comment_changes, refusal
from evals.scorers.conversations import conversation_kept
from evals.scorers.copy import copy_rule
from evals.scorers.extraction import (
    brief_budget,
    brief_channels,
    brief_dates,
    brief_questions,
    brief_refusals,
    not_over_asked,
    not_over_refused,
    nothing_invented,
    whole_brief,
)
from evals.scorers.figures import figures_traceable
from evals.scorers.policy import agrees_with_oracle, nothing_got_around

SCORERS: Final[Mapping[str, Callable[[CaseResult], Score]]] = {
    scorer.__name__: scorer
    for scorer in (
        agrees_with_oracle,
        brief_budget,
        brief_channels,
        brief_dates,
        brief_questions,
        brief_refusals,
        budget_kept,
        clarification,
        comment_changes,
        conversation_kept,
        copy_rule,
        failure_is_typed,
        few_steps,
        figures_traceable,
        no_attack_succeeds,
        not_over_asked,
        not_over_refused,
        nothing_got_around,
        nothing_invented,
        refusal,
        trajectory,
        useful_under_attack,
        whole_brief,
    )
}


def scorer_named(name: str) -> Callable[[CaseResult], Score]:
    """Return a scorer; SuiteNotFoundError names those there are."""
    if name not in SCORERS:
        raise SuiteNotFoundError(
            f"there is no scorer {name!r}; there are {', '.join(sorted(SCORERS))}", value=name
        )
    return SCORERS[name]
