"""The memory of a marketer over HTTP: list, say, accept, change, forget; everybody sees and changes only their own."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import SignedIn
from api.talk import memory
from api.talk.memory import LONGEST_WORDS, RememberedView
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1/memory", tags=["memory"])


class Words(BaseModel):
    """One thing to remember, in words such as “we never text”."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str = Field(min_length=1, max_length=LONGEST_WORDS)


@router.get("")
async def listed(caller: SignedIn) -> list[RememberedView]:
    """List what is kept or offered for the caller."""
    caller.require(Action.CHAT)
    return await in_thread(memory.listed, caller)


@router.post("")
async def offered(caller: SignedIn, given: Words) -> RememberedView:
    """Offer one thing to be remembered; 422 where the words hold nothing of the few kinds that are kept."""
    caller.require(Action.CHAT)
    noted = await in_thread(memory.read_fact, caller, given.words)
    return (await in_thread(memory.offer_facts, caller, [noted], None))[0]


@router.post("/{remembered_id}/accept")
async def accepted(caller: SignedIn, remembered_id: str) -> RememberedView:
    """Let an offer count for later briefs; again changes nothing."""
    caller.require(Action.CHAT)
    return await in_thread(memory.accepted, caller, remembered_id)


@router.put("/{remembered_id}")
async def changed(caller: SignedIn, remembered_id: str, given: Words) -> RememberedView:
    """Put what other words say in its place."""
    caller.require(Action.CHAT)
    return await in_thread(memory.changed, caller, remembered_id, given.words)


@router.delete("/{remembered_id}", status_code=204)
async def forgotten(caller: SignedIn, remembered_id: str) -> Response:
    """Forget it; nothing of it is left."""
    caller.require(Action.CHAT)
    await in_thread(memory.forgotten, caller, remembered_id)
    return Response(status_code=204)
