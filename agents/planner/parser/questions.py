"""What must be asked before, or beside, planning; worded for a marketer, each with a suggested answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from agents.planner.brief import Action, Brief, BriefPolicy, Question


class Doubt(NamedTuple):
    """Something the text says that cannot be taken over as it stands: the field asked about, and why."""

    field: str
    because: str
    suggestion: str = ""


_ASK: Final[dict[str, tuple[str, str]]] = {
    "objective": ("What should this campaign achieve?", "Win back lapsed customers"),
    "audience": ("Whom should it reach?", "All customers with consent"),
    "budget": (
        "What may the campaign cost in total, and in which currency?",
        "State an amount with its currency",
    ),
    "currency": ("In which currency is the budget?", "USD"),
    "dates": ("When should it start and end?", "Next week"),
    "channels": ("Which channels should it use?", "e-mail"),
    "priority_of_goals": ("Which of these goals comes first?", "The one named first"),
    "discount": ("Which discount, if any, applies?", "No discount"),
    "frequency": ("How many messages may a person receive in a week?", "At most 1 a week"),
    "kpi": ("What should success be counted in?", "Purchases"),
}
BLOCKING: Final = frozenset({"objective", "audience", "budget"})


def ask(field: str, because: str = "", suggestion: str = "") -> Question:
    """Word the question about a field, with the reason it is asked."""
    question, usual = _ASK[field]
    return Question(
        field=field,
        question=" ".join(part for part in (because, question) if part),
        suggestion=suggestion or usual,
    )


def questions_for(
    brief: Brief, doubts: Iterable[Doubt], home_currency: str | None, policy: BriefPolicy
) -> list[Question]:
    """Ask what planning cannot go on without, and what the text contradicts itself in; nothing else.

    An objective or an audience suffices, a budget is needed; its currency is asked only where the home has none
    to assume.
    """
    asked: dict[str, Question] = {}
    if brief.objective is None and brief.audience is None:
        asked["objective"] = ask("objective")
        asked["audience"] = ask("audience")
    if brief.budget is None or brief.budget.amount == 0:
        because = "" if brief.budget is None else "The brief states a budget of zero."
        suggestion = f"An amount in {home_currency}" if home_currency else ""
        asked["budget"] = ask("budget", because, suggestion)
    elif brief.budget.currency is None and home_currency is None:
        asked["currency"] = ask("currency")
    for doubt in doubts:
        if doubt.field.startswith("unsupported_channel:"):
            asked[doubt.field] = _unsupported(doubt.field.partition(":")[2], policy)
        else:
            asked[doubt.field] = ask(doubt.field, doubt.because, doubt.suggestion)
    return list(asked.values())


def _unsupported(name: str, policy: BriefPolicy) -> Question:
    offered = ", ".join(policy.channels)
    return Question(
        field=f"unsupported_channel:{name}",
        question=f"{name.replace('_', ' ')} is not a channel here. Which of {offered} should be used instead?",
        suggestion=policy.channels[0] if policy.channels else "none",
    )


def action_for(brief: Brief, questions: Iterable[Question], lawful: bool) -> Action:
    """Decide what happens next: plan, plan the lawful part, ask first, or refuse the whole.

    `lawful` says that something stated remains when the sentences of the refusals are taken away.
    """
    fields = {question.field for question in questions}
    if brief.refusals:
        return "plan_with_refusal" if lawful else "refuse"
    no_channel = brief.channels is None and any(field.startswith("unsupported_channel:") for field in fields)
    return "clarify" if fields & BLOCKING or no_channel else "plan"


def blocking_questions(brief: Brief) -> list[Question]:
    """The questions that must be answered before any plan is made, also where a refusal decides the action."""
    if brief.action == "refuse":
        return []
    if brief.action == "clarify":
        return list(brief.questions)
    return [question for question in brief.questions if question.field in BLOCKING]
