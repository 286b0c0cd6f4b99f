"""Conversations as they were: every turn, what it was taken for, what it changed and what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue

from api.http.signing_in import Caller, SignedIn
from api.views.numbers import View
from policies.authority import Action
from policies.errors import NotAuthorisedError
from store.repositories.agent_work import get_conversation, turns_of
from store.threads import in_thread

router = APIRouter(prefix="/v1/conversations", tags=["chat"])


class TurnView(View):
    """One turn: of a `person`, or of `countersign` that answers; `detail` holds the changes, or the figures cited."""

    number: int
    speaker: str
    text: str
    said_at: datetime
    heard: str | None
    campaign_id: str | None
    detail: dict[str, JsonValue] | None


class ConversationView(View):
    conversation_id: str
    started_at: datetime
    turns: tuple[TurnView, ...]


@router.get("/{conversation_id}")
async def shown(
    caller: SignedIn, conversation_id: str, after: Annotated[int, Query(ge=0)] = 0
) -> ConversationView:
    """Show one's own conversation, up to 200 turns from after a number on; 403 for somebody else's."""
    caller.require(Action.CHAT)
    return await in_thread(_shown, caller, conversation_id, after)


def _shown(caller: Caller, conversation_id: str, after: int) -> ConversationView:
    with caller.app.database.read() as session:
        row = get_conversation(session, caller.workspace_id, conversation_id)
        if row.user_id != caller.person.user_id:
            raise NotAuthorisedError("this is somebody else's conversation", value=conversation_id)
        turns = tuple(
            TurnView(
                number=turn.number,
                speaker=turn.speaker,
                text=turn.text,
                said_at=turn.said_at,
                heard=turn.heard,
                campaign_id=turn.campaign_id,
                detail=turn.detail,
            )
            for turn in turns_of(session, conversation_id, after=after)
        )
    return ConversationView(conversation_id=conversation_id, started_at=row.started_at, turns=turns)
