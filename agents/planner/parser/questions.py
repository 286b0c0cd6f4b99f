"""What must be asked before, or beside, planning: in the marketer's language, each with its reason and an answer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from agents.planner.brief import Action, Brief, BriefPolicy, Question
from agents.planner.parser.reading import Why


class Doubt(NamedTuple):
    """Something the text says that cannot be taken over as it stands: the field asked about, and why."""

    field: str
    why: Why | None
    suggestion: str = ""


BLOCKING: Final = frozenset({"objective", "audience", "budget"})
# Asked beside a plan: planning can go on without. A contradiction can not be planned over, whatever its field.
OPTIONAL: Final = frozenset({"currency"})
_CHANNEL_WORDS: Final = {"email": "e-mail", "sms": "SMS", "push": "push", "in_app": "in-app"}


@cache
def _worded() -> dict[str, dict[str, str]]:
    raw: dict[str, dict[str, str]] = tomllib.loads(
        resources.files("agents.planner.parser.lexicon").joinpath("questions.toml").read_text("utf-8")
    )
    return raw


def words(language: str, key: str, *values: str) -> str:
    """A sentence of the questions in a language, English where it has none; values replace {0}, {1}."""
    known = _worded()
    sentence = known.get(language, {}).get(key) or known["en"].get(key, "")
    for at, value in enumerate(values):
        sentence = sentence.replace(f"{{{at}}}", value)
    return sentence


def ask(field: str, language: str = "en", why: Why | None = None, suggestion: str = "") -> Question:
    """Word the question about a field: why it is asked, then what; with a suggested answer."""
    # A reason in another language than its question would confuse more than none.
    spoken = language if f"ask_{field}" in _worded().get(language, {}) else "en"
    reason = f"why_{why.code}" if why else f"why_{field}"
    known = spoken == "en" or reason in _worded()[spoken]
    because = words(spoken, reason, *(why.values if why else ())) if known else ""
    question = words(language, f"ask_{field}")
    return Question(
        field=field,
        question=" ".join(part for part in (because, question) if part),
        suggestion=suggestion or words(language, f"suggest_{field}"),
    )


def questions_for(
    brief: Brief,
    doubts: Iterable[Doubt],
    home_currency: str | None,
    policy: BriefPolicy,
    language: str = "en",
    still_open: Sequence[Question] = (),
) -> list[Question]:
    """Ask what planning cannot go on without, and what the text contradicts itself in; nothing else.

    An objective or an audience suffices, a budget is needed; its currency is asked only where the home has none
    to assume.
    """
    asked: dict[str, Question] = {}
    if brief.objective is None and brief.audience is None:
        asked["objective"] = ask("objective", language)
        asked["audience"] = ask("audience", language)
    if brief.budget is None or brief.budget.amount == 0:
        why = None if brief.budget is None else Why("budget_zero")
        asked["budget"] = ask("budget", language, why, _amount_in(home_currency))
    elif brief.budget.currency is None and home_currency is None:
        asked["currency"] = ask("currency", language)
    for question in still_open:
        asked.setdefault(question.field, question)
    for doubt in doubts:
        if doubt.field.startswith("unsupported_channel:"):
            asked[doubt.field] = _unsupported(doubt.field.partition(":")[2], policy, language)
        else:
            asked[doubt.field] = ask(doubt.field, language, doubt.why, doubt.suggestion)
    return list(asked.values())


def channel_name(channel: str) -> str:
    """A channel as it is written in questions."""
    return _CHANNEL_WORDS.get(channel, channel)


def _amount_in(currency: str | None) -> str:
    return f"1000 {currency}" if currency else ""


def _unsupported(name: str, policy: BriefPolicy, language: str) -> Question:
    offered = ", ".join(channel_name(channel) for channel in policy.channels)
    return Question(
        field=f"unsupported_channel:{name}",
        question=words(language, "ask_unsupported_channel", name.replace("_", " "), offered),
        suggestion=channel_name(policy.channels[0]) if policy.channels else "none",
    )


def action_for(
    brief: Brief, questions: Iterable[Question], lawful: bool, optional: frozenset[str] = OPTIONAL
) -> Action:
    """Decide what happens next: plan, plan the lawful part, ask first, or refuse the whole.

    `lawful` says that something stated remains when the sentences of the refusals are taken away; questions about
    `optional` fields hold nothing up.
    """
    fields = {question.field for question in questions}
    if brief.refusals:
        return "plan_with_refusal" if lawful else "refuse"
    if brief.channels is not None:
        fields = {field for field in fields if not field.startswith("unsupported_channel:")}
    return "clarify" if fields - optional else "plan"


def blocking_questions(brief: Brief) -> list[Question]:
    """The questions that must be answered before any plan is made, also where a refusal decides the action."""
    if brief.action == "refuse":
        return []
    if brief.action == "clarify":
        return list(brief.questions)
    return [question for question in brief.questions if question.field in BLOCKING]
