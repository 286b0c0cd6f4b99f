"""Conversations with the agents: what may be said when, and what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents.agent_run import ProgressEvent
from agents.conversation.wording import message, reply_language
from agents.propose.drafts import PlanDraft, PolicyReport
from agents.refusals import UnknownInterruptError
from agents.state import ProposeState
from agents.thread_beginning import MAXIMUM_BRIEF
from agents.threads import Started
from api.http.faults import fault
from api.wiring import App
from policies.errors import CountersignError, InvalidInputError
from policies.figures import say
from policies.privacy import require_no_address
from store.repositories.agent_work import figures_of, get_draft, start_conversation
from store.repositories.campaigns import get_brief
from store.threads import in_thread

EventName = Literal[
    "started", "understood", "progress", "reply", "questions", "proposal", "refused", "blocked", "ended", "error"
]  # fmt: skip
Json = dict[str, JsonValue]
_ENDINGS = {"clarifying": "questions", "open": "proposal", "refused": "refused_whole", "blocked": "blocked"}
_log = logging.getLogger("countersign.conversing")


class Said(BaseModel):
    """One turn of a conversation, a new one where none is named; `campaign_id` is the campaign it is about."""

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


def require_text(text: str) -> None:
    """Refuse words that are none, are too many, or hold an address: InvalidInputError, before anything is kept."""
    if not text.strip():
        raise InvalidInputError("say what the campaign should achieve; the text is empty", value=text)
    if len(text) > MAXIMUM_BRIEF:
        raise InvalidInputError(
            f"the text has {len(text)} characters; {MAXIMUM_BRIEF} are allowed", value=len(text)
        )
    require_no_address("the text", text)


def new_conversation(app: App, workspace_id: str, user_id: str) -> str:
    """Begin a conversation and return its id."""
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


async def run(
    app: App,
    place: Place,
    work: Callable[[], Awaitable[Started]],
    campaign_id: str | None,
    understood: Json | None = None,
) -> AsyncIterator[Event]:
    """Run a thread to its next stop and yield what happens; the run goes on when nobody listens any more.

    `understood` says what a turn was taken for and what it changes, before anything runs.
    """
    yield Event("started", {"conversation_id": place.conversation_id, "campaign_id": campaign_id})
    if understood is not None:
        yield Event("understood", understood)
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
    language = await in_thread(_language, app, state)
    ids["text"] = message(_ENDINGS.get(status, "ended"), language)
    if status == "clarifying":
        return Event("questions", ids | await questions_of(app, started.thread_id))
    if status == "open":
        made: Json = {
            "proposal_id": state["proposal_id"],
            "approval_id": state["approval_id"],
            "digest": state["digest"],
            "assumed": await in_thread(_assumed, app, state["plan_id"]),
        }
        return Event("proposal", ids | made)
    if status == "refused":
        return Event("refused", ids | {"refusals": await in_thread(_refusals, app, state)})
    if status == "blocked":
        return Event("blocked", ids | {"rules": await in_thread(_violations, app, state)})
    return Event("ended", ids | {"status": status})


def _language(app: App, state: ProposeState) -> str:
    """The language that the outcome is told in: that of the brief."""
    with app.database.read() as session:
        return reply_language(get_brief(session, state["workspace_id"], state["brief_id"]).text)


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
    try:
        await asyncio.wait({getting, running}, return_when=asyncio.FIRST_COMPLETED)
        return getting.result() if getting.done() else None
    finally:
        getting.cancel()  # also when whoever listened is gone


def _progress(event: ProgressEvent) -> Json:
    data: Json = event.model_dump(mode="json", exclude_none=True)
    return data


def _plan(app: App, plan_id: str) -> PlanDraft:
    with app.database.read() as session:
        return PlanDraft.model_validate(get_draft(session, plan_id).content)


def _assumed(app: App, plan_id: str) -> list[JsonValue]:
    """What the plan takes from the memory of its marketer."""
    return [each.model_dump(mode="json") for each in _plan(app, plan_id).assumed]


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
