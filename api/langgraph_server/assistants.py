"""The one assistant, and what this server is."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import JsonValue

from api.http.signing_in import SignedIn
from api.langgraph_server.requests import ASSISTANT_ID, GRAPH_ID, AssistantsIn, of_this_graph
from api.langgraph_server.views import Json
from policies.authority import Action
from store.repositories.workspaces import get_workspace
from store.threads import in_thread

router = APIRouter(tags=["langgraph"])
NAME = "Countersign"
DESCRIPTION = "From an objective in plain words to a campaign that waits for its countersignature."


@router.get("/ok")
async def ok() -> dict[str, bool]:
    """Say that the process answers."""
    return {"ok": True}


@router.get("/info")
async def info() -> Json:
    """Say what this server offers; clients ask before they sign in."""
    return {
        "flags": {"assistants": True, "crons": False, "langsmith": False, "strict_resume": True},
        "host": {"kind": "self-hosted", "project_id": None, "revision_id": None, "tenant_id": None},
    }


@router.post("/assistants/search")
async def searched(caller: SignedIn, wanted: AssistantsIn) -> list[JsonValue]:
    """List the assistant that proposes campaigns, if it fits."""
    caller.require(Action.VIEW)
    fits = (
        of_this_graph(wanted.metadata or {})
        and of_this_graph({"graph_id": wanted.graph_id})
        and (wanted.name or "").lower() in NAME.lower()
    )
    if not fits or wanted.offset:
        return []
    assistant = await in_thread(_assistant, caller)
    kept = wanted.select or list(assistant)
    return [{name: value for name, value in assistant.items() if name in kept}]


def _assistant(caller: SignedIn) -> Json:
    with caller.app.database.read() as session:
        began = get_workspace(session, caller.workspace_id).created_at.isoformat()
    return {
        "assistant_id": ASSISTANT_ID,
        "graph_id": GRAPH_ID,
        "name": NAME,
        "description": DESCRIPTION,
        "config": {},
        "context": {},
        "metadata": {"created_by": "system"},
        "version": 1,
        "created_at": began,
        "updated_at": began,
    }
