"""Threads: reserved, found, read, and taken back. Nothing that is written to a thread's state approves anything."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import JsonValue
from sqlmodel import Session

from agents.refusals import StateEditError, ThreadWaitsError
from api.http.signing_in import Caller, SignedIn
from api.langgraph_server.requests import (
    HistoryIn,
    SearchIn,
    StateIn,
    ThreadIn,
    of_this_graph,
    require_known_metadata,
)
from api.langgraph_server.resuming import until_moved
from api.langgraph_server.sight import found_thread, search, see
from api.langgraph_server.views import Json, checkpoint_view, history_view, state_view, thread_view
from policies.authority import Action
from policies.errors import InvalidInputError
from store.repositories.approval_endings import withdraw
from store.repositories.approvals import get_approval
from store.repositories.campaigns import get_campaign, get_proposal
from store.repositories.threads import FoundThread, ThreadSearch, ThreadTakenError
from store.threads import in_thread

router = APIRouter(prefix="/threads", tags=["langgraph"])
END = "__end__"
_OF_THE_GRAPH = ("graph_id", "assistant_id")
_FOUND_BY = (*_OF_THE_GRAPH, "campaign_id")


@router.post("")
async def created(caller: SignedIn, given: ThreadIn) -> Json:
    """Reserve a thread; its first run begins a campaign."""
    caller.require(Action.CHAT)
    metadata = given.metadata or {}
    require_known_metadata(metadata, _OF_THE_GRAPH)
    if given.supersteps or given.ttl or not of_this_graph(metadata):
        raise InvalidInputError(
            "a thread starts empty, of this graph, and is kept; leave out supersteps and ttl", value=None
        )
    thread_id = given.thread_id
    if thread_id is not None and not _is_uuid(thread_id):
        raise InvalidInputError("give a thread no id, or a UUID", value=thread_id[:100])
    try:
        thread_id = await caller.app.threads.reserve(
            workspace_id=caller.workspace_id, author_id=caller.person.user_id, thread_id=thread_id
        )
    except ThreadTakenError:
        if given.if_exists == "raise" or thread_id is None:
            raise
    return thread_view(await see(caller, thread_id))


@router.post("/search")
async def searched(caller: SignedIn, wanted: SearchIn) -> list[JsonValue]:
    """List threads, the newest first unless asked otherwise."""
    caller.require(Action.VIEW)
    metadata = wanted.metadata or {}
    require_known_metadata(metadata, _FOUND_BY)
    if wanted.values or wanted.extract:
        raise InvalidInputError("threads are found by metadata, ids and status, not by values", value=None)
    if not of_this_graph(metadata):
        return []
    campaign_id = metadata.get("campaign_id")
    query = ThreadSearch(
        standing=wanted.status,
        thread_ids=wanted.ids,
        campaign_id=None if campaign_id is None else str(campaign_id),
        sort_by="updated_at" if wanted.sort_by == "state_updated_at" else wanted.sort_by,
        descending=wanted.sort_order == "desc",
        limit=wanted.limit,
        offset=wanted.offset,
    )
    views = [thread_view(each) for each in await search(caller, query)]
    if wanted.select is None:
        return list(views)
    return [{name: view[name] for name in wanted.select if name in view} for view in views]


@router.get("/{thread_id}")
async def shown(caller: SignedIn, thread_id: str) -> Json:
    """Show a thread."""
    caller.require(Action.VIEW)
    async with caller.refusals_of(thread_id):
        return thread_view(await see(caller, thread_id))


@router.get("/{thread_id}/state")
async def state(caller: SignedIn, thread_id: str, checkpoint_id: str | None = None) -> Json:
    """Show where a thread stands and what it waits for; older checkpoints are in its history."""
    caller.require(Action.VIEW)
    async with caller.refusals_of(thread_id):
        if checkpoint_id is not None:
            raise _old_checkpoint(checkpoint_id)
        return state_view(await see(caller, thread_id))


@router.get("/{thread_id}/state/{checkpoint_id}")
@router.post("/{thread_id}/state/{checkpoint_id}")
async def state_at(caller: SignedIn, thread_id: str, checkpoint_id: str) -> Json:
    """Refuse to show an older checkpoint as if the thread stood there."""
    caller.require(Action.VIEW)
    async with caller.refusals_of(thread_id):
        await found_thread(caller, thread_id)
        raise _old_checkpoint(checkpoint_id)


@router.post("/{thread_id}/state")
async def edited(caller: SignedIn, thread_id: str, given: StateIn) -> Json:
    """Take the thread's proposal back, with `as_node` `__end__` and no values; any other change is refused."""
    caller.require(Action.VIEW)
    async with caller.refusals_of(thread_id):
        found = await found_thread(caller, thread_id)
        if given.checkpoint or given.checkpoint_id:
            raise _old_checkpoint(str(given.checkpoint_id or given.checkpoint))
        if given.as_node != END or given.values:
            raise StateEditError(
                "a thread's state is what its nodes made it; it is answered by a run with command.resume, or ended with "
                f"as_node {END} and no values",
                value=given.as_node,
            )
        waiting = (await caller.app.threads.stand(thread_id)).waiting
        if waiting is None or waiting.node != "approve" or found.approval is None:
            raise ThreadWaitsError(
                f"the thread {thread_id} has no proposal before its approvers; stop its campaign to end it",
                value=thread_id,
            )
    await in_thread(_withdraw, caller, found)
    if caller.app.engine.running:
        caller.app.engine.wake()
        await until_moved(caller, found.approval.approval_id)
    else:
        await caller.app.threads.resume_approval(found.approval.approval_id)
    stand = await caller.app.threads.stand(thread_id)
    return {"checkpoint": checkpoint_view(thread_id, stand.checkpoint_id)}


@router.get("/{thread_id}/history")
async def history(
    caller: SignedIn,
    thread_id: str,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 10,
    before: str | None = None,
) -> list[JsonValue]:
    """Show where a thread stood, the newest first."""
    return await _history(caller, thread_id, HistoryIn(limit=limit, before=before))


@router.post("/{thread_id}/history")
async def history_asked(caller: SignedIn, thread_id: str, wanted: HistoryIn) -> list[JsonValue]:
    """Show where a thread stood, the newest first, for reading only."""
    return await _history(caller, thread_id, wanted)


async def _history(caller: Caller, thread_id: str, wanted: HistoryIn) -> list[JsonValue]:
    caller.require(Action.VIEW)
    require_known_metadata(wanted.metadata or {}, _OF_THE_GRAPH)
    if wanted.checkpoint:
        raise InvalidInputError("a thread has no subgraphs; leave checkpoint out", value=None)
    async with caller.refusals_of(thread_id):
        thread = await see(caller, thread_id)
    steps = await caller.app.threads.history(thread_id, limit=wanted.limit, before=wanted.before_id())
    return history_view(thread, steps)


def _withdraw(caller: Caller, found: FoundThread) -> None:
    assert found.approval is not None
    app = caller.app
    with app.database.write(durable=True) as session:
        approval = get_approval(session, caller.workspace_id, found.approval.approval_id)
        _require_editor(session, caller, approval.proposal_id)
        withdraw(session, app.audit, approval, at=app.clock.now(), actor=caller.person.user_id)


def _require_editor(session: Session, caller: Caller, proposal_id: str) -> None:
    proposal = get_proposal(session, caller.workspace_id, proposal_id)
    caller.require_for(Action.EDIT_CAMPAIGN, get_campaign(session, caller.workspace_id, proposal.campaign_id))


def _old_checkpoint(checkpoint_id: str) -> StateEditError:
    return StateEditError(
        "a thread stands at its last checkpoint; older ones can be read in its history",
        value=checkpoint_id[:100],
        code="old_checkpoint",
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
