"""What is asked after a turn: what planning needs, what is still open, and what the record says against itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from agents.comments.asks import PREFIX
from agents.comments.asks import Reading as ReadBy
from agents.planner.brief import CHANNELS, Action, Brief, Question
from agents.planner.parser.questions import Doubt, action_for, ask, questions_for, words
from agents.planner.parser.reading import Why

_SETTLED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "dates": ("start", "end"),
    "channels": ("channels",),
    "unsupported_channel": ("channels",),
    "discount": ("constraints.discount_pct", "constraints.max_discount_pct"),
    "frequency": ("constraints.max_messages_per_person", "constraints.max_messages_per_person_week"),
    "kpi": ("kpi",),
    "priority_of_goals": ("objective",),
}
_ALWAYS_ASKED_ANEW: Final = frozenset({"objective", "audience", "budget", "currency"})


def settled(record: Brief, by: ReadBy) -> Brief:
    """Return a record with the questions that it still raises by itself; those of a planner or an approver are asked anew."""
    bare = record.model_copy(update={"questions": [], "action": "plan"})
    asked, action = asked_after(record, bare, (), frozenset(), lawful=record.action != "refuse", by=by)
    return bare.model_copy(update={"questions": asked, "action": action})


def asked_after(
    before: Brief, after: Brief, doubts: Sequence[Doubt], stated: frozenset[str], *, lawful: bool, by: ReadBy
) -> tuple[list[Question], Action]:
    """What is asked after a turn, and whether planning waits for it; a contradiction always waits."""
    contradictions = _contradictions(after, by.language)
    own = {question.field for question in contradictions}
    raised = questions_for(after, doubts, by.currency, by.policy, by.language)
    asked = [*contradictions, *(question for question in raised if question.field not in own)]
    asked += _still_open(before, stated, asked)
    action = action_for(after, asked, lawful)
    return asked, "clarify" if contradictions and action != "refuse" else action


def is_about(field: str, slot: str) -> bool:
    """Whether a slot is what a question about a field asks for."""
    known = _SETTLED_BY.get(field.partition(":")[0])
    if known is not None:
        return slot in known
    wanted = "budget" if field == "currency" else field
    return slot == wanted or slot.startswith(f"{wanted}.")


def is_answered(field: str, stated: Iterable[str]) -> bool:
    """Whether one of the fields stated is what a question about a field asks for."""
    return any(is_about(field, name) for name in stated)


def _still_open(record: Brief, stated: frozenset[str], asked: Iterable[Question]) -> list[Question]:
    fields = {question.field for question in asked}
    return [
        question
        for question in record.questions
        if question.field not in _ALWAYS_ASKED_ANEW | fields
        and not question.field.startswith(PREFIX)
        and not is_answered(question.field, stated)
    ]


def _contradictions(record: Brief, language: str) -> list[Question]:
    """What the record now says against itself: named and asked about, never resolved in silence."""
    found = []
    if record.start is not None and record.end is not None and record.end < record.start:
        why = Why("dates_order", (f"{record.start}", f"{record.end}"))
        ends = record.start + timedelta(days=13)
        found.append(ask("dates", language, why, f"{record.start} – {ends}"))
    people = record.audience
    if people is not None and people.days_since_purchase_min and people.days_since_purchase_max:
        low, high = people.days_since_purchase_min, people.days_since_purchase_max
        if low > high:
            why = Why("audience_days", (f"{low}", f"{high}"))
            found.append(ask("audience", language, why, words(language, "suggest_not_bought", f"{low}")))
    barred = record.constraints.excluded_channels or []
    if record.channels is None and set(barred) >= set(CHANNELS):
        found.append(ask("channels", language, Why("channels_none")))
    return found
