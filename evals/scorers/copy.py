"""The score of a labelled text: did its rule catch what it should, and only that."""

from __future__ import annotations

from evals.harness.case import CaseResult, Score, confusion


def copy_rule(result: CaseResult) -> Score:
    """Right when caught and labelled so agree; counts give recall and precision by rule."""
    rule, caught = str(result.output["rule"]), bool(result.output["caught"])
    label = bool(result.case.expected["caught"])
    return Score(
        name="copy_rule",
        passed=caught == label,
        value=float(caught == label),
        detail=""
        if caught == label
        else f"{rule} {'caught' if caught else 'let through'} {result.case.text!r}",
        counts=confusion(rule, wanted=label, found=caught) | confusion("all", wanted=label, found=caught),
    )
