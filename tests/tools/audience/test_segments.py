from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.audience.errors import FilterSyntaxError, SegmentsOverlapError
from tools.audience.fields import Schema
from tools.audience.matching import matching
from tools.audience.segments import SegmentRule, part_audience, propose_segments

AS_OF = date(2026, 12, 1)
Columns = dict[str, NDArray[Any]]


def test_every_proposed_plan_parts_the_audience(columns: Columns, schema: Schema) -> None:
    plans = propose_segments(columns, schema, AS_OF)
    assert [plan.by for plan in plans] == ["lines bought", "spend in the past year"]
    for plan in plans:
        assert sum(segment.people for segment in plan.segments) == 12
        for place, segment in enumerate(plan.segments):
            members = matching(segment.filter, columns, AS_OF)
            assert (plan.members[members] == place).all()
            assert members.sum() == segment.people > 0


def test_people_without_a_value_get_a_segment_of_their_own(columns: Columns, schema: Schema) -> None:
    lines, spend = propose_segments(columns, schema, AS_OF)
    assert {segment.id: segment.people for segment in lines.segments}["lines_unknown"] == 3
    assert {segment.id: segment.people for segment in spend.segments}["spend_unknown"] == 1


def test_spend_is_cut_at_values_that_customers_have(columns: Columns, schema: Schema) -> None:
    spend = propose_segments(columns, schema, AS_OF)[1]
    # eleven known values; the lower third ends at the 4th smallest (50.25), the middle one at the 8th (90)
    assert spend.segments[0].definition == "past_year_spend < 50.25"
    assert spend.segments[1].definition == "past_year_spend < 90 and past_year_spend >= 50.25"


def test_the_same_people_give_the_same_plans(columns: Columns, schema: Schema) -> None:
    one = [[s.definition for s in plan.segments] for plan in propose_segments(columns, schema, AS_OF)]
    other = [[s.definition for s in plan.segments] for plan in propose_segments(columns, schema, AS_OF)]
    assert one == other


def test_one_value_for_all_gives_no_plan_by_spend(columns: Columns, schema: Schema) -> None:
    same = {**columns, "past_year_spend": np.full(12, 5.0)}
    assert [plan.by for plan in propose_segments(same, schema, AS_OF)] == ["lines bought"]


@pytest.mark.parametrize(
    ("definitions", "words"),
    [
        (["all", "order_count > 5"], "more than one segment"),
        (["order_count > 5", "order_count < 5"], "in no segment"),
        (["order_count > 5", "order_count <= 5"], "in no segment"),
    ],
)
def test_segments_that_overlap_or_leave_people_out_are_refused(
    definitions: list[str], words: str, columns: Columns, schema: Schema
) -> None:
    rules = [SegmentRule(f"s{i}", "", text) for i, text in enumerate(definitions)]
    with pytest.raises(SegmentsOverlapError, match=words):
        part_audience("test", rules, columns, schema, AS_OF)


def test_no_segments_and_unreadable_segments_are_refused(columns: Columns, schema: Schema) -> None:
    with pytest.raises(SegmentsOverlapError):
        part_audience("test", [], columns, schema, AS_OF)
    with pytest.raises(FilterSyntaxError):
        part_audience("test", [SegmentRule("s", "", "big spenders")], columns, schema, AS_OF)
