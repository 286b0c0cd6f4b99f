"""Conversations over HTTP: campaigns are changed, taken back, asked about and told apart by talking."""

from __future__ import annotations

from typing import Any

import pytest

from store.repositories.campaigns import move_campaign
from tests.api.conftest import Open, Opened, Proposed
from tests.api.test_chat import events
from tests.small_shop import BRIEF, VAGUE, Shop


class Talk:
    """A conversation of one user; remembers its id."""

    def __init__(self, opened: Opened, who: str = "Ada", conversation_id: str | None = None) -> None:
        self.opened, self.who, self.conversation_id = opened, who, conversation_id

    async def say(self, text: str, status: int = 200) -> list[tuple[str, dict[str, Any]]]:
        body = {"text": text, "conversation_id": self.conversation_id}
        answer = await self.opened.call(self.who, "POST", "/v1/chat", json=body)
        assert answer.status_code == status, answer.text
        if status != 200:
            return [("error", answer.json())]
        told = events(answer)
        assert [name for name, _ in told[:2]] == ["started", "understood"]
        self.conversation_id = told[0][1]["conversation_id"]
        return told


def changed(told: list[tuple[str, dict[str, Any]]]) -> dict[str, tuple[Any, Any]]:
    return {each["field"]: (each["before"], each["after"]) for each in told[1][1]["changes"]}


async def test_a_plan_is_changed_by_talking_and_changed_back(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        told = await talk.say("Make it $30 and end on 12 December")
        assert changed(told) == {
            "budget": ({"amount": 40, "currency": "USD"}, {"amount": 30, "currency": "USD"}),
            "end": ("2026-12-14", "2026-12-12"),
        }
        assert {each["field"]: each["words"] for each in told[1][1]["changes"]} == {
            "budget": "$30",
            "end": "12 December",
        }
        assert told[-1][0] == "proposal"
        second = told[-1][1]
        old = (await opened.call("Ada", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
        new = (await opened.call("Ada", "GET", f"/v1/approvals/{second['approval_id']}")).json()
        assert (old["status"], new["status"]) == ("superseded", "pending")
        assert new["proposal"]["parent_proposal_id"] == old["proposal"]["proposal_id"]
        assert new["content"]["figures"]["plan.budget"]["value"] == 3000

        told = await talk.say("undo that")
        assert changed(told)["budget"][1] == {"amount": 40, "currency": "USD"}
        assert told[-1][0] == "proposal"
        third = (await opened.call("Ada", "GET", f"/v1/approvals/{told[-1][1]['approval_id']}")).json()
        assert third["content"]["figures"]["plan.budget"]["value"] == 4000
        assert third["content"]["objective"]["quote"] == BRIEF

        nothing = await talk.say("undo")
        assert nothing[-1][0] == "reply" and "nothing to take back" in nothing[-1][1]["text"]


async def test_questions_are_answered_from_tool_results_with_sources(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        people = (await talk.say("How many people will it reach?"))[-1]
        assert people[0] == "reply"
        net = people[1]["figures"]["audience.net"]
        assert net["shown"] in people[1]["text"] and net["source"]["name"] == "count_audience"
        why = (await talk.say("Why this segment?"))[-1][1]
        assert "not bought for 6+ months”" in why["text"], why["text"]
        cost = (await talk.say("What will it cost?"))[-1][1]
        assert cost["figures"]["plan.budget"]["source"]["kind"] == "brief"
        for question in ("When does it start?", "Which channels?", "What will the messages say?", "Why a holdout?",
                         "What will it bring?", "So what is the plan?", "Is it approved?", "What if we spend $90?",
                         "How did Winback do?", "Who are you, a robot?", "What can you do?"):  # fmt: skip
            name, said = (await talk.say(question))[-1]
            assert name == "reply" and said["text"], question
        after = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        assert (after["approval_id"], after["approval_status"]) == (proposed.approval_id, "pending")


async def test_questions_of_planning_are_answered_in_one_line(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        talk = Talk(opened)
        name, asked = (await talk.say("Let's do something nice"))[-1]
        assert name == "questions" and {each["field"] for each in asked["questions"]} == {
            "objective",
            "audience",
            "budget",
        }
        noise = (await talk.say("asdf qwer"))[-1]
        assert noise[0] == "reply" and noise[1]["interrupt_id"] == asked["interrupt_id"]
        told = await talk.say("$40, customers who have not bought for 6 months, by e-mail, 1-14 December")
        assert set(changed(told)) == {
            "objective",
            "budget",
            "audience.days_since_purchase_min",
            "channels",
            "start",
            "end",
        }
        assert told[-1][0] == "proposal"
        told = await talk.say("undo")
        assert told[-1][0] == "questions" and len(told[-1][1]["questions"]) == 3


async def test_several_campaigns_in_one_conversation(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        talk = Talk(opened)
        first = (await talk.say(VAGUE))[-1][1]
        second = (
            await talk.say("New campaign: promote the women's merchandise to all customers by e-mail, $60")
        )[-1]
        assert second[0] == "proposal" and second[1]["campaign_id"] != first["campaign_id"]
        told = await talk.say("For the other one: $30")
        assert told[1][1]["campaign_id"] == first["campaign_id"] and told[1][1]["heard"] == "answer"
        assert told[-1][0] == "proposal"
        told = await talk.say("For the promotion campaign, hold out 20 %")
        assert told[1][1]["campaign_id"] == second[1]["campaign_id"]
        assert changed(told) == {"constraints.holdout": (None, 0.2)}


async def test_a_launched_campaign_is_not_changed_by_talking(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        answer = {"answer": "approve", "digest": proposed.digest}
        done = await opened.call(
            "Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=answer
        )
        assert done.json()["status"] == "approved"
        with opened.app.database.write() as session:
            for state, to in (("approved", "scheduled"), ("scheduled", "live")):
                move_campaign(
                    session, proposed.campaign_id, expected=state, to=to, at=opened.app.clock.now(session)
                )
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        (_, refused), *_ = await talk.say("Make it $30", status=409)
        assert "live" in refused["message"]
        name, told = (await talk.say("How many people will it reach?"))[-1]
        assert name == "reply" and "audience.net" in told["figures"]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("   ", 422, "invalid_input"),
        ("budget $30 " * 1000, 422, "invalid_input"),
        ("write to bob@example.com as well", 422, "address_in_text"),
    ],
    ids=["empty", "too long", "an address"],
)
async def test_bad_turns_are_refused_and_keep_nothing(
    open_shop: Open, proposed: Proposed, text: str, status: int, code: str
) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        (_, refused), *_ = await talk.say(text, status=status)
        assert refused["error"] == code
        turns = (await opened.call("Ada", "GET", f"/v1/conversations/{campaign['conversation_id']}")).json()
        assert len(turns["turns"]) == 1


async def test_a_conversation_is_its_users_own(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        place = {"conversation_id": campaign["conversation_id"]}
        named = {"campaign_id": proposed.campaign_id}
        for body in ({"text": "Make it $30"} | place, {"text": "Make it $30"} | named):
            answer = await opened.call("Linus", "POST", "/v1/chat", json=body)
            assert (answer.status_code, answer.json()["error"]) == (403, "not_authorised"), answer.text
        read = await opened.call("Linus", "GET", f"/v1/conversations/{campaign['conversation_id']}")
        unknown = await opened.call(
            "Ada", "POST", "/v1/chat", json={"text": "$30", "conversation_id": "none"}
        )
        assert (read.status_code, unknown.status_code) == (403, 404)
        after = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
    assert after["approval_status"] == "pending"


async def test_what_an_approver_asked_for_is_settled_by_talking(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        wanted = {
            "answer": "request_changes",
            "digest": proposed.digest,
            "comment": "Please take a budget of $35.",
        }
        await opened.call("Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=wanted)
        await opened.app.engine.settle()
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        name, asked = (await talk.say("End on 12 December"))[-1]
        assert (name, [each["field"] for each in asked["questions"]]) == ("questions", ["approver.budget"])
        told = await talk.say("yes")
        assert told[-1][0] == "proposal", told[-1]
        view = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
    assert view["record"]["budget"] == {"amount": 35, "currency": "USD"}
    assert view["record"]["end"] == "2026-12-12"


async def test_words_that_a_person_edited_stay_when_the_plan_is_talked_over(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        approval = (await opened.call("Ada", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
        edit = {
            "digest": proposed.digest,
            "messages": {"mens_merchandise": {"subject": "Coats for cold mornings"}},
        }
        path = f"/v1/proposals/{approval['proposal']['proposal_id']}/edit"
        assert events(await opened.call("Ada", "POST", path, json=edit))[-1][0] == "proposal"
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        name, made = (await talk.say("Make it $30"))[-1]
        assert name == "proposal"
        kept = (await opened.call("Ada", "GET", f"/v1/approvals/{made['approval_id']}")).json()
        assert "Coats for cold mornings" in str(kept["messages"])
        opened.app.busy.add(proposed.campaign_id)
        (_, refused), *_ = await talk.say("Make it $20", status=409)
        assert refused["error"] == "thread_waits"


async def test_words_answer_every_question_by_the_api_too(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        asked = (await Talk(opened).say("Let's do something nice"))[-1][1]
        path = f"/v1/campaigns/{asked['campaign_id']}/answers"
        reply = {"interrupt_id": asked["interrupt_id"], "answers": {"words": "hmm tja"}}
        name, refused = events(await opened.call("Ada", "POST", path, json=reply))[-1]
        assert (name, refused["error"]) == ("error", "answer_not_understood")
        reply["answers"] = {"words": "$40, people who have not bought for 6 months"}
        assert events(await opened.call("Ada", "POST", path, json=reply))[-1][0] == "proposal"


async def test_a_german_conversation_is_answered_in_german(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        talk = Talk(opened)
        asked = (
            await talk.say("Bitte alle Kunden zurückgewinnen, die seit 6 Monaten nichts gekauft haben.")
        )[-1]
        assert asked[0] == "questions" and asked[1]["text"].startswith("Bevor es weitergeht")
        told = await talk.say("Budget 40 $")
        assert told[1][1]["text"].startswith("Geändert: Budget: nicht genannt → 40 USD")
        assert told[-1][0] == "proposal" and told[-1][1]["text"].startswith("Der Vorschlag ist fertig")
        assert (await talk.say("mach das rückgängig"))[1][1]["text"].startswith("Zurückgenommen: Budget")
