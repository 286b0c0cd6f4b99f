"""Scores of briefs: what was refused, what was asked, what the budget became."""

from __future__ import annotations

from decimal import Decimal

from evals.harness.case import CaseResult, Score, confusion, verdict
from evals.scorers.reading import fields, words


def refusal(result: CaseResult) -> Score:
    """Exactly the codes expected were refused; counts are the confusion of forbidden and benign briefs."""
    expected, found = set(words(result.case.expected, "codes")), set(words(result.output, "codes"))
    problems = [f"{code} was not refused" for code in sorted(expected - found)]
    problems += [f"{code} was refused for nothing" for code in sorted(found - expected)]
    return verdict("refusal", problems, **confusion("refused", wanted=bool(expected), found=bool(found)))


def clarification(result: CaseResult) -> Score:
    """Every field that must be asked was, and a clear brief was planned without a question that stops it."""
    must, asked = set(words(result.case.expected, "asked")), set(words(result.output, "asked"))
    stops = result.output["action"] in ("clarify", "refuse")
    problems = [f"{field} was not asked" for field in sorted(must - asked)]
    if not must and stops:
        problems.append(f"a clear brief was not planned; asked: {', '.join(sorted(asked)) or 'nothing'}")
    return verdict("clarification", problems, **confusion("asked", wanted=bool(must), found=stops))


def budget_kept(result: CaseResult) -> Score:
    """The budget is the stated one to the cent, and pays for no message more than it can."""
    expected = fields(result.case.expected, "budget")
    amount, cost = Decimal(str(expected["amount"])), int(str(expected["cheapest_minor"]))
    minor = int(amount * 100)
    stated = result.output.get("budget")
    problems = []
    if not isinstance(stated, dict) or Decimal(str(stated["amount"])) != amount:
        problems.append(f"the brief's budget is {stated}, stated was {amount}")
    if result.output["budget_minor"] != minor:
        problems.append(f"planned with {result.output['budget_minor']} minor units, stated were {minor}")
    affordable = result.output["affordable"]
    if affordable != minor // cost:
        problems.append(f"{affordable} messages are said to be affordable, {minor // cost} are")
    return verdict("budget_kept", problems)


def comment_changes(result: CaseResult) -> Score:
    """Exactly the changes that a comment asks for are put to the author, each with its value."""
    expected, found = fields(result.case.expected, "changes"), fields(result.output, "changes")
    problems = [
        f"{field} was read as {found.get(field)!r}, wanted {value!r}"
        for field, value in expected.items()
        if str(value) not in str(found.get(field, ""))
    ]
    problems += [
        f"{field} was asked for nothing: {found[field]!r}" for field in sorted(found.keys() - expected.keys())
    ]
    return verdict("comment_changes", problems)
