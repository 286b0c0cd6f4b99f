from __future__ import annotations

import pytest

from tools.audience.errors import (
    AudienceError,
    FilterSyntaxError,
    FilterTypeError,
    UnknownFieldError,
    UnknownValueError,
)
from tools.audience.fields import Schema
from tools.audience.filters import parse_filter


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "(",
        "order_count >",
        "order_count >= >= 2",
        "order_count 5",
        "5 > order_count",
        "order_count > 5 extra",
        "order_count in 5",
        "order_count in []",
        "order_count in [1, 2",
        "order_count is blue",
        "(order_count > 5",
        "order_count > 5)",
        "area = urban",
        'area = "urban"',
        "area = 'urban",
        "order_count > 5; drop table customers",
        "order_count > 5 --",
        "all and order_count > 5",
        "not all",
        "last_purchase_on > 2026-13-01",
        "order_count > 1e5",
    ],
)
def test_text_that_is_no_filter_is_refused_with_its_place(text: str, schema: Schema) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        parse_filter(text, schema)
    assert caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("order_count > 'five'", "five"),
        ("order_count > 1.5", "1.5"),
        ("days_since_purchase > 99999999", "99999999"),
        ("past_year_spend > true", "True"),
        ("past_year_spend = 'x'", "x"),
        ("area > 'urban'", ">"),
        ("area = 5", "5"),
        ("bought_mens = 1", "1"),
        ("bought_mens in [true]", "in"),
        ("last_purchase_on > 'soon'", "soon"),
    ],
)
def test_a_comparison_of_the_wrong_kind_names_the_value(text: str, value: str, schema: Schema) -> None:
    with pytest.raises(FilterTypeError) as caught:
        parse_filter(text, schema)
    assert caught.value.value == value


def test_an_unknown_field_is_named_with_the_closest(schema: Schema) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        parse_filter("days_since_purchas >= 180", schema)
    assert caught.value.value == "days_since_purchas"
    assert "Did you mean days_since_purchase?" in caught.value.message
    assert "past_year_spend" in caught.value.message


def test_an_unknown_category_is_named_with_the_closest(schema: Schema) -> None:
    with pytest.raises(UnknownValueError) as caught:
        parse_filter("area in ['rural', 'urbn']", schema)
    assert caught.value.value == "urbn"
    assert "Did you mean 'urban'?" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "order_count > 5 or " * 300 + "order_count > 5",
        "(" * 40 + "order_count > 5" + ")" * 40,
        "not " * 60 + "order_count > 5",
        f"order_count in [{', '.join(map(str, range(300)))}]",
        f"area = '{'x' * 300}'",
    ],
)
def test_a_filter_too_large_to_read_is_refused(text: str, schema: Schema) -> None:
    with pytest.raises(AudienceError):
        parse_filter(text, schema)
