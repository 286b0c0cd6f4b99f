"""The three forms of an answer, and what each type of each form means."""

from __future__ import annotations

from typing import Any

import pytest

from api.langgraph_server.answers import Reply, read_reply

ID = "a8277bdda64482522065871a98df55e0"
EDITED = {"name": "launch_campaign", "args": {"budget_minor": 100}}
OLDER = {"action": "launch_campaign", "args": {"budget_minor": 100}}
ONE = [
    ({"type": "approve"}, Reply("approve", "", None, {})),
    ({"type": "accept", "args": None}, Reply("approve", "", None, {})),
    ({"type": "accept", "args": OLDER}, Reply("approve", "", "launch_campaign", {"budget_minor": 100})),
    ({"type": "edit", "edited_action": EDITED}, Reply("edit", "", "launch_campaign", {"budget_minor": 100})),
    ({"type": "edit", "args": OLDER}, Reply("edit", "", "launch_campaign", {"budget_minor": 100})),
    ({"type": "reject", "message": "too dear"}, Reply("reject", "too dear", None, {})),
    ({"type": "reject", "args": "too dear"}, Reply("reject", "too dear", None, {})),
    ({"type": "reject"}, Reply("reject", "", None, {})),
    ({"type": "respond", "message": "shorter"}, Reply("respond", "shorter", None, {})),
    ({"type": "response", "args": "shorter"}, Reply("respond", "shorter", None, {})),
    ({"type": "ignore", "args": None}, Reply("ignore", "", None, {})),
]


@pytest.mark.parametrize(("one", "meant"), ONE, ids=lambda each: str(each)[:40])
def test_an_answer_means_the_same_in_each_form(one: dict[str, Any], meant: Reply) -> None:
    forms: list[Any] = [{"decisions": [one]}, [one], {ID: one}, {ID: [one]}, {ID: {"decisions": [one]}}]
    assert [read_reply(form, ID) for form in forms] == [meant] * len(forms)
