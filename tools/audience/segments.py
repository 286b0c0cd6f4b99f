"""Segments: rules that part an audience, no one in two and no one left out, each in words and in the filter language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from tools.audience.errors import SegmentsOverlapError
from tools.audience.fields import Schema
from tools.audience.filters import Filter, parse_filter
from tools.audience.matching import BoolArray, Column, known, matching
from tools.audience.wording import WriteValue, plain_value


class SegmentRule(NamedTuple):
    """A segment as proposed: an id, a short name and a definition in the filter language."""

    id: str
    name: str
    definition: str


class Segment(NamedTuple):
    """A segment of one audience: the canonical definition, its words, and how many people it holds."""

    id: str
    name: str
    filter: Filter
    definition: str
    words: str
    people: int


class SegmentPlan(NamedTuple):
    """A way to part an audience; `by` says what by. `members` is (n,): each person's place in `segments`."""

    by: str
    segments: tuple[Segment, ...]
    members: Column


def part_audience(
    by: str,
    rules: Sequence[SegmentRule],
    columns: Mapping[str, Column],
    schema: Schema,
    as_of: date,
    write: WriteValue = plain_value,
) -> SegmentPlan:
    """Decide who of an audience belongs to which segment, and count; segments without people are left out.

    columns: the audience's people, each (n,). `write` renders values in the words. Raises SegmentsOverlapError naming
    how many people are in two segments or in none, and the errors of `parse_filter`.
    """
    filters = [parse_filter(rule.definition, schema) for rule in rules]
    masks = [matching(wanted, columns, as_of) for wanted in filters]
    _require_partition(by, masks, columns)
    segments: list[Segment] = []
    members = np.zeros(masks[0].size, dtype=np.int64)
    for rule, wanted, mask in zip(rules, filters, masks, strict=True):
        people = int(mask.sum())
        if people == 0:
            continue
        members[mask] = len(segments)
        words = wanted.describe(as_of, write)
        segments.append(Segment(rule.id, rule.name, wanted, wanted.canonical, words, people))
    return SegmentPlan(by, tuple(segments), members)


def propose_segments(
    columns: Mapping[str, Column], schema: Schema, as_of: date, write: WriteValue = plain_value
) -> tuple[SegmentPlan, ...]:
    """Propose the ways to part an audience that its columns allow, in a fixed order: by lines bought, by spend.

    Deterministic: the same people give the same plans. Spend is cut at its terciles, values that customers really have.
    """
    proposals = (
        ("lines bought", _by_lines(columns)),
        ("spend in the past year", _by_spend(columns)),
    )
    plans = [part_audience(by, rules, columns, schema, as_of, write) for by, rules in proposals if rules]
    return tuple(plan for plan in plans if len(plan.segments) > 1)


def _by_lines(columns: Mapping[str, Column]) -> list[SegmentRule]:
    if not {"bought_mens", "bought_womens"} <= set(columns):
        return []
    rules = [
        SegmentRule("both_lines", "Buyers of both lines", "bought_mens = true and bought_womens = true"),
        SegmentRule("mens_only", "Buyers of men's only", "bought_mens = true and bought_womens = false"),
        SegmentRule("womens_only", "Buyers of women's only", "bought_mens = false and bought_womens = true"),
        SegmentRule(
            "neither_line", "Buyers of neither line", "bought_mens = false and bought_womens = false"
        ),
    ]
    if not (known(columns["bought_mens"]) & known(columns["bought_womens"])).all():
        unknown = "bought_mens is unknown or bought_womens is unknown"
        rules = [
            *rules,
            SegmentRule("lines_unknown", "Lines bought not known", unknown),
        ]
    return rules


def _by_spend(columns: Mapping[str, Column]) -> list[SegmentRule]:
    if "past_year_spend" not in columns:
        return []
    spend = columns["past_year_spend"]
    there = known(spend)
    if not there.any():
        return []
    cuts = np.quantile(spend[there].astype(np.float64), [1 / 3, 2 / 3], method="inverted_cdf")
    low, high = (format(Decimal(str(cut)).normalize(), "f") for cut in cuts)
    if low == high:
        return []
    rules = [
        SegmentRule("spend_low", "Lower spend", f"past_year_spend < {low}"),
        SegmentRule("spend_middle", "Middle spend", f"past_year_spend >= {low} and past_year_spend < {high}"),
        SegmentRule("spend_high", "Higher spend", f"past_year_spend >= {high}"),
    ]
    if not there.all():
        rules.append(SegmentRule("spend_unknown", "Spend not known", "past_year_spend is unknown"))
    return rules


def _require_partition(by: str, masks: Sequence[BoolArray], columns: Mapping[str, Column]) -> None:
    if not masks or not columns:
        raise SegmentsOverlapError(f"The segments by {by} need at least one rule and one person.", value=by)
    times = np.sum(masks, axis=0)
    twice, never = int((times > 1).sum()), int((times == 0).sum())
    if twice:
        raise SegmentsOverlapError(
            f"{twice} people are in more than one segment by {by}; make the definitions exclude one another.",
            value=twice,
        )
    if never:
        raise SegmentsOverlapError(
            f"{never} people are in no segment by {by}; add one for them.", value=never
        )
