"""What approvers answer through the SDK is decided in the database, in each of the three forms."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from store.repositories.approvals import signatures_of
from tests.api.langgraph_server.conftest import GRAPH, Served, refused
from tests.small_shop import BRIEF

pytestmark = pytest.mark.asyncio(loop_scope="module")
APPROVE = {"decisions": [{"type": "approve"}]}


def answers_of(served: Served, thread_id: str) -> list[tuple[str, str, dict[str, int] | None]]:
    """The answer, comment and limits of each signature on a thread's approval."""
    with served.app.database.read() as session:
        found = signatures_of(session, served.approval(thread_id).approval_id)
    return [(each.answer, each.comment, each.limits) for each in found]


@pytest.mark.promise
async def test_one_thread_is_answered_once_and_who_is_late_or_has_no_right_changes_nothing(
    served: Served,
) -> None:
    thread_id = await served.ask()
    with refused(403):
        await served.answer("Ada", thread_id, APPROVE)
    with refused(403):
        await served.answer("Root", thread_id, APPROVE)
    assert served.approval(thread_id).status == "pending"
    ignored = await served.answer("Grace", thread_id, [{"type": "ignore", "args": None}])
    assert ignored["status"] == "open" and ignored["__interrupt__"]
    assert answers_of(served, thread_id) == []
    values = await served.answer("Grace", thread_id, [{"type": "accept", "args": None}])
    assert values["status"] == "approved" and "__interrupt__" not in values
    assert answers_of(served, thread_id) == [("approve", "", None)]
    again = await served.answer("Grace", thread_id, APPROVE)
    assert again["status"] == "approved"
    for late in (APPROVE, {"decisions": [{"type": "reject", "message": "too late"}]}):
        with refused(409, "already approved"):
            await served.answer("Linus", thread_id, late)
    assert answers_of(served, thread_id) == [("approve", "", None)]
    assert served.refusals(served.approval(thread_id).approval_id) == [
        (served.shop.users[name], "not_authorised") for name in ("Ada", "Root")
    ]
    assert served.refusals(thread_id) == []
    assert (await served.client("Grace").threads.get(thread_id))["status"] == "busy"


async def test_an_edit_approves_with_what_was_lowered_and_lowers_only(served: Served) -> None:
    thread_id = await served.ask()
    waiting = await served.interrupt(thread_id)
    shown = waiting["value"]["action_requests"][0]["args"]
    for budget in (shown["budget_minor"] + 1, 0, "plenty", True, shown["budget_minor"]):
        edit = {
            "type": "edit",
            "edited_action": {"name": "launch_campaign", "args": {"budget_minor": budget}},
        }
        with refused(422):
            await served.answer("Grace", thread_id, {waiting["id"]: edit})
    # as Agent Inbox sends it: every argument, as text where it was touched
    args = {**shown, "budget_minor": str(shown["budget_minor"] - 100)}
    sent = [{"type": "edit", "args": {"action": "launch_campaign", "args": args}}]
    await served.answer("Grace", thread_id, sent)
    limits = {"budget_minor": shown["budget_minor"] - 100}
    assert answers_of(served, thread_id) == [("approve_limited", "", limits)]
    assert served.approval(thread_id).limits == limits


@pytest.mark.parametrize(
    ("resume", "answer"),
    [
        ([{"type": "response", "args": "say it shorter"}], "request_changes"),
        ({"decisions": [{"type": "reject", "args": "say it shorter"}]}, "reject"),
    ],
    ids=["human response", "reject of Agent Inbox"],
)
async def test_words_ask_for_changes_or_reject_and_must_be_there(
    served: Served, resume: Any, answer: str
) -> None:
    thread_id = await served.ask()
    with refused(422, "say why"):
        await served.answer("Grace", thread_id, {"decisions": [{"type": "reject"}]})
    await served.answer("Grace", thread_id, resume)
    assert answers_of(served, thread_id) == [(answer, "say it shorter", None)]


async def test_the_questions_of_a_brief_are_answered_by_its_author_in_the_same_forms(served: Served) -> None:
    thread_id = await served.ask_vaguely()
    waiting = await served.interrupt(thread_id)
    request = waiting["value"]["action_requests"][0]
    assert request["name"] == "answer_questions" and list(request["args"]) == ["budget"]
    with refused(403, "only the author"):
        await served.answer("Grace", thread_id, [{"type": "response", "args": "$40"}])
    for nonsense in ([{"type": "response", "args": "whatever"}], APPROVE):
        with refused(422):
            await served.answer("Ada", thread_id, nonsense)
    edit = {"type": "edit", "edited_action": {"name": "answer_questions", "args": {"budget": "$40"}}}
    values = await served.answer("Ada", thread_id, {waiting["id"]: edit})
    assert values["status"] == "open"
    assert values["__interrupt__"][0]["value"]["action_requests"][0]["name"] == "launch_campaign"


@pytest.mark.promise
async def test_of_answers_that_come_at_once_those_of_one_person_count_and_the_others_get_409(
    served: Served,
) -> None:
    thread_id = await served.ask()
    reject = {"decisions": [{"type": "reject", "message": "too dear"}]}
    given = [("Grace", APPROVE), ("Linus", reject)] * 3
    came = await asyncio.gather(
        *(served.answer(who, thread_id, resume) for who, resume in given), return_exceptions=True
    )
    lost = {who for (who, _), each in zip(given, came, strict=True) if isinstance(each, BaseException)}
    assert len(lost) == 1
    assert {each.response.status_code for each in came if isinstance(each, httpx.HTTPStatusError)} == {409}
    assert len(answers_of(served, thread_id)) == 1
    assert served.refusals(thread_id) == []


async def test_of_two_first_runs_at_once_one_begins_the_thread(served: Served) -> None:
    ada = served.client("Ada")
    thread_id = (await ada.threads.create())["thread_id"]
    runs = [ada.runs.wait(thread_id, GRAPH, input={"text": BRIEF}) for _ in range(2)]
    came = await asyncio.gather(*runs, return_exceptions=True)
    (lost,) = [each for each in came if isinstance(each, httpx.HTTPStatusError)]
    assert lost.response.status_code == 409
    assert served.approval(thread_id).status == "pending"


async def test_a_run_that_is_not_waited_for_is_kept_and_says_where_it_is(served: Served) -> None:
    thread_id = await served.ask()
    made: list[Any] = []
    run = await served.client("Grace").runs.create(
        thread_id, GRAPH, command={"resume": APPROVE}, on_run_created=made.append
    )
    assert made == [{"run_id": run["run_id"], "thread_id": thread_id}]
    assert served.approval(thread_id).status == "approved"
