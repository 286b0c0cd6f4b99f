"""Conversations with the agents: what may be said when, and what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlmodel import Session, col, select

from agents.agent_run import ProgressEvent
from agents.propose.drafts import PlanDraft, PolicyReport
from agents.refusals import ThreadWaitsError, UnknownInterruptError, UnknownNodeError, noted
from agents.state import ProposeState
from agents.thread_beginning import MAXIMUM_BRIEF
from agents.threads import Started
from api.http.faults import fault
from api.wiring import App
from policies.errors import CountersignError, InvalidInputError
from policies.figures import say
from store.repositories.agent_work import figures_of, get_conversation, get_draft, start_conversation
from store.repositories.campaigns import get_brief, get_campaign
from store.tables import Campaign
from store.threads import in_thread

EventName = Literal["started", "progress", "questions", "proposal", "refused", "blocked", "ended", "error"]
Json = dict[str, JsonValue]
_log = logging.getLogger("countersign.conversing")


class Said(BaseModel):
    """What a marketer says: a new objective, or with `campaign_id` another proposal for a campaign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    conversation_id: str | None = None
    campaign_id: str | None = None


class Answers(BaseModel):
    """Answers by field to the questions of one interrupt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interrupt_id: str = Field(min_length=1)
    answers: dict[str, str] = Field(min_length=1, max_length=20)


class Event(NamedTuple):
    """One server-sent event."""

    name: EventName
    data: Json


class Place(NamedTuple):
    """The conversation that a request belongs to, and the campaign it changes, if any."""

    conversation_id: str
    campaign_id: str | None


async def place_of(app: App, workspace_id: str, user_id: str, said: Said) -> Place:
    """Decide where a marketer's words belong, before anything runs.

    Raises InvalidInputError for an empty or overlong text, NotFoundError for a conversation or campaign that does not
    exist, ThreadWaitsError where a campaign of the conversation waits for something else or is being worked on.
    """
    if not said.text.strip():
        raise InvalidInputError("say what the campaign should achieve; the text is empty", value=said.text)
    if len(said.text) > MAXIMUM_BRIEF:
        raise InvalidInputError(
            f"the text has {len(said.text)} characters; {MAXIMUM_BRIEF} are allowed", value=len(said.text)
        )
    named = said.campaign_id or said.conversation_id or ""
    async with noted(app.bench, workspace_id=workspace_id, actor=user_id, subject=named):
        campaign = await in_thread(_changed_campaign, app, workspace_id, said)
    if campaign is not None and campaign.thread_id is not None:
        async with noted(app.bench, workspace_id=workspace_id, actor=user_id, subject=campaign.thread_id):
            await _require_free(app, campaign, explicit=said.campaign_id is not None)
    if said.campaign_id is not None and campaign is not None and campaign.conversation_id:
        return Place(campaign.conversation_id, campaign.campaign_id)
    if said.conversation_id is not None:
        return Place(said.conversation_id, said.campaign_id)
    return Place(await in_thread(_new_conversation, app, workspace_id, user_id), said.campaign_id)


async def run(
    app: App, place: Place, work: Callable[[], Awaitable[Started]], campaign_id: str | None
) -> AsyncIterator[Event]:
    """Run a thread to its next stop and yield what happens; the run goes on when nobody listens any more."""
    yield Event("started", {"conversation_id": place.conversation_id, "campaign_id": campaign_id})
    with app.hub.listen(place.conversation_id) as events:
        running = asyncio.create_task(guarded(app, work, campaign_id))
        app.tasks.add(running)
        running.add_done_callback(app.tasks.discard)
        while not running.done() or not events.empty():
            event = await _next(events, running)
            if event is not None:
                yield Event("progress", _progress(event))
    problem = running.exception()
    yield await outcome(app, running.result()) if problem is None else _failed(problem)


async def outcome(app: App, started: Started) -> Event:
    """Say where a thread has come to: questions, a proposal before its approvers, or an end without one."""
    state = started.state
    ids: Json = {
        "campaign_id": started.campaign_id,
        "conversation_id": started.conversation_id,
        "thread_id": started.thread_id,
    }
    status = state.get("status", "")
    if status == "clarifying":
        return Event("questions", ids | await questions_of(app, started.thread_id))
    if status == "open":
        made: Json = {
            "proposal_id": state["proposal_id"],
            "approval_id": state["approval_id"],
            "digest": state["digest"],
        }
        return Event("proposal", ids | made)
    if status == "refused":
        return Event("refused", ids | {"refusals": await in_thread(_refusals, app, state)})
    if status == "blocked":
        return Event("blocked", ids | {"rules": await in_thread(_violations, app, state)})
    return Event("ended", ids | {"status": status})


async def questions_of(app: App, thread_id: str) -> Json:
    """Return the questions a thread waits with and the interrupt they are answered by; empty when it asks none."""
    waiting = await app.threads.waiting(thread_id)
    if waiting is None or not isinstance(waiting.value, Mapping) or waiting.value.get("kind") != "clarify":
        return {}
    plan = await in_thread(_plan, app, str(waiting.value["plan_id"]))
    asked: list[JsonValue] = [question.model_dump(mode="json") for question in plan.brief.questions]
    return {"interrupt_id": waiting.id, "questions": asked}


async def require_question(app: App, thread_id: str, given: Answers) -> None:
    """Raise UnknownInterruptError unless the thread waits at exactly this interrupt; InvalidInputError for a blank answer."""
    blank = next((field for field, text in given.answers.items() if not text.strip()), None)
    if blank is not None:
        raise InvalidInputError(f"the answer to {blank!r} is empty; answer in words", value=blank)
    asked = await questions_of(app, thread_id)
    if asked.get("interrupt_id") != given.interrupt_id:
        raise UnknownInterruptError(
            f"nothing waits for an answer to {given.interrupt_id}; read the campaign again",
            value=given.interrupt_id,
        )


def _failed(problem: BaseException) -> Event:
    if isinstance(problem, CountersignError):
        return Event("error", dict(fault(problem)))
    _log.error("a conversation broke off", exc_info=problem)
    return Event(
        "error", {"error": "internal", "message": "the agents broke off; see the log", "value": None}
    )


async def guarded(app: App, work: Callable[[], Awaitable[Started]], campaign_id: str | None) -> Started:
    """Run a thread; while it runs its campaign is busy, so that nothing else is given to it."""
    if campaign_id is not None:
        app.busy.add(campaign_id)
    try:
        return await work()
    finally:
        app.busy.discard(campaign_id or "")


async def _next(events: asyncio.Queue[ProgressEvent], running: asyncio.Task[Started]) -> ProgressEvent | None:
    getting = asyncio.ensure_future(events.get())
    await asyncio.wait({getting, running}, return_when=asyncio.FIRST_COMPLETED)
    if getting.done():
        return getting.result()
    getting.cancel()
    return None


def _progress(event: ProgressEvent) -> Json:
    data: Json = event.model_dump(mode="json", exclude_none=True)
    return data


async def _require_free(app: App, campaign: Campaign, *, explicit: bool) -> None:
    assert campaign.thread_id is not None
    if campaign.campaign_id in app.busy:
        raise ThreadWaitsError(
            f"campaign {campaign.campaign_id} is being worked on; wait until it stops",
            value=campaign.campaign_id,
        )
    try:
        waiting = await app.threads.waiting(campaign.thread_id)
    except UnknownNodeError:
        if explicit:
            return  # proposing anew is the way on from a thread that cannot go on
        raise
    if waiting is None:
        return
    if isinstance(waiting.value, Mapping) and waiting.value.get("kind") == "clarify":
        raise ThreadWaitsError(
            f"campaign {campaign.campaign_id} waits for answers to its questions (interrupt {waiting.id}); "
            "answer them, or stop the campaign and start another",
            value=waiting.id,
        )
    if not explicit:
        raise ThreadWaitsError(
            f"campaign {campaign.campaign_id} of this conversation is before its approvers; name it as campaign_id to "
            "change it, which takes its proposal back, or start a new conversation",
            value=campaign.campaign_id,
        )


def _changed_campaign(app: App, workspace_id: str, said: Said) -> Campaign | None:
    with app.database.read() as session:
        if said.conversation_id is not None:
            get_conversation(session, workspace_id, said.conversation_id)
        if said.campaign_id is not None:
            return get_campaign(session, workspace_id, said.campaign_id)
        if said.conversation_id is None:
            return None
        return _newest_of_conversation(session, workspace_id, said.conversation_id)


def _newest_of_conversation(session: Session, workspace_id: str, conversation_id: str) -> Campaign | None:
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id, Campaign.conversation_id == conversation_id
    )
    return session.exec(query.order_by(col(Campaign.campaign_id).desc()).limit(1)).first()


def _new_conversation(app: App, workspace_id: str, user_id: str) -> str:
    conversation_id = app.ids.new()
    with app.database.write() as session:
        start_conversation(
            session,
            conversation_id=conversation_id,
            workspace_id=workspace_id,
            user_id=user_id,
            at=app.clock.now(),
        )
    return conversation_id


def _plan(app: App, plan_id: str) -> PlanDraft:
    with app.database.read() as session:
        return PlanDraft.model_validate(get_draft(session, plan_id).content)


def _refusals(app: App, state: ProposeState) -> list[JsonValue]:
    with app.database.read() as session:
        plan = PlanDraft.model_validate(get_draft(session, state["plan_id"]).content)
        text = get_brief(session, state["workspace_id"], state["brief_id"]).text
    return [
        {**refusal.model_dump(mode="json"), "words": text[slice(*refusal.span)]}
        for refusal in plan.brief.refusals
    ]


def _violations(app: App, state: ProposeState) -> list[JsonValue]:
    with app.database.read() as session:
        report: Any = get_draft(session, state["report_id"]).content
        figures = figures_of(session, state["thread_id"])
    found = PolicyReport.model_validate(report).violations
    return [{"rule_id": each.rule_id, "evidence": say(each.evidence, figures)} for each in found]
