"""A brief on channels that no action is set up for is asked about, in its language, with those that there are."""

from __future__ import annotations

import pytest

from agents.planner.agent import BriefReading, PlannerTask, reading_of
from agents.propose.hearing import read_with_answers
from evals.tasks.crew import ACTIONS, situation

MAILS_ONLY = ACTIONS[:2]


def read(text: str) -> BriefReading:
    of = situation(text, actions=MAILS_ONLY)
    task = PlannerTask(text=text, today=of.today, timezone=of.timezone, currency=of.currency)
    return reading_of(task, of, lambda asked: read_with_answers(asked, of))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Win back customers who have not bought for 6 months, $40, in-app only.", "no action is set up"),
        ("Inaktive Kunden zurückgewinnen, 40 Dollar, nur per SMS.", "keine Aktion eingerichtet"),
        ("Réactiver les clients inactifs, 40 dollars, uniquement par SMS.", "aucune action n'y est prévue"),
    ],
)
def test_a_channel_without_an_action_is_a_question_with_what_there_is(text: str, words: str) -> None:
    brief = read(text).brief
    assert brief.action == "clarify"
    asked = {question.field: question for question in brief.questions}
    assert words in asked["channels"].question
    assert asked["channels"].suggestion == "e-mail"


def test_one_channel_with_an_action_is_enough() -> None:
    brief = read("Win back customers who have not bought for 6 months, $40, by e-mail and SMS.").brief
    assert "channels" not in {question.field for question in brief.questions}


def test_a_budget_in_another_currency_is_asked_about_in_the_language_of_the_brief() -> None:
    brief = read("Inaktive Kunden per E-Mail zurückgewinnen, 40 Euro.").brief
    assert (
        "umgerechnet wird nicht"
        in {question.field: question.question for question in brief.questions}["budget"]
    )
