"""The conversation: type an objective, watch the agents work, answer what they ask, see the plan fill in."""

from __future__ import annotations

import re
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.conversing import Answers, Said
from api.http.campaigns import shown as campaign_shown
from api.http.chat import answering
from api.http.conversations import TurnView
from api.http.conversations import shown as conversation_shown
from api.talk.turns import talk
from api.views.trace import agent_views
from api.web.following import at_work
from api.web.plan import Plan, plan_of
from api.web.session import new_nonce
from api.web.showing import PageRoute, show
from api.web.telling import told, understood
from api.web.visiting import Form, Posting, Visiting, Visitor
from api.web.welcome import examples_of, first_steps
from policies.authority import Action
from policies.errors import InvalidInputError
from store.repositories.agent_work import conversations_of, turns_of
from store.repositories.campaigns import get_campaign
from store.threads import in_thread

router = APIRouter(prefix="/chat", route_class=PageRoute, include_in_schema=False)
_ANSWER = "answer."
_RECENT = 8


class Recent(NamedTuple):
    """One of the user's conversations, by its first words."""

    conversation_id: str
    words: str


@router.get("")
async def begun(request: Request, visitor: Visiting) -> Response:
    """Show an empty conversation, with the first steps while the workspace is new."""
    visitor.caller.require(Action.CHAT)

    def read() -> Response:
        return show(
            request,
            "chat.html",
            visitor,
            turns=(),
            plan=None,
            busy=False,
            agents=(),
            conversation_id="",
            recent=_recent(visitor),
            welcome=first_steps(visitor),
            examples=examples_of(visitor),
        )

    return await in_thread(read)


@router.get("/{conversation_id}")
async def shown(request: Request, visitor: Visiting, conversation_id: str) -> Response:
    """Show a conversation as it was, with the plan it came to."""
    seen = await conversation_shown(visitor.caller, conversation_id, 0)
    plan = await _plan(visitor, seen.turns)

    def read() -> Response:
        return show(
            request,
            "chat.html",
            visitor,
            turns=[(turn, understood(turn.detail or {})) for turn in seen.turns],
            plan=plan,
            **_work(visitor, plan),
            conversation_id=conversation_id,
            recent=_recent(visitor),
            welcome=None,
            examples=(),
        )

    return await in_thread(read)


@router.get("/{conversation_id}/plan")
async def plan_now(request: Request, visitor: Visiting, conversation_id: str) -> Response:
    """Show the plan of a conversation now: a part of the page, which asks again while the agents work."""
    seen = await conversation_shown(visitor.caller, conversation_id, 0)
    plan = await _plan(visitor, seen.turns)
    work = await in_thread(_work, visitor, plan)
    if not work["busy"]:
        return Response(status_code=204, headers={"hx-redirect": f"/chat/{conversation_id}"})
    return show(request, "plan.html", visitor, plan=plan, conversation_id=conversation_id, **work)


@router.post("")
async def said(visitor: Posting, form: Form) -> Response:
    """Take a turn; the answer is a stream of parts of the page."""
    visitor.caller.require(Action.CHAT)
    text = form.get("text", "").replace("\r\n", "\n").strip()
    turn = Said(text=text, conversation_id=form.get("conversation_id") or None)
    return told(visitor, text, await talk(visitor.caller, turn), _run())


@router.post("/answers/{campaign_id}")
async def answered(visitor: Posting, campaign_id: str, form: Form) -> Response:
    """Take answers to the questions of a campaign; the answer is a stream of parts of the page."""
    given = {name.removeprefix(_ANSWER): text for name, text in form.items() if name.startswith(_ANSWER)}
    filled = {field: text.strip() for field, text in given.items() if text.strip()}
    try:
        answers = Answers(interrupt_id=form.get("interrupt_id", ""), answers=filled)
    except ValidationError as error:
        raise InvalidInputError("answer at least one of the questions", value="answers") from error
    words = "\n".join(filled.values())
    return told(visitor, words, await answering(visitor.caller, campaign_id, answers), _run())


async def _plan(visitor: Visitor, turns: tuple[TurnView, ...]) -> Plan | None:
    spoken = [turn.campaign_id for turn in turns if turn.campaign_id]
    return plan_of(await campaign_shown(visitor.caller, spoken[-1])) if spoken else None


def _work(visitor: Visitor, plan: Plan | None) -> dict[str, object]:
    """Whether the agents work on the plan now, and what they did for it so far."""
    if plan is None or plan.campaign.thread_id is None:
        return {"busy": False, "agents": ()}
    app, workspace = visitor.app, visitor.workspace
    with app.database.read() as session:
        campaign = get_campaign(session, workspace.workspace_id, plan.campaign.campaign_id)
        agents = agent_views(session, plan.campaign.thread_id, app.models.prices, workspace.currency)
        return {"busy": at_work(session, app, campaign), "agents": agents}


def _recent(visitor: Visitor) -> tuple[Recent, ...]:
    caller = visitor.caller
    with visitor.app.database.read() as session:
        found = conversations_of(session, caller.workspace_id, caller.person.user_id, limit=_RECENT)
        firsts = [(row.conversation_id, turns_of(session, row.conversation_id, limit=1)) for row in found]
    return tuple(Recent(name, turns[0].text[:90]) for name, turns in firsts if turns)


def _run() -> str:
    """A name for the elements of one turn."""
    return "t" + re.sub(r"\W", "", new_nonce())[:12]
