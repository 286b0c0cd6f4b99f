"""The embedded rules' reading of a brief, with a language model's beside it.

What both read alike stands. A budget, a day or a channel that they read differently becomes a question. What only the
model read is taken where the rules read the same in its quote, asked about where the quote shows it without the rules
being able to tell, and dropped where the quote does not hold it. So nothing enters that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from agents.planner.brief import MODEL_NAME, Audience, Brief, Budget, Channel, Question, Slot, in_order
from agents.planner.grounding import has_amount, has_days, has_number, names_channel, quoted_span
from agents.planner.heard import Heard, HeardBudget, HeardBy, HeardDay, HeardFilter

Read = Callable[[str], Brief]
MODEL_CONFIDENCE = 0.6
_DATES = "dates"
_BLOCKING = frozenset({"objective", "audience", "budget", "currency"})


def cross_checked(brief: Brief, by: HeardBy, text: str, read: Read) -> tuple[Brief, tuple[Question, ...]]:
    """Return the brief with what the model adds to it, and the questions that the two readings raise together.

    `read` is the embedded reading, asked about the model's quotes. Refusals are the rules' alone.
    """
    if by.model is None or brief.action == "refuse":
        return brief, ()
    check = _CrossCheck(brief, by.model, text, read)
    check.hear(by.heard)
    return check.brief(), tuple(check.doubts)


def with_doubts(brief: Brief, doubts: Iterable[Question], *, answered: set[str]) -> Brief:
    """Return the brief with the questions among `doubts` that nobody has answered yet; it is not planned before."""
    asked = {question.field for question in brief.questions}
    still_open = [doubt for doubt in doubts if doubt.field not in answered]
    if not still_open or brief.action == "refuse":
        return brief
    new = [doubt for doubt in still_open if doubt.field not in asked]
    return brief.model_copy(update={"action": "clarify", "questions": [*brief.questions, *new]})


class _CrossCheck:
    """One comparison; what it takes over is gathered in `_taken`, with slots and questions beside it."""

    def __init__(self, brief: Brief, model: str, text: str, read: Read) -> None:
        self._rules, self._model, self._text, self._read = brief, model, text, read
        self._taken: dict[str, Any] = {}  # fields of the record, each of its own type
        self._audience: dict[str, int | str] = {}
        self._slots: dict[str, Slot] = {}
        self.doubts: list[Question] = []

    def hear(self, heard: Heard) -> None:
        """Compare every value that the model gives."""
        if heard.objective is not None and self._rules.objective is None:
            self._take("objective", heard.objective.code, heard.objective.quote)
        if heard.budget is not None:
            self._budget(heard.budget)
        for name, day in (("start", heard.start), ("end", heard.end)):
            if day is not None:
                self._day(name, day)
        self._channels(heard)
        for one in heard.audience:
            self._filter(one)

    def brief(self) -> Brief:
        """Return the record; it names both that read it."""
        taken = dict(self._taken)
        if self._audience:
            stated = self._rules.audience.model_dump() if self._rules.audience else {}
            taken["audience"] = Audience.model_validate({**stated, **self._audience})
        filled = {"objective", "audience"} if taken.keys() & {"objective", "audience"} else set()
        filled |= {"budget", "currency"} & taken.keys()
        questions = [question for question in self._rules.questions if question.field not in filled]
        blocking = [
            q for q in questions if q.field in _BLOCKING or q.field.startswith("unsupported_channel:")
        ]
        action = "plan" if self._rules.action == "clarify" and not blocking else self._rules.action
        return self._rules.model_copy(
            update={
                **taken,
                "action": action,
                "questions": questions,
                "slots": {**self._rules.slots, **self._slots},
                "model": f"{self._model}, {MODEL_NAME}",
            }
        )

    def _budget(self, heard: HeardBudget) -> None:
        amount = Decimal(str(heard.amount))
        stated = self._rules.budget
        if stated is not None and stated.amount == amount and _agree(stated.currency, heard.currency):
            return
        by_rules = self._of_quote(heard.quote)
        same = by_rules is not None and by_rules.budget is not None and by_rules.budget.amount == amount
        shown = by_rules is not None and has_amount(heard.quote, heard.amount)
        words = f"{amount:f} {heard.currency or ''}".strip()
        if stated is not None and (same or shown):
            own = f"{stated.amount:f} {stated.currency or ''}".strip()
            self._ask("budget", heard.quote, words, f"{own} by the rules", own)
        elif stated is None and same and by_rules is not None and by_rules.budget is not None:
            # the currency too is what the rules read in the quote, not what the model makes of it
            self._take("budget", Budget(amount=amount, currency=by_rules.budget.currency), heard.quote)
        elif stated is None and shown:
            self._ask("budget", heard.quote, words, "not read by the rules", words)

    def _day(self, name: str, heard: HeardDay) -> None:
        stated: date | None = getattr(self._rules, name)
        if stated == heard.day:
            return
        by_rules = self._of_quote(heard.quote)
        same = by_rules is not None and heard.day in (by_rules.start, by_rules.end)
        shown = by_rules is not None and has_number(heard.quote, heard.day.day)
        words = f"{name} {heard.day.isoformat()}"
        if stated is not None and (same or shown):
            self._ask(
                _DATES, heard.quote, words, f"{name} {stated.isoformat()} by the rules", stated.isoformat()
            )
        elif stated is None and same:
            self._take(name, heard.day, heard.quote)
        elif stated is None and shown:
            self._ask(_DATES, heard.quote, words, "not read by the rules", heard.day.isoformat())

    def _channels(self, heard: Heard) -> None:
        stated = self._rules.channels
        taken: list[Channel] = []
        for one in heard.channels:
            by_rules = self._of_quote(one.quote)
            if by_rules is None or one.channel in (stated or ()):
                continue
            excluded = one.channel in (self._rules.constraints.excluded_channels or ())
            same = one.channel in (by_rules.channels or ())
            if stated is None and same and not excluded:
                taken.append(one.channel)
                self._slot("channels", one.quote)
            elif same or names_channel(one.quote, one.channel):
                own = ", ".join(stated) if stated else "none"
                self._ask(
                    "channels", one.quote, one.channel, f"{own} by the rules", own if stated else one.channel
                )
        if taken:
            self._taken["channels"] = in_order(taken)

    def _filter(self, heard: HeardFilter) -> None:
        audience, by_rules = self._rules.audience, self._of_quote(heard.quote)
        if by_rules is None or (audience is not None and getattr(audience, heard.key) is not None):
            return
        same = by_rules.audience is not None and getattr(by_rules.audience, heard.key) == heard.value
        if isinstance(heard.value, int):
            held = (
                has_number(heard.quote, heard.value)
                if heard.key == "order_count"
                else has_days(heard.quote, heard.value)
            )
        else:
            held = bool(heard.value.strip()) and heard.value.casefold() in heard.quote.casefold()
        if same:
            self._audience[heard.key] = heard.value
            self._slot(f"audience.{heard.key}", heard.quote)
        elif held:
            words = f"{heard.key.replace('_', ' ')} {heard.value}"
            self._ask("audience", heard.quote, words, "not read by the rules", words)

    def _of_quote(self, quote: str) -> Brief | None:
        """The embedded reading of a quote; None where the text does not hold it."""
        span = quoted_span(self._text, quote)
        words = "" if span is None else self._text[slice(*span)]
        return self._read(words) if words.strip() else None

    def _take(self, field: str, value: object, quote: str) -> None:
        if quoted_span(self._text, quote) is not None:
            self._taken[field] = value
            self._slot(field, quote)

    def _slot(self, field: str, quote: str) -> None:
        span = quoted_span(self._text, quote)
        if span is not None:
            self._slots[field] = Slot(source="model", span=span, confidence=MODEL_CONFIDENCE)

    def _ask(self, field: str, quote: str, heard: str, otherwise: str, suggestion: str) -> None:
        if any(doubt.field == field for doubt in self.doubts):
            return
        question = f"“{quote.strip()}” was read as {heard} by {self._model}, {otherwise}. What is meant?"
        self.doubts.append(Question(field=field, question=question, suggestion=suggestion))


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
