"""Forty conversations, written before the code that reads them, end in the right records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agents.conversation.scripts import Talk, reading_of, scripts, shown

META, CASES = scripts()


def test_there_are_forty_conversations_of_three_turns_or_more() -> None:
    assert len(CASES) == 40
    assert len({case["lang"] for case in CASES}) == 7
    assert all(3 <= len(case["turns"]) <= 8 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_conversation_ends_in_the_right_record(case: dict[str, Any]) -> None:
    talk = Talk(reading_of(META))
    for turn in case["turns"]:
        heard, changes = talk.say(turn["say"])
        assert heard.kind == turn.get("heard", heard.kind), turn["say"]
        if "changed" in turn:
            assert {change.field for change in changes} == set(turn["changed"]), turn["say"]
    wanted = [{"refusals": []} | expected for expected in case["expected"]]
    assert [shown(record) for record in talk.records()] == wanted
