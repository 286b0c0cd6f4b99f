"""Whether the result can be trusted: the split, the matching, the replay, the sums and the money."""

from __future__ import annotations

from typing import NamedTuple

from agents.review.record import ReadoutRecord
from api.report.wording import amount, p_value
from tools.experiments.srm import BROKEN_BELOW


class Check(NamedTuple):
    """One check: `state` is passed, failed or unneeded, said in a word and a mark."""

    name: str
    state: str
    words: str


def checks(record: ReadoutRecord, sums_hold: bool) -> tuple[Check, ...]:
    """Return every check of a readout, failed ones included."""
    spent, budget = (amount(value, record.currency) for value in (record.spent_minor, record.budget_minor))
    return (
        _split(record),
        _matching(record),
        Check(
            "Every logged choice replays",
            _state(record.replays),
            "yes: each draw and each arm follow from the logged seed and probabilities, bit for bit"
            if record.replays
            else "no: the log does not give the choices that were made; do not trust the estimates",
        ),
        Check(
            "People add up",
            _state(sums_hold),
            "everybody is counted once" if sums_hold else "the counts do not add up; find out why first",
        ),
        Check(
            "Within the budget",
            _state(record.spent_minor <= record.budget_minor),
            f"{spent} spent of {budget}",
        ),
    )


def _split(record: ReadoutRecord) -> Check:
    held = record.split_p_value >= BROKEN_BELOW
    said = "the groups came out as declared" if held else "the groups did not come out as declared"
    return Check("Split of the groups", _state(held), f"{p_value(record.split_p_value)}; {said}")


def _matching(record: ReadoutRecord) -> Check:
    if record.matching_p_value is None:
        return Check("Matching of outcomes", "unneeded", "not needed: everybody's outcome is observed")
    held = record.matching_p_value >= BROKEN_BELOW
    said = "outcomes match at the known rate" if held else "outcomes match at another rate than the known one"
    return Check("Matching of outcomes", _state(held), f"{p_value(record.matching_p_value)}; {said}")


def _state(holds: bool) -> str:
    return "passed" if holds else "failed"
