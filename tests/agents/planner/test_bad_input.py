"""What cannot be read at all is a typed error that names the value and the remedy."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from agents.planner.brief import Brief, BriefError, BriefTooLongError, EmptyBriefError
from agents.planner.parser import read_brief

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_an_empty_brief_is_refused(text: str) -> None:
    with pytest.raises(EmptyBriefError) as error:
        read_brief(text, today=TODAY)
    assert error.value.code == "brief_empty"


def test_a_book_is_no_brief() -> None:
    with pytest.raises(BriefTooLongError, match="at most 8000"):
        read_brief("word " * 5000, today=TODAY)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_named(timezone: str) -> None:
    with pytest.raises(BriefError, match="time zone"):
        read_brief("win back", today=TODAY, timezone=timezone)


def test_an_unknown_home_currency_is_named() -> None:
    with pytest.raises(BriefError, match="XYZ"):
        read_brief("win back", today=TODAY, home_currency="XYZ")


@pytest.mark.parametrize(
    "text", ["Win back lapsed customers, budget $0", "Win back lapsed customers, zero budget"]
)
def test_no_money_is_asked_about(text: str) -> None:
    brief = read_brief(text, today=TODAY)
    assert brief.action == "clarify"
    assert [question.field for question in brief.questions] == ["budget"]


def test_the_record_takes_no_unknown_field() -> None:
    with pytest.raises(ValidationError):
        Brief.model_validate({"action": "plan", "mood": "bold"})
    with pytest.raises(ValidationError):
        Brief.model_validate({"action": "plan", "audience": {"favourite_colour": "red"}})
