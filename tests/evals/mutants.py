"""Agent bugs to plant: each a patch of the product, with the suite of the commit tier that has to notice it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import numpy as np

from agents import keeping
from agents.agent_tool import digest_of
from agents.comments import reader as comments
from agents.conversation import hearing as turns
from agents.models.offline import CallTool
from agents.planner import agent as planner
from agents.planner.brief import Question
from agents.propose import deciding, facts, graph, hearing
from agents.segmenter import agent as segmenter
from evals import readers
from policies import gate, offers, refusals
from store.repositories import approvals
from tools.content import creative


@dataclass(frozen=True)
class Mutant:
    """One bug: what it is called, the suite that catches it, and what is put in whose place."""

    name: str
    suite: str
    where: Any
    attribute: str
    become: Callable[[Any], Any]


@contextmanager
def planted_bug(mutant: Mutant) -> Iterator[None]:
    """The product with one bug in it."""
    creative._problems.cache_clear()
    with ExitStack() as stack:
        original = getattr(mutant.where, mutant.attribute)
        stack.enter_context(patch.object(mutant.where, mutant.attribute, mutant.become(original)))
        yield
    creative._problems.cache_clear()


def _always_approved(_: Any) -> Any:
    async def verify_approval(self: Any, state: Any) -> Any:
        return {"status": "approved"}

    return verify_approval


def _without(rule_id: str) -> Callable[[Any], Any]:
    """The gate's objections with one rule silent."""

    def become(original: Any) -> Any:
        def objections(*given: Any) -> Any:
            found = original(*given)
            return {**found, rule_id: np.zeros_like(found[rule_id])}

        return objections

    return become


def _in_utc(original: Any) -> Any:
    return lambda now, zones, window, *, fallback: original(
        now, ["UTC"] * len(zones), window, fallback=fallback
    )


def _brief(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The brief as read, changed."""
    return lambda original: lambda *given, **more: change(original(*given, **more))


def _rounded(original: Any) -> Any:
    return lambda amount, *rest: original(None if amount is None else round(Decimal(str(amount)), -1), *rest)


def _half_paid(original: Any) -> Any:
    def plan_budget(*given: Any) -> Any:
        made = original(*given)
        return made if made.affordable is None else _affordable(made, made.affordable + 1)

    return plan_budget


def _affordable(made: Any, count: int) -> Any:
    quantity = made.quantities["budget.affordable"].model_copy(update={"value": count})
    return made.model_copy(
        update={"affordable": count, "quantities": {**made.quantities, "budget.affordable": quantity}}
    )


def _swapped(original: Any) -> Any:
    def playbook(task: Any, outcomes: Sequence[Any]) -> Any:
        if not outcomes:
            return CallTool("estimate_responses", segmenter.DefinitionAsked(definition=task.definition))
        return original(task, outcomes)

    return playbook


def _twice(original: Any) -> Any:
    def playbook(task: Any, outcomes: Sequence[Any]) -> Any:
        return CallTool("read_brief", {}) if len(outcomes) < 2 else original(task, outcomes)

    return playbook


def _invented(original: Any) -> Any:
    def figures_from(tool: str, result: Any, digest: str) -> Any:
        return original(tool, result, digest_of({"invented": tool}))

    return figures_from


def _other_audience(original: Any) -> Any:
    def playbook(task: Any, outcomes: Sequence[Any]) -> Any:
        return original(task.model_copy(update={"definition": "all"}), outcomes)

    return playbook


def _plan_anyway(brief: Any) -> Any:
    return brief.model_copy(update={"action": "plan", "questions": []})


def _ask_anyway(brief: Any) -> Any:
    asked = Question(field="kpi", question="Which?", suggestion="visits")
    return brief.model_copy(update={"action": "clarify", "questions": [*brief.questions, asked]})


def _without_channels(brief: Any) -> Any:
    return brief.model_copy(update={"channels": None})


def _nothing_refused(brief: Any) -> Any:
    action = "plan" if brief.action in ("refuse", "plan_with_refusal") else brief.action
    return brief.model_copy(update={"refusals": [], "action": action})


def _all_refused(brief: Any) -> Any:
    return brief.model_copy(update={"refusals": [refusals.refuse("skip_approval", (0, 1))]})


MUTANTS = (
    Mutant("approval skipped", "approval_gate", deciding.Deciding, "verify_approval", _always_approved),
    Mutant("pending counts as approved", "approval_gate", graph, "after_verify", lambda _: lambda state: "launch"),
    Mutant("digest not compared", "approval_gate", approvals, "_require_digest", lambda _: lambda *given: None),
    Mutant("consent ignored", "policy", gate, "permits", lambda _: lambda statuses, purpose: statuses >= 0),
    Mutant("suppression ignored", "policy", gate, "_standing_objections", _without("gate.suppressed")),
    Mutant("holdout dropped", "policy", gate, "_standing_objections", _without("gate.held_out")),
    Mutant("quiet hours in UTC", "policy", gate, "quiet_until", _in_utc),
    Mutant("cap off by one", "policy", gate, "cap_reached", lambda original: lambda counts, cap: original(counts - 1, cap)),
    Mutant("budget overdrawn", "policy", gate, "_counting_objections", _without("gate.budget_short")),
    Mutant("discounts not stacked", "policy_bounds", offers, "stacked_percent", lambda _: max),
    Mutant("quiet hours end at midnight", "policy_bounds", refusals, "in_quiet_hours", lambda _: lambda at, quiet: quiet[0] <= at < quiet[1]),
    Mutant("budget rounded", "budget", planner, "plan_budget", _rounded),
    Mutant("one message too many", "budget", planner, "plan_budget", _half_paid),
    Mutant("figure invented", "figures_traceable", keeping, "figures_from", _invented),
    Mutant("tool swapped", "trajectory", segmenter, "segmenter_playbook", _swapped),
    Mutant("audience widened", "trajectory", segmenter, "segmenter_playbook", _other_audience),
    Mutant("brief read twice", "trajectory", planner, "planner_playbook", _twice),
    Mutant("refusal dropped", "refusal", hearing, "read_brief", _brief(_nothing_refused)),
    Mutant("everything refused", "refusal", hearing, "read_brief", _brief(_all_refused)),
    Mutant("question dropped", "clarification", hearing, "read_brief", _brief(_plan_anyway)),
    Mutant("asks about everything", "clarification", hearing, "read_brief", _brief(_ask_anyway)),
    Mutant("channels forgotten", "objective_extraction", readers, "read_brief", _brief(_without_channels)),
    Mutant("undo not heard", "multi_turn", turns, "_undo", lambda _: lambda turn: None),
    Mutant("comments not heard", "approver_comments", comments, "_fields", lambda _: lambda *given: ["other"]),
    Mutant("unsubscribe not checked", "copy_guardrails", creative, "UNSUBSCRIBE", lambda _: ""),
    Mutant("links let through", "copy_guardrails", creative, "wording_problems", lambda _: lambda part, text: []),
    Mutant("product texts repeated", "injection", facts, "plain_sentences", lambda _: lambda text: text),
)  # fmt: skip
