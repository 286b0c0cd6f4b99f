"""What a marketer wants remembered is offered, accepted, changed and forgotten by them alone, and used in later briefs."""

from __future__ import annotations

from tests.api.conftest import Open
from tests.api.test_conversations import Talk
from tests.small_shop import BRIEF, Shop


async def test_what_is_remembered_counts_once_accepted_and_is_marked(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        talk = Talk(opened)
        offered = (await talk.say("We always sign as Anna's Bakery"))[-1][1]["remembered"]
        assert [(each["status"], each["kind"]) for each in offered] == [("offered", "signature")]
        accepted = (await talk.say("yes"))[-1][1]["remembered"]
        assert [each["status"] for each in accepted] == ["accepted"]
        share = (
            await opened.call("Ada", "POST", "/v1/memory", json={"words": "We always hold out 20 %"})
        ).json()
        assert share["status"] == "offered"
        kept = await opened.call("Ada", "POST", f"/v1/memory/{share['remembered_id']}/accept")
        assert kept.json()["status"] == "accepted"

        made = (await talk.say(BRIEF.replace(", hold out 10 %", "")))[-1]
        assert made[0] == "proposal", made
        assert {(each["field"], each["value"], each["overruled"]) for each in made[1]["assumed"]} == {
            ("signature", "Anna's Bakery", False),
            ("constraints.holdout", "0.2", False),
        }
        approval = (await opened.call("Grace", "GET", f"/v1/approvals/{made[1]['approval_id']}")).json()
        assert all("Anna's Bakery" in str(message) for message in approval["messages"])
        with opened.app.database.read() as session:
            from store.repositories.agent_work import figures_of

            holdout = figures_of(session, made[1]["thread_id"])["plan.holdout_share"]
        assert (holdout.value, holdout.source.name) == ("0.2", "remembered")
        assert holdout.source.path == share["remembered_id"]

        stated = (await talk.say("hold out 5 %"))[-1][1]["assumed"]
        assert [each["overruled"] for each in stated if each["field"] == "constraints.holdout"] == [True]


async def test_memory_is_changed_and_forgotten_by_its_owner_only(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = (await opened.call("Ada", "POST", "/v1/memory", json={"words": "we never text"})).json()
        path = f"/v1/memory/{made['remembered_id']}"
        for method, body in (("PUT", {"words": "we never push"}), ("DELETE", None)):
            other = await opened.call("Linus", method, path, json=body)
            assert other.status_code == 404
        changed = (await opened.call("Ada", "PUT", path, json={"words": "we never use push"})).json()
        assert changed["fact"] == {"kind": "never_channel", "channel": "push"}
        talk = Talk(opened)
        gone = (await talk.say("Forget that we never use push"))[-1][1]
        assert "forgotten" in gone["text"]
        assert (await opened.call("Ada", "GET", "/v1/memory")).json() == []
        assert (await opened.call("Ada", "DELETE", path)).status_code == 404
        recalled = (await talk.say("What do you remember about us?"))[-1][1]
        assert recalled["remembered"] == []


async def test_only_a_few_kinds_of_facts_can_be_kept(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        for words, code in (
            ("Remember that Maria Lopez likes blue", "not_rememberable"),
            ("always sign as bob@example.com", "address_in_text"),
            ("always sign as Studio 54", "not_rememberable"),
            ("always sign as {{ customer.email }}", "not_rememberable"),
            ("we never text, and we always hold out 10 %", "not_rememberable"),
        ):
            answer = await opened.call("Ada", "POST", "/v1/memory", json={"words": words})
            assert (answer.status_code, answer.json()["error"]) == (422, code), words
        said = (await Talk(opened).say("Remember that Maria Lopez likes blue"))[-1][1]
        assert said["remembered"] == [] and "Nothing was kept" in said["text"]
        assert (await opened.call("Ada", "GET", "/v1/memory")).json() == []
