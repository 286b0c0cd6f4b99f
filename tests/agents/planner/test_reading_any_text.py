"""Whatever is typed: a record or a typed error, spans inside the text, the same answer twice."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.planner.brief import Brief, BriefPolicy, EmptyBriefError
from agents.planner.parser import read_brief

POLICY = BriefPolicy.model_validate(
    {
        "discount_ceiling_pct": 40,
        "frequency_cap": {"messages": 3, "days": 7},
        "quiet_hours_local": ["21:00", "08:00"],
    }
)
PIECES = st.sampled_from(
    [
        "budget 5k",
        "$2,000",
        "€5.000,50",
        "CHF 4'000",
        "1.2 lakh",
        "99999999999999999999 EUR",
        "-3 usd",
        "up to",
        "actually",
        "1-14 December",
        "31.11.",
        "29 Feb",
        "from",
        "until",
        "Monday",
        "next 2 weeks",
        "end of Q1",
        "Black Friday",
        "2026-13-45",
        "0000-00-00",
        "31/12/99",
        "the 31st",
        "for 9999999 years",
        "in the last 400000 months",
        "half a year",
        "e-mail only",
        "no SMS",
        "push",
        "not",
        "except",
        "everyone but",
        "VIPs",
        "customers who bought",
        "shoes",
        "in the last 90 days",
        "have not bought for 6+ months",
        "win back",
        "reviews and",
        "60% off",
        "hold out 10 %",
        "hold out 900%",
        "at 3am",
        "at 25:99",
        "between 9am and 8pm",
        "daily e-mails",
        "unsubscribed",
        "without approval",
        "segment 'x",
        "'y'",
        " . ",
        ",",
        ";",
        "\n",
        "İ",
        "ſ",
        "\xa0",
        "\u202f",
        "²",
        "٣٤٥ EUR",
        "万",
        "five hundred thousand",
        "trial ends in the next",
        "subscriptions expiring in January 2099",
        "churn score above 0.7",
        "top 20% customers by CLV",
        "ROAS at least",
        "ſeptember 5",
        "5K EUR",
        "İn December",
        "Krw",
    ]
)
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=14).map(" ".join))


def read(text: str, today: date) -> Brief | None:
    try:
        return read_brief(text, today=today, policy=POLICY, home_currency="EUR")
    except EmptyBriefError:
        return None


@settings(max_examples=120, deadline=None, derandomize=True)
@given(TEXTS, st.dates(date(2020, 1, 1), date(2040, 12, 31)))
def test_any_text_gives_a_record_or_the_empty_error(text: str, today: date) -> None:
    brief = read(text, today)
    if brief is None:
        assert not text.replace("\x00", "").strip()
        return
    assert brief == read(text, today)
    assert Brief.model_validate_json(brief.model_dump_json()) == brief
    for slot in [*brief.slots.values(), *brief.refusals]:
        start, end = slot.span
        assert 0 <= start < end <= len(text)
        assert text[start:end].strip()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(TEXTS)
def test_every_stated_field_has_a_slot_and_no_slot_is_left_over(text: str) -> None:
    brief = read(text, date(2026, 11, 21))
    if brief is None:
        return
    stated = {
        name
        for name in ("objective", "kpi", "budget", "start", "end", "channels")
        if getattr(brief, name) is not None
    }
    stated |= {f"constraints.{key}" for key in brief.constraints.model_dump()}
    audience = brief.audience.model_dump() if brief.audience else {}
    stated |= {f"audience.{key}" for key in audience if key != "exclude"}
    stated |= {f"audience.exclude.{key}" for key in audience.get("exclude") or {}}
    assert stated == set(brief.slots)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 9_999_999),
    st.sampled_from(["{:,} USD", "USD {:,}", "{} EUR", "EUR {:_} ", "£{:,}", "CHF {:'}", "₹{}"]),
)
def test_a_budget_written_in_any_common_form_is_read_back(amount: int, form: str) -> None:
    written = f"{amount:,}".replace(",", "'") if ":'" in form else ""
    money = form.replace("{:'}", written) if written else form.format(amount).replace("_", ".")
    brief = read(f"Win back lapsed customers, budget {money}, by e-mail", date(2026, 11, 21))
    assert brief is not None and brief.budget is not None
    assert brief.budget.amount == amount
    start, end = brief.slots["budget"].span
    text = f"Win back lapsed customers, budget {money}, by e-mail"
    assert text[start:end] == money.strip()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.dates(date(2026, 11, 21), date(2027, 11, 20)),
    st.sampled_from(["%d %B", "%B %d", "%d.%m.", "%d %b", "%Y-%m-%d"]),
)
def test_a_day_without_a_year_is_its_next_occurrence(day: date, form: str) -> None:
    brief = read(f"Win back lapsed customers, 900 EUR, from {day.strftime(form)}", date(2026, 11, 21))
    assert brief is not None and brief.start == day


def test_wrapped_lines_and_odd_blanks_read_like_one_line() -> None:
    plain = (
        "Win back customers who have not bought for 6 months. Budget $2,000, e-mail only, until 14 December"
    )
    odd = (
        plain.replace("not bought", "not\nbought")
        .replace("Budget $", "Budget \u00a0 $")
        .replace("until 14", "until\t14")
    )
    one, other = read(plain, date(2026, 11, 21)), read(odd, date(2026, 11, 21))
    assert one is not None and other is not None
    assert one.model_dump(exclude={"slots"}) == other.model_dump(exclude={"slots"})
    start, end = other.slots["audience.days_since_purchase_min"].span
    assert odd[start:end] == "have not\nbought for 6 months"


@pytest.mark.parametrize(
    "piece", ["1,", "1 000 ", "our ", "not ", "send ", "twenty ", "1-", "from ", "$", "in the last "]
)
def test_no_repetition_makes_reading_slow(piece: str) -> None:
    text = piece * (3000 // len(piece))
    started = time.perf_counter()
    read(text, date(2026, 11, 21))
    assert time.perf_counter() - started < 5
