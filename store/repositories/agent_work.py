"""Conversations, and what agents left of a thread: drafts, tool results, figures, traces."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from policies.errors import ConflictError, NotFoundError
from policies.figures import Figure, FigureSource
from policies.proposal import canonical_json, digest_json
from store.bulk import JsonText, Row, insert_rows, table_of
from store.driver import Prepared
from store.tables import AgentTrace, Conversation, Draft, FigureRow, ToolResult, Turn
from store.tables.base import JsonObject

_figures = table_of(FigureRow).c
_thread: sa.BindParameter[str] = sa.bindparam("thread")
_FIGURES = Prepared(
    # all sources are parsed in one go
    sa.select(_figures.figure_id, _figures.value, _figures.unit, sa.cast(_figures.source, sa.Text))
    .where(_figures.thread_id == _thread)
    .order_by(_figures.figure_id)
)
_traces = table_of(AgentTrace).c
_WRITERS = Prepared(
    sa.select(_traces.model)
    .where(_traces.thread_id == _thread, _traces.prompt_digest != sa.literal(""))
    .order_by(_traces.trace_id)
)
_SOURCES = TypeAdapter(list[FigureSource])
_KNOWN_FIGURES = sa.select(_figures.figure_id).where(
    _figures.thread_id == _thread, _figures.figure_id.in_(sa.bindparam("names", expanding=True))
)


_drafts = table_of(Draft).c
_LATEST = Prepared(
    sa.select(_drafts.content)
    .where(_drafts.thread_id == _thread, _drafts.kind == sa.bindparam("kind"))
    .order_by(_drafts.created_at.desc(), _drafts.draft_id.desc())
    .limit(sa.literal(1))
)


def get_draft(session: Session, draft_id: str) -> Draft:
    """Return one draft; NotFoundError when there is none."""
    draft = session.get(Draft, draft_id)
    if draft is None:
        raise NotFoundError(f"there is no draft {draft_id}", value=draft_id)
    return draft


def latest_draft(session: Session, thread_id: str, kind: str) -> JsonObject | None:
    """Return what the newest draft of one kind in a thread holds."""
    found = _LATEST.one(session, thread=thread_id, kind=kind)
    return None if found is None else found[0]


def draft_by_digest(session: Session, workspace_id: str, kind: str, digest: str) -> Draft:
    """Return the draft of a kind with this digest; NotFoundError when there is none."""
    query = select(Draft).where(
        Draft.workspace_id == workspace_id, Draft.kind == kind, Draft.digest == digest
    )
    draft = session.exec(query.limit(1)).first()
    if draft is None:
        raise NotFoundError(f"there is no {kind} draft with digest {digest[:12]}…", value=digest)
    if digest_json(draft.content) != digest:
        raise ConflictError(
            f"the {kind} draft is not the one that was kept under {digest[:12]}…", value=digest
        )
    return draft


class KeptDraft(NamedTuple):
    """A draft that was written: its id, and the digest that a proposal binds it by."""

    draft_id: str
    digest: str


def add_draft(
    session: Session,
    *,
    draft_id: str,
    workspace_id: str,
    thread_id: str,
    kind: str,
    content: JsonObject,
    at: datetime,
) -> KeptDraft:
    """Keep what a node produced; floats in it are digested as RFC 8785 writes them."""
    text = canonical_json(content)
    kept = KeptDraft(draft_id, hashlib.sha256(text).hexdigest())
    row = {
        **kept._asdict(),
        "workspace_id": workspace_id,
        "thread_id": thread_id,
        "kind": kind,
        "content": JsonText(text.decode()),
        "created_at": at,
    }
    insert_rows(session, Draft, [row])
    return kept


def put_figures(session: Session, workspace_id: str, thread_id: str, figures: Mapping[str, Figure]) -> None:
    """Keep figures of a thread; a figure of the same id is replaced by the newer one."""
    rows = [
        {
            "thread_id": thread_id,
            "figure_id": figure_id,
            "workspace_id": workspace_id,
            "value": figure.value if isinstance(figure.value, str) else f"int:{figure.value}",
            "unit": figure.unit,
            "source": JsonText(figure.source.model_dump_json()),
        }
        for figure_id, figure in figures.items()
    ]
    insert_rows(session, FigureRow, rows, replace=True)


def figures_of(session: Session, thread_id: str) -> dict[str, Figure]:
    """Return every figure of a thread, by id."""
    rows = _FIGURES.rows(session, thread=thread_id)
    sources = _SOURCES.validate_json(f"[{','.join([source for _, _, _, source in rows])}]")
    return {
        figure_id: Figure(
            value=int(value.removeprefix("int:")) if value.startswith("int:") else value,
            unit=unit,
            source=source,
        )
        for (figure_id, value, unit, _), source in zip(rows, sources, strict=True)
    }


def unknown_figures(session: Session, thread_id: str, names: Collection[str]) -> list[str]:
    """Return, sorted, which of the names no figure of the thread has."""
    asked = {"thread": thread_id, "names": sorted(names)}
    return sorted(set(names) - set(session.connection().execute(_KNOWN_FIGURES, asked).scalars()))


def add_work(session: Session, results: Sequence[Row], trace: Row) -> None:
    """Keep an agent run: the rows of its tool results and of its trace."""
    insert_rows(session, ToolResult, results)
    insert_rows(session, AgentTrace, [trace])


def tool_results_of(session: Session, thread_id: str) -> Sequence[ToolResult]:
    """Return a thread's tool results in the order they were called."""
    query = select(ToolResult).where(ToolResult.thread_id == thread_id)
    return session.exec(query.order_by(ToolResult.tool_result_id)).all()


def traces_of(session: Session, thread_id: str) -> Sequence[AgentTrace]:
    """Return a thread's agent traces in order."""
    query = select(AgentTrace).where(AgentTrace.thread_id == thread_id)
    return session.exec(query.order_by(AgentTrace.trace_id)).all()


def writers_of(session: Session, thread_id: str) -> str:
    """Return the models that wrote what stands in a thread, each once, separated by commas; empty before any did."""
    return ", ".join(dict.fromkeys(model for (model,) in _WRITERS.rows(session, thread=thread_id)))


def start_conversation(
    session: Session, *, conversation_id: str, workspace_id: str, user_id: str, at: datetime
) -> Conversation:
    conversation = Conversation(
        conversation_id=conversation_id, workspace_id=workspace_id, user_id=user_id, started_at=at
    )
    session.add(conversation)
    session.flush()
    return conversation


def get_conversation(session: Session, workspace_id: str, conversation_id: str) -> Conversation:
    """Return a conversation of this workspace; NotFoundError otherwise."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.workspace_id != workspace_id:
        raise NotFoundError(f"there is no conversation {conversation_id}", value=conversation_id)
    return conversation


def conversations_of(
    session: Session, workspace_id: str, user_id: str, *, limit: int
) -> Sequence[Conversation]:
    """Return a user's own conversations, the newest first."""
    query = select(Conversation).where(
        Conversation.workspace_id == workspace_id, Conversation.user_id == user_id
    )
    return session.exec(query.order_by(col(Conversation.conversation_id).desc()).limit(limit)).all()


def add_turn(
    session: Session,
    *,
    turn_id: str,
    workspace_id: str,
    conversation_id: str,
    speaker: str,
    text: str,
    at: datetime,
    heard: str | None = None,
    campaign_id: str | None = None,
    detail: JsonObject | None = None,
) -> Turn:
    """Add what somebody said, or was answered, as the next turn."""
    last = session.exec(select(sa.func.max(Turn.number)).where(Turn.conversation_id == conversation_id)).one()
    turn = Turn(
        turn_id=turn_id,
        workspace_id=workspace_id,
        conversation_id=conversation_id,
        number=(last or 0) + 1,
        speaker=speaker,
        text=text,
        said_at=at,
        heard=heard,
        campaign_id=campaign_id,
        detail=detail,
    )
    session.add(turn)
    session.flush()
    return turn


def turns_of(session: Session, conversation_id: str, *, after: int = 0, limit: int = 200) -> Sequence[Turn]:
    """Return turns of a conversation in order, from after a number on."""
    query = select(Turn).where(Turn.conversation_id == conversation_id, Turn.number > after)
    return session.exec(query.order_by(col(Turn.number)).limit(limit)).all()


def last_turns(session: Session, conversation_id: str, *, limit: int) -> Sequence[Turn]:
    """Return the last turns of a conversation, the newest first."""
    query = select(Turn).where(Turn.conversation_id == conversation_id)
    return session.exec(query.order_by(col(Turn.number).desc()).limit(limit)).all()
