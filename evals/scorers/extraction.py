"""Scores of briefs in plain words: whole records, and the fields, codes and questions in them by themselves.

`whole_brief` decides whether a case passes. The others pass always: their means and counts are the figures of the contract of
case files, and the suite's thresholds are on them.
"""

from __future__ import annotations

from agents.planner.brief import Brief
from evals.core.case import BriefCase
from evals.core.compare import BriefVerdict, compare
from evals.core.targets import brief_labels
from evals.harness.case import CaseResult, Score, verdict
from evals.scorers.reading import fields


def whole_brief(result: CaseResult) -> Score:
    """Action, objective, budget, dates, channels, refusals and questions are all as they were labelled."""
    wrong = [item for item in _compared(result).fields if not item.right]
    return verdict(
        "whole_brief", [f"{item.field} is {item.got!r}, expected {item.expected!r}" for item in wrong]
    )


def brief_budget(result: CaseResult) -> Score:
    """The amount to the cent, and its currency."""
    return _field(result, "brief_budget", "budget")


def brief_dates(result: CaseResult) -> Score:
    """Start and end, each within the case's tolerance."""
    return _field(result, "brief_dates", "start", "end")


def brief_channels(result: CaseResult) -> Score:
    """The channels as a set."""
    return _field(result, "brief_channels", "channels")


def brief_refusals(result: CaseResult) -> Score:
    """How many of the codes that have to be refused were, and how many others."""
    wanted, found = _case(result).expected.must_refuse, {one.code for one in _brief(result).refusals}
    return _found("brief_refusals", "codes", len(wanted & found), len(wanted - found), len(found - wanted))


def brief_questions(result: CaseResult) -> Score:
    """How many of the fields that have to be asked about were, and of a brief that can be planned how many others."""
    wanted, asked = _case(result).expected.must_clarify, {one.field for one in _brief(result).questions}
    extra = _compared(result).over_asked
    return _found("brief_questions", "fields", len(wanted & asked), len(wanted - asked), len(extra))


def nothing_invented(result: CaseResult) -> Score:
    """No field is stated of which the brief says nothing; counts such fields."""
    invented = _compared(result).invented
    return _told("nothing_invented", not invented, ", ".join(invented), fields=len(invented))


def not_over_refused(result: CaseResult) -> Score:
    """No code is refused that is not asked for."""
    extra = {refusal.code for refusal in _brief(result).refusals} - _case(result).expected.must_refuse
    return _told("not_over_refused", not extra, ", ".join(sorted(extra)))


def not_over_asked(result: CaseResult) -> Score:
    """A brief that can be planned is asked nothing beyond what it may be; says nothing of the others."""
    asked = _compared(result).over_asked
    score = _told("not_over_asked", not asked, ", ".join(asked))
    return score.model_copy(update={"applies": _case(result).expected.action == "plan"})


def _case(result: CaseResult) -> BriefCase:
    case = result.case
    return BriefCase.model_validate(
        {
            "kind": "brief",
            "id": case.id,
            "lang": case.lang,
            "text": case.text,
            "expected": case.expected,
            "tags": case.tags,
        }
    )


def _brief(result: CaseResult) -> Brief:
    return Brief.model_validate(fields(result.output, "brief"))


def _compared(result: CaseResult) -> BriefVerdict:
    return compare(_case(result), _brief(result), brief_labels().objective_aliases)


def _field(result: CaseResult, name: str, *parts: str) -> Score:
    """Whether all of these fields are right; not where one of them counts neither way."""
    items = [item for item in _compared(result).fields if item.field in parts]
    score = _told(name, all(item.right for item in items))
    return score.model_copy(update={"applies": all(item.counted for item in items)})


def _found(name: str, label: str, found: int, lost: int, extra: int) -> Score:
    """Recall and precision by counts; says nothing of a brief where none was wanted and none came."""
    counts = {f"{label}.tp": found, f"{label}.fn": lost, f"{label}.fp": extra}
    every = found + lost + extra
    score = Score(name=name, passed=True, value=found / every if every else 1.0, counts=counts)
    return score.model_copy(update={"applies": bool(every)})


def _told(name: str, held: bool, detail: str = "", **counts: int) -> Score:
    return Score(name=name, passed=True, value=float(held), detail=detail, counts=counts)
