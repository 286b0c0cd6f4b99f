"""Collections learn from what became of their choices: once each, after the window, and forget a person again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from delivery.decisions.learning import Learner
from store.repositories.learning import forget_rewards
from tests.api.conftest import Open, Opened
from tests.api.decision_desk import ask, decide, reachable, winter
from tests.small_shop import Shop

Json = dict[str, Any]
LEARNING = {"rewards": {"interact": 1.0}, "window_hours": 24, "prior_rows": 4.0}
VALUES = {"a": 0.3, "b": 0.2, "c": 0.1}


async def belief(opened: Opened) -> dict[str, Json]:
    answer = (await opened.call("Ada", "GET", "/v1/decisions/learning/winter")).json()
    return {each["item"]: each for each in answer["items"]}


async def interacted(opened: Opened, made: Json, event_id: str, hours: float = 1.0) -> None:
    (option,) = made["results"][0]["options"]
    event = {
        "event_id": event_id,
        "token": option["token"],
        "type": "interact",
        "ts": (opened.app.clock.now() + timedelta(hours=hours)).isoformat(),
    }
    path = f"/v1/decisions/{made['decision_id']}/events"
    done = await opened.call("Ada", "POST", path, json={"events": [event]})
    assert done.status_code == 200, done.text


async def decided(opened: Opened, people: list[str]) -> list[Json]:
    body = {"decisions": [ask(person) for person in people]}
    answer = await opened.call("Ada", "POST", "/v1/decisions/batch", json=body)
    made: list[Json] = answer.json()["decisions"]
    return made


def later(opened: Opened, hours: float) -> None:
    clock: Any = opened.app.clock
    clock.advance_to(clock.now() + timedelta(hours=hours))


@pytest.mark.parametrize("policy", ["squarecb/1", "beta_thompson/1"])
async def test_rewards_join_once_after_the_window_and_the_next_choices_believe_them(
    open_shop: Open, shop: Shop, policy: str
) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, learning=LEARNING, values=VALUES, observations=20.0, policy_id=policy)
        people = reachable(opened, 60)
        made = await decided(opened, people)
        before = made[0]["results"][0]["options"][0]["versions"]["model"]
        shown = [each["results"][0]["options"][0]["item"] for each in made]
        for number, each in enumerate(made):
            if shown[number] == "c":
                await interacted(opened, each, f"e{number}")
            if number == 0:
                await interacted(opened, each, "late", hours=30)
        await opened.app.engine.settle()
        assert {each["choices"] for each in (await belief(opened)).values()} == {0}, "the window is not over"
        later(opened, 25)
        await opened.app.engine.settle()
        told = await belief(opened)
        for item, value in VALUES.items():
            n = shown.count(item)
            assert (told[item]["choices"], told[item]["reward"]) == (n, n if item == "c" else 0)
            expected = (4 * value + told[item]["reward"]) / (4 + n)
            assert told[item]["value"] == pytest.approx(expected)
        later(opened, 25)
        await opened.app.engine.settle()
        assert await belief(opened) == told, "learnt once"
        again = await decide(opened, ask(people[0], include={"score": True}))
        option = again["results"][0]["options"][0]
        assert option["versions"]["model"] != before
        assert option["score"] == told[option["item"]]["value"]
        replayed = await opened.call("Ada", "GET", f"/v1/decisions/{again['decision_id']}/replay")
        assert replayed.json()["replays"] is True


async def test_a_forgotten_person_is_taken_out_of_the_sums_and_the_next_choices(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, learning=LEARNING, values=VALUES)
        people = reachable(opened, 20)
        made = await decided(opened, people)
        for number, each in enumerate(made[:7]):
            await interacted(opened, each, f"e{number}")
        later(opened, 25)
        await opened.app.engine.settle()
        whole = await belief(opened)
        with opened.app.database.read() as session:
            rows = session.connection().execute(
                sa.text(
                    "SELECT person_id, item, reward_millionths / 1000000, workspace_id FROM learnt_rewards"
                )
            )
            person, item, reward, workspace = rows.fetchall()[0]
        with opened.app.database.write() as session:
            assert forget_rewards(session, workspace, person) == 1
            assert forget_rewards(session, workspace, person) == 0
        left = await belief(opened)
        assert left[item]["choices"] == whole[item]["choices"] - 1
        assert left[item]["reward"] == whole[item]["reward"] - reward
        assert [left[name] for name in left if name != item] != [] and left[item]["value"] != whole[item][
            "value"
        ]


async def test_many_learners_at_once_learn_each_choice_once(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, learning=LEARNING)
        made = await decided(opened, reachable(opened, 40))
        assert len(made) == 40
        later(opened, 60)
        learners = [Learner(opened.app.database, opened.app.clock) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            counts = list(pool.map(lambda each: each.sweep(), learners))
        assert sum(counts) == 40
        assert sum(each["choices"] for each in (await belief(opened)).values()) == 40


@pytest.mark.promise
async def test_every_decision_replays_over_the_api_and_a_changed_log_is_noticed(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, values=VALUES, random_control_share=0.3, holdout_share=0.1, do_nothing=True)
        wanted: Json = {"decision": "winter", "placement": "home", "count": 2}
        made = [await decide(opened, ask(person, wanted)) for person in reachable(opened, 60)]
        for each in made:
            told = (await opened.call("Ada", "GET", f"/v1/decisions/{each['decision_id']}/replay")).json()
            assert told["replays"] is True and told["choices"]
            options = each["results"][0].get("options", [])
            drawn = [row for row in told["choices"] if row["item"] not in (None, "none")]
            assert [row["item"] for row in drawn] == [row["item"] for row in options]
            assert [row["propensity"] for row in drawn] == [row["propensity"] for row in options]
        seen = next(each for each in made if "options" in each["results"][0])
        with opened.app.database.write() as session:
            connection = session.connection()
            query = sa.text("SELECT choice_id, record FROM choices WHERE decision_id = :d ORDER BY choice_id")
            choice_id, text = connection.execute(query, {"d": seen["decision_id"]}).fetchall()[0]
            record = {**json.loads(text), "u": 0.123}
            connection.execute(
                sa.text("UPDATE choices SET record = :r WHERE choice_id = :c"),
                {"r": json.dumps(record), "c": choice_id},
            )
        told = (await opened.call("Ada", "GET", f"/v1/decisions/{seen['decision_id']}/replay")).json()
        assert told["replays"] is False and told["choices"][0]["uniform"] is False
        none = await opened.call("Ada", "GET", "/v1/decisions/nowhere/replay")
        assert (none.status_code, none.json()["error"]) == (404, "decision_unknown")
        assert (await opened.call("Ada", "GET", "/v1/decisions/learning/none")).status_code == 404


@pytest.mark.promise
async def test_a_guarded_collection_keeps_to_its_baseline_until_another_is_better_beyond_doubt(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        guard = {"baseline": "b", "width": 1.645}
        await winter(opened, learning=LEARNING, guard=guard, shortlist=2, exploration_share=0.3)
        people = reachable(opened, 160)
        doubtful = await decided(opened, people[:80])
        # in doubt all but the exploration share is the baseline's
        for each in doubtful:
            (option,) = each["results"][0]["options"]
            assert option["versions"]["policy"] == "guarded/1+shortlist/1+squarecb/1"
            assert option["propensity"] == pytest.approx(0.8 if option["item"] == "b" else 0.1)
        for number, each in enumerate(doubtful):
            if each["results"][0]["options"][0]["item"] == "c":
                await interacted(opened, each, f"e{number}")
        later(opened, 25)
        await opened.app.engine.settle()
        made = await decided(opened, people[80:])
        for each in made:
            (option,) = each["results"][0]["options"]
            assert option["propensity"] == pytest.approx(0.1) or option["item"] in "bc"
        shares = [each["results"][0]["options"][0]["item"] for each in made]
        assert shares.count("c") > shares.count("a") + shares.count("b")
        told = await opened.call("Ada", "GET", f"/v1/decisions/{made[0]['decision_id']}/replay")
        assert told.json()["replays"] is True and told.json()["choices"][0]["probabilities"] is True
