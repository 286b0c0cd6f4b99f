"""A table of ways to say when, in every language that is read, on a Saturday in November."""

from __future__ import annotations

from datetime import date

import pytest

from agents.planner.parser.dates import find_period
from agents.planner.parser.reading import fold, itemise
from agents.planner.parser.vocabulary import LANGUAGES
from tests.agents.planner.tables import table

TODAY = date(2026, 11, 21)
FORMS = table("date_forms.tsv")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_the_table_is_read_as_its_days(language: str) -> None:
    forms = [form for form in FORMS if form["language"] == language]
    assert len(forms) >= 30
    for form in forms:
        period = find_period(itemise(fold(form["words"]).text, language, TODAY), TODAY)
        read = tuple(str(edge.value) if edge else "None" for edge in (period.start, period.end))
        assert (read, period.doubt) == ((form["start"], form["end"]), None), form["words"]
