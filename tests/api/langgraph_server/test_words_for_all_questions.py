"""Words in response to several questions answer all that they can; an approver's asks are taken or left by their own."""

from __future__ import annotations

import pytest

from api.langgraph_server.resuming import answers_in_words


@pytest.mark.parametrize(
    ("words", "asked", "answers"),
    [
        ("$40", ["budget"], {"budget": "$40"}),
        ("$40, all customers", ["budget", "audience"], {"words": "$40, all customers"}),
        ("yes", ["approver.budget"], {"approver.budget": "yes"}),
        ("yes", ["approver.budget", "approver.dates"], {"approver.budget": "yes", "approver.dates": "yes"}),
        ("ok", ["budget", "approver.dates"], {"approver.dates": "ok", "words": "ok"}),
        ("$40", ["budget", "approver.dates"], {"words": "$40"}),
    ],
)
def test_words_go_to_the_questions_that_they_answer(
    words: str, asked: list[str], answers: dict[str, str]
) -> None:
    assert answers_in_words(words, asked) == answers
