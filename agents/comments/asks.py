"""What an approver asked for as questions to the author: typed values only, each to be taken, changed or left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from agents.comments.reader import Asked, CommentReading
from agents.planner.brief import AnswerNotUnderstoodError, Brief, BriefPolicy, Question
from agents.planner.parser.extract import Extract, extract

ChangeField = Literal["budget", "dates", "channels", "holdout"]
PREFIX: Final = "approver."
"""Questions that come from an approver are named so, and their answers are the author's."""
_BRIEF_FIELD: Final[dict[str, str]] = {"holdout": "constraints.holdout"}
_CHANNEL_WORDS: Final[dict[str, str]] = {
    "email": "e-mail",
    "sms": "SMS",
    "push": "push notifications",
    "in_app": "in-app messages",
}
_WORDS: Final[dict[str, str]] = {
    "budget": "another budget",
    "dates": "other dates",
    "channels": "other channels",
    "holdout": "another holdout",
}
_AGREES: Final = re.compile(
    r"\s*(?:yes|yep|yeah|ok(?:ay)?|sure|fine|agreed|take it|do that|correct|right)[\s.!]*", re.I
)
_LEAVES: Final = re.compile(
    r"\s*(?:no|nope|keep(?: it| them| ours| mine)?|leave(?: it| them)?|as it is|unchanged)[\s.!]*", re.I
)


class Change(BaseModel):
    """A typed change: `answer` is the value written so that the brief parser reads exactly it."""

    model_config = ConfigDict(frozen=True)

    field: ChangeField
    answer: str


class ReadComments(BaseModel):
    """What was read in the comments, and which of it is a typed change; kept with the thread."""

    model_config = ConfigDict(frozen=True)

    asked: tuple[Asked, ...]
    changes: tuple[Change, ...]


class Reading(NamedTuple):
    """How a text is read: the day that relative dates count from, the home currency, the workspace's bounds; and the
    language that what is unclear is asked in."""

    today: date
    currency: str
    policy: BriefPolicy
    language: str = "en"


def read_changes(reading: CommentReading, by: Reading) -> ReadComments:
    """Type what was asked for; of two changes to a field the last counts, and what cannot be typed stays words."""
    changes: dict[str, Change] = {}
    for asked in reading.asked:
        if not asked.wanted.strip():
            continue
        found = extract(asked.wanted, by.today, by.currency, by.policy)
        change = _typed(asked.field, found, by.currency)
        if change is not None:
            changes[change.field] = change
    return ReadComments(asked=reading.asked, changes=tuple(changes.values()))


def open_changes(
    comments: ReadComments, brief: Brief, said: Iterable[tuple[str, str]], by: Reading
) -> tuple[Change, ...]:
    """Return the changes that the author has not answered and that the brief does not already say."""
    answered = {field for field, _ in said}
    return tuple(
        change
        for change in comments.changes
        if PREFIX + change.field not in answered and not _says(brief, change, by)
    )


def asked_of_author(brief: Brief, changes: Sequence[Change]) -> Brief:
    """Return the brief with a question for each change; a brief that is refused as a whole asks nothing."""
    if not changes or brief.action == "refuse":
        return brief
    questions = [question_about(change) for change in changes]
    return brief.model_copy(update={"action": "clarify", "questions": [*brief.questions, *questions]})


def question_about(change: Change) -> Question:
    """Word the question: what the approver asked for, never in the approver's own words."""
    return Question(
        field=PREFIX + change.field,
        question=f"The approver of the earlier proposal asked for {_WORDS[change.field]}: {change.answer}. "
        "Take it, say another, or keep yours?",
        suggestion=change.answer,
    )


def as_answers(said: Iterable[tuple[str, str]], comments: ReadComments | None) -> tuple[tuple[str, str], ...]:
    """Return an author's answers as answers about the brief: yes takes the change, keep leaves the brief as it is.

    Raises AnswerNotUnderstoodError for an answer about a change that no approver asked for.
    """
    changes = {change.field: change for change in comments.changes} if comments else {}
    answers: list[tuple[str, str]] = []
    for field, text in said:
        if not field.startswith(PREFIX):
            answers.append((field, text))
            continue
        name = field.removeprefix(PREFIX)
        if name not in changes:
            raise AnswerNotUnderstoodError(f"No approver asked for a change of {name!r}.", value=field)
        if not _LEAVES.fullmatch(text):
            words = changes[name].answer if _AGREES.fullmatch(text) else text
            answers.append((_BRIEF_FIELD.get(name, name), words))
    return tuple(answers)


def is_yes_or_no(text: str) -> bool:
    """Whether an answer takes what was asked for, or leaves the brief as it is, and says nothing else."""
    return bool(_AGREES.fullmatch(text) or _LEAVES.fullmatch(text))


def budget_answer(amount: Decimal, currency: str) -> str:
    """Write a budget in major units as an answer."""
    return f"{currency} {amount:.2f}"


def dates_answer(starts: date | None, ends: date | None) -> str:
    """Write a campaign's first and last day, at least one of them, as an answer."""
    if starts and ends:
        return f"from {starts.isoformat()} to {ends.isoformat()}"
    return f"starts on {starts.isoformat()}" if starts else f"ends on {ends}"


def channels_answer(channels: Iterable[str]) -> str:
    """Write channels as an answer."""
    return f"by {' and '.join(_CHANNEL_WORDS.get(name, name) for name in channels)}"


def holdout_answer(share: Decimal) -> str:
    """Write a share (0 to 1) that is held out as an answer."""
    return f"hold out {format((share * 100).normalize(), 'f')} %"


def _typed(field: str, found: Extract, currency: str) -> Change | None:
    budget, start, end = (found.value(name) for name in ("budget", "start", "end"))
    channels, share = found.value("channels"), found.value("constraints.holdout")
    if field == "budget" and isinstance(budget, dict):
        amount = Decimal(str(budget["amount"]))
        return Change(field="budget", answer=budget_answer(amount, budget.get("currency") or currency))
    if field == "dates" and (start or end):
        return Change(field="dates", answer=dates_answer(start, end))  # type: ignore[arg-type]  # dates when read
    if field == "channels" and isinstance(channels, list):
        return Change(field="channels", answer=channels_answer(channels))
    if field == "holdout" and isinstance(share, Decimal):
        return Change(field="holdout", answer=holdout_answer(share))
    return None


def _says(brief: Brief, change: Change, by: Reading) -> bool:
    found = extract(change.answer, by.today, by.currency, by.policy)
    if change.field == "budget":
        budget = found.value("budget")
        amount = budget["amount"] if isinstance(budget, dict) else None
        return brief.budget is not None and brief.budget.amount == amount
    if change.field == "dates":
        asked = {name: found.value(name) for name in ("start", "end") if found.value(name)}
        return all(getattr(brief, name) == day for name, day in asked.items())
    if change.field == "channels":
        return brief.channels == found.value("channels")
    return brief.constraints.holdout == found.value("constraints.holdout")
