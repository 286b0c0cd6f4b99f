from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tools.audience.fields import Schema, schema_of
from tools.audience.filters import parse_filter
from tools.audience.matching import matching

AS_OF = date(2026, 12, 1)

ATOMS = (
    "days_since_purchase >= 180",
    "days_since_purchase < 60",
    "days_since_purchase in [30, 61]",
    "days_since_purchase != 30",
    "last_purchase_on > 2026-06-01",
    "order_count != 5",
    "order_count not in [1, 2, 5]",
    "order_count is unknown",
    "past_year_spend >= 50.25",
    "past_year_spend <= 30",
    "past_year_spend is known",
    "bought_mens = true",
    "bought_mens != true",
    "area = 'urban'",
    "area != 'it\\'s'",
    "area in ['rural', 'urban']",
)
FILTERS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda p: f"({p[0]}){p[1]}({p[2]})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=6,
)


def found_by_duckdb(table: ibis.Table, expression: Any) -> list[bool]:
    rows = table.select("person_id", found=expression).order_by("person_id").to_pyarrow()
    found: list[bool] = rows["found"].to_pylist()
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILTERS)
def test_the_warehouse_and_the_columns_in_memory_agree_on_every_filter(
    text: str, table: ibis.Table, columns: dict[str, NDArray[Any]], schema: Schema
) -> None:
    wanted = parse_filter(text, schema)
    assert (
        found_by_duckdb(table, wanted.expression(table, AS_OF)) == matching(wanted, columns, AS_OF).tolist()
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=FILTERS)
def test_canonical_text_reads_back_to_the_same_filter(text: str, schema: Schema) -> None:
    wanted = parse_filter(text, schema)
    assert parse_filter(wanted.canonical, schema) == wanted
    assert "not (" not in wanted.canonical


@pytest.mark.parametrize("text", ATOMS)
def test_a_filter_and_its_negation_select_everyone_whose_value_is_known(
    text: str, columns: dict[str, NDArray[Any]], schema: Schema
) -> None:
    yes, no = parse_filter(text, schema), parse_filter(f"not {text}", schema)
    known = parse_filter(f"{text.split()[0]} is known", schema)
    both = matching(yes, columns, AS_OF).astype(int) + matching(no, columns, AS_OF).astype(int)
    about_knowledge = " is " in text
    expected = np.ones(12) if about_knowledge else matching(known, columns, AS_OF).astype(int)
    assert both.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bought_mens = true and order_count > 2", "order_count > 2 and (bought_mens = true)"),
        ("not (bought_mens = true or order_count > 2)", "order_count <= 2 and bought_mens = false"),
        ("area in ['urban', 'rural', 'urban']", "area IN ['rural','urban']"),
        ("area in ['urban']", "area = 'urban'"),
        ("past_year_spend > 30.50", "past_year_spend > 30.5"),
        ("past_year_spend > 30.0", "past_year_spend > 30"),
        ("last_purchase_on > '2026-06-01'", "last_purchase_on > 2026-06-01"),
        ("bought_mens != false", "bought_mens = true"),
        ("not not bought_mens = true", "bought_mens = true"),
        ("order_count > 2 and order_count > 2", "order_count > 2"),
        ("all", "ALL"),
    ],
)
def test_equal_filters_have_equal_text(one: str, other: str, schema: Schema) -> None:
    assert parse_filter(one, schema).canonical == parse_filter(other, schema).canonical


def test_numbers_stay_as_written_so_that_each_can_be_traced_to_its_source(schema: Schema) -> None:
    wanted = parse_filter(
        "days_since_purchase > 179 and past_year_spend >= 30.5 and bought_mens = true", schema
    )
    assert wanted.numbers() == (Decimal("30.5"), 179)
    assert "days_since_purchase > 179" in wanted.canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("days_since_purchase >= 180", "last bought 180 or more days before 1 December 2026"),
        ("days_since_purchase in [30, 31]", "last bought 30 or 31 days before 1 December 2026"),
        ("not days_since_purchase >= 180", "last bought fewer than 180 days before 1 December 2026"),
        ("bought_mens = false", "did not buy men's merchandise in the past year"),
        ("past_year_spend >= 1000", "spend in the past year is at least 1,000"),
        ("area in ['urban', 'rural']", "the area of the address is rural or urban"),
        ("last_purchase_on < 2026-06-04", "the day of the last purchase is before 4 June 2026"),
        ("past_year_spend is unknown", "spend in the past year is unknown"),
        ("all", "every customer"),
        (
            "bought_mens = true and (area = 'urban' or order_count > 2)",
            "(the area of the address is urban or the number of orders is more than 2)"
            " and bought men's merchandise in the past year",
        ),
    ],
)
def test_a_filter_says_in_words_whom_it_means(text: str, words: str, schema: Schema) -> None:
    assert parse_filter(text, schema).describe(AS_OF) == words


def test_words_can_hold_references_instead_of_numbers(schema: Schema) -> None:
    words = parse_filter("days_since_purchase >= 180", schema).describe(AS_OF, lambda value: "{figure:x}")
    assert words == "last bought {figure:x} or more days before {figure:x}"


def test_days_since_a_purchase_count_to_the_day_that_is_given(
    columns: dict[str, NDArray[Any]], schema: Schema
) -> None:
    wanted = parse_filter("days_since_purchase >= 183", schema)
    assert matching(wanted, columns, AS_OF).sum() == 6
    assert matching(wanted, columns, date(2026, 11, 30)).sum() == 5


def test_a_column_of_a_shops_own_is_a_field_of_its_own() -> None:
    own = schema_of({"shoe_size": "number", "import_id": "text"})
    assert list(own.fields) == ["shoe_size"]
    assert parse_filter("shoe_size >= 42", own).describe(AS_OF) == "shoe size is at least 42"


def test_two_filters_join_to_one(schema: Schema) -> None:
    joined = parse_filter("bought_mens = true", schema).and_also(parse_filter("area = 'urban'", schema))
    assert joined.canonical == "area = 'urban' and bought_mens = true"
    assert parse_filter("all", schema).and_also(joined) == joined
