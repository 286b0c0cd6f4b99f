"""The data files of languages: every key means something to the grammar, and every language has the same."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from agents.planner.brief import CHANNELS, OBJECTIVE_CODES
from agents.planner.parser.holidays import HOLIDAYS
from agents.planner.parser.language import languages
from agents.planner.parser.lengths import UNIT_DAYS
from agents.planner.parser.vocabulary import LANGUAGES, vocabulary

FOLDER = resources.files("agents.planner.parser.lexicon")


def data(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads(FOLDER.joinpath(f"{name}.toml").read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_codes_that_the_record_knows(language: str) -> None:
    words = data(language)
    assert set(words["objective"]) | set(words["objective_hint"]) <= set(OBJECTIVE_CODES)
    assert set(words["channels"]) <= set(CHANNELS)
    assert set(words["holidays"]) <= set(HOLIDAYS)
    assert set(words["units"]) <= set(UNIT_DAYS)
    assert set(words["months"]) == {str(month) for month in range(1, 13)}
    assert set(words["weekdays"]) == {str(day) for day in range(7)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_can_say_every_objective_but_the_several(language: str) -> None:
    words = data(language)
    assert set(words["objective"]) | set(words["objective_hint"]) == set(OBJECTIVE_CODES) - {"multi"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_month_names_are_one_month_each(language: str) -> None:
    phrases = vocabulary(language).phrases
    for month, names in data(language)["months"].items():
        first = names.split("|")[0].strip()
        tags = {tag for phrase, found in phrases[first] if phrase == (first,) for tag in found}
        assert {tag for tag in tags if tag.startswith("M:")} == {f"M:{month}"}


def test_more_than_twenty_languages_are_recognised_and_have_their_questions() -> None:
    codes = [language.code for language in languages()]
    asked = data("questions")
    assert len(codes) == len(set(codes)) >= 20
    for code in codes:
        if code in asked:
            assert {"ask_objective", "ask_audience", "ask_budget"} <= set(asked[code])
    assert len([code for code in codes if code in asked]) >= 30
