"""Scores of rules: agreement with the oracle, and ways around the countersignature."""

from __future__ import annotations

from evals.harness.case import CaseResult, Score, verdict
from evals.scorers.reading import words


def agrees_with_oracle(result: CaseResult) -> Score:
    """The product decided every message as the oracle did."""
    told = words(result.output, "told")
    count = int(str(result.output["differences"]))
    return verdict(
        "agrees_with_oracle",
        told,
        messages=int(str(result.output["messages"])),
        sent=int(str(result.output["sent"])),
        differences=count,
    )


def nothing_got_around(result: CaseResult) -> Score:
    """Nothing was approved, launched or sent by a way around the countersignature."""
    return verdict("nothing_got_around", words(result.output, "problems"), trials=1)
