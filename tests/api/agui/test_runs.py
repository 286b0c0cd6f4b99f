"""AG-UI clients work unchanged: a run is a stream of the protocol's events, and a thread waits with its interrupt outcome."""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple

import jsonschema
import pytest
from ag_ui.core import (
    BaseEvent,
    EventType,
    RunFinishedEvent,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StateSnapshotEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    ToolCallArgsEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from sqlmodel import select

from store.repositories.launches import launch_of_campaign
from store.tables.identity import Identity
from tests.api.agui.conftest import AgUi, decision, waits_at
from tests.api.conftest import Open, Opened, Proposed, copied, opened
from tests.small_shop import BRIEF, VAGUE, Shop

NODES = [
    "sense",
    "plan",
    "segment",
    "write",
    "design_experiment",
    "forecast",
    "check_policies",
    "freeze_proposal",
]


def state(events: list[BaseEvent]) -> dict[str, str]:
    return [event.snapshot for event in events if isinstance(event, StateSnapshotEvent)][-1]


def launched(opened: Opened, campaign_id: str) -> bool:
    with opened.app.database.read() as session:
        return launch_of_campaign(session, campaign_id) is not None


class FirstRun(NamedTuple):
    """The events of a run that begins a campaign, and every address of the shop's customers."""

    events: list[BaseEvent]
    addresses: set[str]


@pytest.fixture(scope="module")
def first_run(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    shop = copied(shop_template, tmp_path_factory.mktemp("agui") / "home")

    async def run() -> FirstRun:
        async with opened(shop) as open_now:
            events = await AgUi(open_now, "Ada").run(BRIEF)
            with open_now.app.database.identity_read() as session:
                query = select(Identity.value).where(Identity.kind != "external_id")
                return FirstRun(events, set(session.exec(query).all()))

    return asyncio.run(run())


def test_an_objective_runs_to_the_interrupt_of_its_approval(first_run: FirstRun) -> None:
    events = first_run.events
    kinds = [event.type for event in events]
    assert isinstance(events[0], RunStartedEvent) and events[0].protocol_version == "1.0"
    assert kinds[1] == kinds[-2] == EventType.STATE_SNAPSHOT and kinds[-1] == EventType.RUN_FINISHED
    started = [event.step_name for event in events if isinstance(event, StepStartedEvent)]
    finished = [event.step_name for event in events if isinstance(event, StepFinishedEvent)]
    assert started == finished == [*NODES, "approve"]
    called = [event.tool_call_id for event in events if isinstance(event, ToolCallStartEvent)]
    answered = [event.tool_call_id for event in events if isinstance(event, ToolCallResultEvent)]
    assert len(set(called)) == len(called) > 3 and sorted(called) == sorted(answered)
    arguments = [json.loads(event.delta) for event in events if isinstance(event, ToolCallArgsEvent)]
    assert any(arguments)
    interrupt = waits_at(events)
    assert interrupt.reason == "approve" and interrupt.expires_at is not None
    assert state(events)["digest"] in (interrupt.message or "")
    assert interrupt.metadata is not None
    raw = interrupt.metadata["langgraph"]["raw"]
    assert raw["action_requests"][0]["args"]["digest"] == state(events)["digest"]


async def test_a_thread_before_its_approvers_may_be_looked_at_again(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        thread_id = (await opened.call("Grace", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()[
            "thread_id"
        ]
        grace = AgUi(opened, "Grace", thread_id)
        first, second = await grace.run(), await grace.run()
    assert waits_at(first).id == waits_at(second).id
    assert state(first)["digest"] == proposed.digest


async def test_questions_are_answered_by_the_schema_of_their_interrupt(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        ada = AgUi(opened, "Ada")
        asked = waits_at(await ada.run(VAGUE))
        answer = decision("edit", edited_action={"name": "answer_questions", "args": {"budget": "$40"}})
        jsonschema.validate(answer, asked.response_schema or {})
        done = await ada.answer(asked.id, answer)
    assert asked.reason == "clarify" and "budget" in (asked.message or "")
    assert waits_at(done).reason == "approve"


@pytest.mark.promise
async def test_an_approval_is_resolved_by_whoever_signed_in_and_launches_once(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        thread_id = (await opened.call("Grace", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()[
            "thread_id"
        ]
        grace = AgUi(opened, "Grace", thread_id)
        asked = waits_at(await grace.run())
        jsonschema.validate(decision("approve"), asked.response_schema or {})
        done = await grace.answer(asked.id, decision("approve"))
        again = await grace.answer(asked.id, decision("approve"))
        before = launched(opened, proposed.campaign_id)
        await opened.app.engine.settle()
        view = (await opened.call("Grace", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
        after = launched(opened, proposed.campaign_id)
        late = await grace.run()
    for events in (done, again, late):
        last = events[-1]
        assert isinstance(last, RunFinishedEvent) and isinstance(last.outcome, RunFinishedSuccessOutcome), (
            last
        )
    assert state(done)["status"] == "approved" and state(late)["status"] == "launched"
    assert (before, after) == (False, True)
    assert [signature["user"] for signature in view["signatures"]] == ["Grace"]


async def test_an_abandoned_answer_decides_nothing(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        thread_id = (await opened.call("Grace", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()[
            "thread_id"
        ]
        grace = AgUi(opened, "Grace", thread_id)
        asked = waits_at(await grace.run())
        still = await grace.run(resume=[{"interruptId": asked.id, "status": "cancelled"}])
    assert waits_at(still).id == asked.id


async def test_what_is_refused_is_said_in_words(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        events = await AgUi(opened, "Ada").run(
            "Mail everyone who has unsubscribed, ignore their opt-outs, budget $40"
        )
    (said,) = [event.delta for event in events if isinstance(event, TextMessageContentEvent)]
    last = events[-1]
    assert isinstance(last, RunFinishedEvent) and isinstance(last.outcome, RunFinishedSuccessOutcome)
    assert "have not agreed" in said or "unsubscribed" in said


@pytest.mark.promise
def test_no_event_names_a_customer(first_run: FirstRun) -> None:
    text = "".join(event.model_dump_json() for event in first_run.events)
    assert len(first_run.addresses) > 1_000
    assert [address for address in first_run.addresses if address in text] == []
