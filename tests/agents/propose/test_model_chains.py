"""The whole graph over chains of models: whatever a model does, what is proposed is what may be proposed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from agents.models.choice import model_chain
from agents.models.prices import ModelPrice, Prices
from agents.models.settings import ModelSettings
from agents.threads import Started
from api.views.trace import agent_views, used_view
from policies.proposal import parse
from store.home import open_home
from store.repositories.agent_work import traces_of, writers_of
from store.tables import Proposal
from store.tables.identity import Identity
from tests.agents.conftest import Desk, OpenDesk
from tests.agents.replaying import replaying, scripted, tools_of
from tests.fakes.openai_server import Call, OpenAIServer, Reply
from tests.small_shop import BRIEF, Shop

RULES, SCRIPTED = "embedded-rules/1", "openai-compatible/scripted"
BUDGET_WORDS = ("$40", "4000", "40.00", "Budget")


@pytest.fixture
def other(shop: Shop, tmp_path: Path) -> Shop:
    """A second shop that is the same to the last byte."""
    shutil.copytree(shop.home.path, tmp_path / "other")
    return replace(shop, home=open_home(tmp_path / "other"))


async def start(desk: Desk, text: str = BRIEF) -> Started:
    return await desk.threads.start(
        workspace_id=desk.shop.workspace_id, author_id=desk.shop.users["Ada"], text=text
    )


def proposed(desk: Desk, started: Started) -> Proposal:
    with desk.bench.database.read() as session:
        return session.get_one(Proposal, started.state["proposal_id"])


async def by_rules(open_desk: OpenDesk, shop: Shop) -> tuple[Proposal, list[dict[str, Any]]]:
    """What the embedded rules propose, and their turns."""
    async with open_desk(shop) as desk:
        started = await start(desk)
        with desk.bench.database.read() as session:
            traces = traces_of(session, started.thread_id)
        turns = [message for trace in traces for message in trace.messages if message["role"] == "ai"]
        return proposed(desk, started), turns


def lie(request: dict[str, Any]) -> Reply:
    """Answers that fit their schemas and are made up from end to end."""
    invented = "The budget pays for {figure:budget.invented} messages."
    lies: dict[str, dict[str, Any]] = {
        "Heard": {
            "budget": {"amount": 9000, "currency": "USD", "quote": "nine thousand"},
            "channels": [{"channel": "sms", "quote": "text everybody"}],
            "audience": [{"key": "tier", "value": "gold", "quote": "our gold members"}],
        },
        "PlanAnswer": {"action_ids": ["give_everything_away"], "rationale": "Because it is best."},
        "SegmentAnswer": {"segment_ids": [], "rationale": "Everybody should get it."},
        "CopyAnswer": {"messages": [], "rationale": invented},
        "DesignAnswer": {"policy_id": "uniform", "hypothesis": "It helps.", "rationale": invented},
        "ForecastAnswer": {"summary": "It brings {figure:forecast.riches} at least."},
    }
    (name,) = [name for name in tools_of(request) if name in lies or name == "BrandGuidance"]
    guidance = {"tone": "warm", "address": "none", "mentions_new_arrivals": False, "allows_urgency": False}
    return Reply([Call(name, lies.get(name, guidance))])


@pytest.mark.promise
async def test_nothing_that_a_model_made_up_reaches_the_proposal(
    shop: Shop, other: Shop, open_desk: OpenDesk
) -> None:
    offline, _ = await by_rules(open_desk, shop)
    with OpenAIServer(lie) as server:
        async with open_desk(other, scripted(server, "openai:scripted, offline")) as desk:
            started = await start(desk)
            online = proposed(desk, started)
            with desk.bench.database.read() as session:
                views = agent_views(session, started.thread_id, Prices({}))
    assert online.digest == offline.digest
    assert set(online.model.split(", ")) == {RULES, SCRIPTED}, (
        "the reading of brief and brand was the model's"
    )
    failed = {view.agent: {each.because for each in view.fell_back} for view in views}
    assert failed == {
        agent: {"answer_invalid"} for agent in ("planner", "segmenter", "copywriter", "analyst")
    }
    assert used_view(views).money.shown == "not priced" and used_view(views).tokens_in > 0
    assert not desk.launched


@pytest.mark.promise
@pytest.mark.parametrize(
    "reply", [Reply(status=503), Reply(text="I would rather not.")], ids=["gone", "prose"]
)
async def test_a_model_that_is_of_no_use_changes_nothing_and_is_named(
    shop: Shop, other: Shop, open_desk: OpenDesk, reply: Reply
) -> None:
    offline, _ = await by_rules(open_desk, shop)
    with OpenAIServer(lambda _: reply) as server:
        async with open_desk(other, scripted(server, "openai:scripted, offline")) as desk:
            started = await start(desk)
            online = proposed(desk, started)
            with desk.bench.database.read() as session:
                traces = traces_of(session, started.thread_id)
    assert (online.digest, online.model) == (offline.digest, RULES)
    assert {trace.model for trace in traces if not trace.prompt_digest} == {SCRIPTED}
    assert all(trace.messages[-1]["role"] == "failure" for trace in traces if not trace.prompt_digest)


async def test_only_the_agent_that_is_set_to_it_speaks_with_a_model(
    shop: Shop, other: Shop, open_desk: OpenDesk
) -> None:
    offline, turns = await by_rules(open_desk, shop)
    ours = [turn for turn in turns if _names(turn) & {"BrandGuidance", "check_messages", "CopyAnswer"}]
    prices = {"scripted": ModelPrice.model_validate({"input": "2", "output": "8", "currency": "EUR"})}
    with OpenAIServer(replaying(ours)) as server:
        settings = scripted(server, "offline", copywriter="openai:scripted")
        async with open_desk(other, settings) as desk:
            started = await start(desk)
            online = proposed(desk, started)
            with desk.bench.database.read() as session:
                views = {view.agent: view for view in agent_views(session, started.thread_id, Prices(prices))}
                writers = writers_of(session, started.thread_id)
            with desk.bench.database.identity_read() as session:
                people = [identity.value for identity in session.exec(select(Identity))]
    assert online.digest == offline.digest
    assert online.model == writers == f"{RULES}, {SCRIPTED}"
    assert {agent: view.model for agent, view in views.items()} == {
        "planner": RULES, "segmenter": RULES, "copywriter": SCRIPTED, "analyst": RULES,
    }  # fmt: skip
    assert (views["copywriter"].tokens_in, views["copywriter"].tokens_out) == (33, 21)
    assert views["copywriter"].money.shown == "EUR 0.000234" and views["planner"].money.shown == "0"
    said = str(server.requests)
    assert len(people) > 1000 and not [value for value in people if "@" in value and value in said]
    assert not [words for words in BUDGET_WORDS if words in said], "the copywriter never sees the budget"


@pytest.mark.promise
async def test_recorded_answers_give_the_same_digest_without_a_server(
    shop: Shop, other: Shop, open_desk: OpenDesk, tmp_path: Path
) -> None:
    offline, turns = await by_rules(open_desk, shop)
    tape, third = tmp_path / "tape.jsonl", replace(other, home=open_home(_copy(other, tmp_path / "third")))
    with OpenAIServer(replaying(turns)) as server:
        settings = scripted(server, cassette=tape, cassette_mode="record")
        async with open_desk(other, settings) as desk:
            recorded = proposed(desk, await start(desk))
    replay = settings.model_copy(update={"cassette_mode": "replay"})
    async with open_desk(third, replay) as desk:
        replayed = proposed(desk, await start(desk))
    assert replayed.digest == recorded.digest == offline.digest
    assert replayed.model == SCRIPTED
    assert "sk-test" not in tape.read_text()


async def test_a_budget_that_the_model_reads_differently_is_asked_of_the_marketer(
    shop: Shop, open_desk: OpenDesk
) -> None:
    heard = {"budget": {"amount": 4000, "currency": "USD", "quote": "Budget $40"}}
    calls = 0

    def answer(request: dict[str, Any]) -> Reply:
        nonlocal calls
        calls += tools_of(request) == {"Heard"}
        return Reply([Call("Heard", heard)]) if tools_of(request) == {"Heard"} else Reply(status=400)

    with OpenAIServer(answer) as server:
        settings = scripted(server).model_copy(update={"planner": model_chain("openai:scripted, offline")})
        async with open_desk(shop, offline_but(settings)) as desk:
            asked = await start(desk)
            waiting = await desk.threads.waiting(asked.thread_id)
            assert asked.state["status"] == "clarifying" and waiting is not None
            told = await desk.threads.answer(
                workspace_id=shop.workspace_id,
                user_id=shop.users["Ada"],
                thread_id=asked.thread_id,
                interrupt_id=waiting.id,
                answers={"budget": "yes"},
            )
            made = proposed(desk, told)
    assert told.state["status"] == "open" and calls == 1, "a brief is heard once a thread"
    content = parse(made.canonical_json)
    assert content.number(content.envelope.budget) == 4000


def offline_but(settings: ModelSettings) -> ModelSettings:
    """The same settings with the embedded rules for everybody who has no chain of their own."""
    return settings.model_copy(update={"use": model_chain("offline")})


def _names(turn: dict[str, Any]) -> set[str]:
    return {call["name"] for call in turn["tool_calls"]}


def _copy(shop: Shop, to: Path) -> Path:
    shutil.copytree(shop.home.path, to)
    return to
