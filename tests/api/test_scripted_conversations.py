"""Some of the scripted conversations through the whole graph: the store ends with the record that the script says."""

from __future__ import annotations

from typing import Any

import pytest

from agents.planner.brief import Brief
from tests.agents.conversation.scripts import scripts
from tests.agents.conversation.test_scripts import shown
from tests.api.conftest import Open
from tests.api.test_conversations import Talk, changed
from tests.small_shop import Shop

WHOLE = ("an-answer-taken-back", "lawful-part-of-a-turn")
CASES = [case for case in scripts()[1] if case["id"] in WHOLE]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_a_scripted_conversation_ends_in_the_right_record(
    open_shop: Open, shop: Shop, case: dict[str, Any]
) -> None:
    async with open_shop(shop) as opened:
        talk = Talk(opened)
        for turn in case["turns"]:
            told = await talk.say(turn["say"])
            assert told[1][1]["heard"] == turn["heard"]
            if "changed" in turn:
                assert set(changed(told)) == set(turn["changed"])
        campaigns = (await opened.call("Ada", "GET", "/v1/campaigns")).json()
        views = [
            (await opened.call("Ada", "GET", f"/v1/campaigns/{each['campaign_id']}")).json()
            for each in reversed(campaigns)
        ]
    records = [shown(Brief.model_validate(view["record"])) for view in views]
    assert records == [{"refusals": []} | expected for expected in case["expected"]]
