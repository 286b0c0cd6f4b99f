"""A brief as it was read against what was expected: one verdict a field, and whether the whole brief passes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from agents.planner.brief import Brief
from evals.core.case import BriefCase

# Six months may be 180 to 183 days.
DAY_TOLERANCE: Final = Decimal("3")
_STATED: Final = ("objective", "kpi", "audience", "budget", "start", "end", "channels")
_KEYED: Final = ("kpi", "audience", "constraints")


class FieldVerdict(NamedTuple):
    """One field of one brief; `counted` is False where a value is neither right nor wrong."""

    field: str
    right: bool
    expected: object
    got: object
    counted: bool = True


class BriefVerdict(NamedTuple):
    """Everything compared of one brief; `keys` are reported beside and decide nothing."""

    case_id: str
    fields: tuple[FieldVerdict, ...]
    keys: tuple[FieldVerdict, ...]
    invented: tuple[str, ...]
    over_asked: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether action, objective, budget, dates, channels, refusals and questions are all as expected."""
        return all(verdict.right for verdict in self.fields)


def compare(case: BriefCase, brief: Brief, aliases: Mapping[str, str]) -> BriefVerdict:
    """Compare a brief with what was expected; `aliases` maps other names of an objective to its code."""
    expected = case.expected
    asked = {question.field for question in brief.questions}
    over_asked = _over_asked(case, asked)
    fields = [
        FieldVerdict("action", brief.action == expected.action, expected.action, brief.action),
        _objective(case, brief, aliases),
        _budget(case, brief),
        _day(case, "start", expected.start, brief.start),
        _day(case, "end", expected.end, brief.end),
        _channels(case, brief),
        _refusals(case, brief),
        FieldVerdict("clarify", expected.must_clarify <= asked, sorted(expected.must_clarify), sorted(asked)),
        FieldVerdict("over_asking", not over_asked, [], over_asked),
    ]
    return BriefVerdict(
        case.id, tuple(fields), tuple(_keys(case, brief)), _invented(case, brief), tuple(over_asked)
    )


def _over_asked(case: BriefCase, asked: set[str]) -> list[str]:
    """Questions beyond those allowed; only a brief that can be planned counts."""
    if case.expected.action != "plan":
        return []
    return sorted(asked - case.expected.must_clarify - case.expected.may_clarify)


def _objective(case: BriefCase, brief: Brief, aliases: Mapping[str, str]) -> FieldVerdict:
    wanted = case.expected.objective
    names = {wanted, aliases.get(wanted or "", wanted)}
    right = brief.objective in names or aliases.get(brief.objective or "", brief.objective) in names
    return _judged(case, "objective", right, wanted, brief.objective)


def _budget(case: BriefCase, brief: Brief) -> FieldVerdict:
    wanted = case.expected.budget
    expected = None if wanted is None else {"amount": f"{wanted.amount}", "currency": wanted.currency}
    got = (
        None
        if brief.budget is None
        else {"amount": f"{brief.budget.amount}", "currency": brief.budget.currency}
    )
    if wanted is None or brief.budget is None:
        right = wanted is None and brief.budget is None
    else:
        right = (
            _cents(wanted.amount) == _cents(brief.budget.amount) and wanted.currency == brief.budget.currency
        )
    return _judged(case, "budget", right, expected, got)


def _cents(amount: Decimal) -> int:
    return round(amount * 100)


def _day(case: BriefCase, field: str, wanted: date | None, got: date | None) -> FieldVerdict:
    if wanted is None or got is None:
        right = wanted is None and got is None
    else:
        right = abs((wanted - got).days) <= case.expected.date_tolerance_days
    return _judged(case, field, right, wanted and wanted.isoformat(), got and got.isoformat())


def _channels(case: BriefCase, brief: Brief) -> FieldVerdict:
    wanted = case.expected.channels
    got = None if brief.channels is None else frozenset(brief.channels)
    shown = (None if wanted is None else sorted(wanted), None if got is None else sorted(got))
    return _judged(case, "channels", (wanted or None) == got, *shown)


def _refusals(case: BriefCase, brief: Brief) -> FieldVerdict:
    wanted = set(case.expected.must_refuse)
    got = {refusal.code for refusal in brief.refusals}
    return FieldVerdict("refusals", wanted == got, sorted(wanted), sorted(got))


def _judged(case: BriefCase, field: str, right: bool, expected: object, got: object) -> FieldVerdict:
    counted = right or not (field in case.contradicted and got is not None)
    return FieldVerdict(field, right and counted, expected, got, counted)


def _invented(case: BriefCase, brief: Brief) -> tuple[str, ...]:
    """Fields stated where the brief says nothing, outside contradicted ones."""
    return tuple(
        field
        for field in _STATED
        if getattr(case.expected, field) in (None, {}, frozenset())
        and getattr(brief, field) is not None
        and field not in case.contradicted
    )


def _keys(case: BriefCase, brief: Brief) -> list[FieldVerdict]:
    """Each expected key of KPI, audience and constraints; `other` is not compared."""
    found: list[FieldVerdict] = []
    for field in _KEYED:
        wanted: dict[str, Any] = getattr(case.expected, field) or {}
        value = getattr(brief, field)
        got: dict[str, Any] = {} if value is None else value.model_dump(mode="json")
        for key in sorted(wanted):
            if key != "other":
                right = _same(key, wanted[key], got.get(key))
                found.append(FieldVerdict(f"{field}.{key}", right, wanted[key], got.get(key)))
    return found


def _same(key: str, wanted: object, got: object) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted == got
    if isinstance(wanted, dict) and isinstance(got, dict):
        return all(_same(inner, wanted[inner], got.get(inner)) for inner in wanted if inner != "other")
    if isinstance(wanted, list) or isinstance(got, list):
        one, other = (value if isinstance(value, list) else [value] for value in (wanted, got))
        return {f"{item}".casefold() for item in one} == {f"{item}".casefold() for item in other}
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        slack = DAY_TOLERANCE if "days" in key else Decimal("0.000001")
        return abs(Decimal(str(wanted)) - Decimal(str(got))) <= slack
    return f"{wanted}".casefold() == f"{got}".casefold()
