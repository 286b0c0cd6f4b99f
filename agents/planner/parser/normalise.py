"""Merge a person's answer to a question into the brief record."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from agents.planner.brief import AnswerNotUnderstoodError, Brief, BriefPolicy, Question
from agents.planner.parser.budget import find_answered_budget, find_currency
from agents.planner.parser.extract import Extract, extract
from agents.planner.parser.language import reading_language
from agents.planner.parser.objective import find_answered_objective
from agents.planner.parser.questions import action_for, questions_for
from agents.planner.parser.reader import check_setting
from agents.planner.parser.reading import Reading, fold, itemise

_YES: Final = re.compile(
    r"\s*(?:yes|yep|yeah|ok(?:ay)?|sure|fine|agreed|go ahead|correct|right|sounds good)[\s.!]*", re.I
)
_DECLINES: Final = re.compile(r"\b(?:no|none|skip|leave|without|drop|never mind|not)\b", re.IGNORECASE)
_VALUES: Final = ("objective", "kpi", "budget", "start", "end", "channels")


def merge_answer(
    brief: Brief,
    field: str,
    answer_text: str,
    *,
    today: date,
    timezone: str = "UTC",
    home_currency: str | None = None,
    policy: BriefPolicy | None = None,
    language: str | None = None,
) -> Brief:
    """Decide the record after a person's answer to the question about `field`; nothing unmentioned is lost.

    Everything the answer states replaces what stood there, with source `person` and spans into the answer. A
    plain "yes" takes the suggestion. `language` (ISO 639-1) is that of further questions, the answer's own when left
    out. Raises AnswerNotUnderstoodError when the answer does not say what was asked,
    and the errors of `read_brief`; the record passed in is unchanged.
    """
    check_setting(answer_text, timezone, home_currency)
    bounds = policy or BriefPolicy()
    question = next((each for each in brief.questions if each.field == field), None)
    text = question.suggestion if question and _YES.fullmatch(answer_text) else answer_text
    found = extract(text, today, home_currency, bounds)
    _read_asked(found, brief, field, text, today, home_currency)
    if not _says(found, field, text):
        raise AnswerNotUnderstoodError(
            f"The answer {answer_text[:80]!r} does not say what was asked about {field.replace('_', ' ')}. "
            f"{question.question if question else 'Please say it in other words.'}",
            value=answer_text[:80],
        )
    found.language = language or found.language
    return _merged(brief, field, found, home_currency, bounds)


def _read_asked(found: Extract, brief: Brief, field: str, text: str, today: date, home: str | None) -> None:
    """Read the asked field as an answer, where less need be said than in a brief."""
    reading: Reading | None = None
    folded = fold(text)
    sentence = itemise(folded.text, reading_language(found.language), today)
    if field == "budget" and "budget" not in found.readings:
        reading = find_answered_budget(sentence, home)
    elif field in ("objective", "priority_of_goals"):
        reading = find_answered_objective(sentence)
    elif field == "currency" and brief.budget is not None and "budget" not in found.readings:
        currency = find_currency(sentence, home)
        if currency is not None:
            value = {**brief.budget.model_dump(), "currency": currency.value}
            reading = currency._replace(field="budget", value=value)
    if reading is not None:
        start, end = folded.original(reading.span)
        found.readings[reading.field] = reading._replace(start=start, end=end)


def _says(found: Extract, field: str, text: str) -> bool:
    if field.startswith("unsupported_channel:"):
        return "channels" in found.readings or bool(_DECLINES.search(text))
    if field == "audience":
        return bool(found.audience)
    if field == "dates":
        return "start" in found.readings or "end" in found.readings
    if field == "discount":
        return any(name.endswith("discount_pct") for name in found.readings)
    if field == "frequency":
        return any(name.startswith("constraints.max_messages") for name in found.readings)
    if field == "currency":
        budget = found.value("budget")
        return isinstance(budget, dict) and budget.get("currency") is not None
    if field == "priority_of_goals":
        return "objective" in found.readings
    return field in found.readings


def _merged(brief: Brief, field: str, found: Extract, home: str | None, policy: BriefPolicy) -> Brief:
    stated: dict[str, object] = {name: found.value(name) for name in _VALUES if name in found.readings}
    if "budget" in stated:
        stated["budget"] = _in_known_currency(brief, stated["budget"])
    # A dumped record on its way back into validation.
    document: dict[str, Any] = {**brief.model_dump(), **stated, "questions": [], "action": "plan"}
    if found.audience:
        kept = {} if field == "audience" else document["audience"] or {}
        document["audience"] = {**kept, **found.audience}
    document["constraints"] = {**document["constraints"], **found.constraints()}
    codes = {refusal.code for refusal in brief.refusals}
    document["refusals"] = [*brief.refusals, *(new for new in found.refusals if new.code not in codes)]
    document["slots"] = {**brief.slots, **found.slots("person")}
    merged = Brief.model_validate(document)
    questions = questions_for(
        merged, found.doubts, home, policy, found.language, _still_open(brief, field, found)
    )
    lawful = brief.action != "refuse" or found.is_lawful()
    return merged.model_copy(update={"questions": questions, "action": action_for(merged, questions, lawful)})


def _in_known_currency(brief: Brief, budget: object) -> object:
    """A bare amount in answer to the budget question keeps a currency already stated."""
    if isinstance(budget, dict) and budget.get("currency") is None and brief.budget is not None:
        return {**budget, "currency": brief.budget.currency}
    return budget


def _still_open(brief: Brief, field: str, found: Extract) -> list[Question]:
    """What was in doubt before and is not answered yet."""
    settled = {field, "objective", "audience", "budget", "currency"}
    if "channels" in found.readings:
        settled.add("channels")
    if "start" in found.readings or "end" in found.readings:
        settled.add("dates")
    return [each for each in brief.questions if each.field not in settled]
