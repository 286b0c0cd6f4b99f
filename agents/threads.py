"""Threads of the propose graph: started, answered and resumed only through here, one at a time.

LangGraph accepts a resume for any id and lets new input replace a pending interrupt; here an interrupted thread takes
nothing but the answer to the interrupt it waits at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Interrupt, StateSnapshot
from sqlmodel import Session

from agents.keeping import Keeper
from agents.planner.agent import PlannerTask
from agents.propose.drafting import read_with_answers
from agents.propose.facts import ANSWER, answers_of
from agents.propose.graph import RECURSION_LIMIT, ProposeGraph
from agents.situation import Situation
from agents.state import ProposeState
from agents.workbench import Workbench
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.errors import ConflictError, InvalidInputError, NotAuthorisedError, NotFoundError
from policies.privacy import require_no_address
from store.repositories.agent_work import add_turn, get_draft, start_conversation
from store.repositories.approval_endings import close_approval
from store.repositories.campaigns import (
    add_brief,
    get_brief,
    get_campaign,
    get_proposal,
    move_campaign,
    move_proposal,
)
from store.tables import Approval, BriefRow, Campaign
from store.threads import in_thread

MAXIMUM_BRIEF = 8_000


class ThreadWaitsError(ConflictError):
    """The thread waits for something else; nothing was given to it."""

    code = "thread_waits"


class Started(NamedTuple):
    """A campaign and where its thread has come to."""

    campaign_id: str
    conversation_id: str
    thread_id: str
    state: ProposeState


class Threads:
    """The propose threads of a home. One object per process; each thread runs in one place at a time."""

    def __init__(self, bench: Workbench, graph: ProposeGraph) -> None:
        self.bench = bench
        self.graph = graph
        self._locks: dict[str, asyncio.Lock] = {}

    async def start(
        self,
        *,
        workspace_id: str,
        author_id: str,
        text: str,
        conversation_id: str | None = None,
        campaign_id: str | None = None,
    ) -> Started:
        """Begin a campaign from a marketer's words, or propose an existing one anew, and run to the first stop.

        Raises InvalidInputError for an empty or overlong text and ConflictError when the campaign is past review.
        """
        if not text.strip():
            raise InvalidInputError("say what the campaign should achieve; the text is empty", value=text)
        if len(text) > MAXIMUM_BRIEF:
            raise InvalidInputError(
                f"the text has {len(text)} characters; {MAXIMUM_BRIEF} are allowed", value=len(text)
            )
        require_no_address("the text", text)
        state = await in_thread(self._begin, workspace_id, author_id, text, conversation_id, campaign_id)
        return await self._run(state["campaign_id"], workspace_id, state["thread_id"], state)

    async def answer(
        self,
        *,
        workspace_id: str,
        user_id: str,
        thread_id: str,
        interrupt_id: str,
        answers: Mapping[str, str],
    ) -> Started:
        """Give the answers of the brief's author, by field, to the questions a thread waits with.

        Only the author answers: whoever has a part in a proposal cannot approve it. An answer that cannot be understood is
        refused before it is kept, so that the question stays open.
        """
        snapshot = await self._snapshot(thread_id)
        pending = _pending(snapshot, "clarify")
        if pending is None or pending.id != interrupt_id:
            raise ThreadWaitsError(
                f"the thread {thread_id} does not wait for an answer to {interrupt_id}; read the campaign again",
                value=interrupt_id,
            )
        if not answers or any(not text.strip() for text in answers.values()):
            raise InvalidInputError("answer at least one question, in words", value=dict(answers))
        for field, text in answers.items():
            require_no_address(f"the answer about {field}", text)
        state: ProposeState = snapshot.values  # type: ignore[assignment]  # LangGraph leaves values untyped
        await in_thread(self._require_understood, workspace_id, user_id, state, answers)

        def keep() -> None:
            with self.bench.database.write() as session:
                listed = [{"field": field, "text": text} for field, text in answers.items()]
                Keeper(self.bench, session, workspace_id, thread_id).draft(ANSWER, {"answers": listed})

        await in_thread(keep)
        return await self._run(
            state["campaign_id"], workspace_id, thread_id, Command(resume={pending.id: "answered"})
        )

    async def resume_approval(self, approval_id: str) -> ProposeState:
        """Take the thread of a resolved approval on; doing it again, or for one that has moved on, changes nothing."""
        workspace_id, thread_id, status = await in_thread(self._approval, approval_id)
        if status == "pending":
            raise ThreadWaitsError(f"approval {approval_id} is not resolved yet", value=approval_id)
        snapshot = await self._snapshot(thread_id)
        pending = _pending(snapshot, "approve")
        if pending is not None:
            await self._run(
                snapshot.values["campaign_id"],
                workspace_id,
                thread_id,
                Command(resume={pending.id: {"approval_id": approval_id}}),
            )
        elif snapshot.next:
            await self._run(snapshot.values["campaign_id"], workspace_id, thread_id, None)
        return (await self._snapshot(thread_id)).values  # type: ignore[return-value]

    async def waiting(self, thread_id: str) -> Interrupt | None:
        """Return the interrupt a thread waits at, if any."""
        return _first(await self._snapshot(thread_id))

    async def state(self, thread_id: str) -> ProposeState:
        """Return a thread's state as it was last checkpointed."""
        return (await self._snapshot(thread_id)).values  # type: ignore[return-value]

    async def _run(
        self, campaign_id: str, workspace_id: str, thread_id: str, given: ProposeState | Command[str] | None
    ) -> Started:
        lock = self._locks.setdefault(thread_id, asyncio.Lock())
        if lock.locked():
            raise ThreadWaitsError(f"the thread {thread_id} is running; wait until it stops", value=thread_id)
        async with lock:
            await self.graph.ainvoke(given, config_of(thread_id), durability="sync")
        self._locks.pop(thread_id, None)
        campaign = await in_thread(self._campaign, workspace_id, campaign_id)
        return Started(campaign_id, campaign.conversation_id or "", thread_id, await self.state(thread_id))

    async def _snapshot(self, thread_id: str) -> StateSnapshot:
        return await self.graph.aget_state(config_of(thread_id))

    def _begin(
        self,
        workspace_id: str,
        author_id: str,
        text: str,
        conversation_id: str | None,
        campaign_id: str | None,
    ) -> ProposeState:
        bench = self.bench
        at = bench.clock.now()
        with bench.database.write(durable=True) as session:
            brief = self._said(session, at, workspace_id, author_id, text, conversation_id)
            parent: str | None = None
            thread_id = bench.ids.new()
            if campaign_id is None:
                campaign = Campaign(
                    campaign_id=bench.ids.new(),
                    workspace_id=workspace_id,
                    name="New campaign",
                    author_id=author_id,
                    conversation_id=brief.conversation_id,
                    created_at=at,
                    changed_at=at,
                )
                session.add(campaign)
            else:
                campaign = get_campaign(session, workspace_id, campaign_id)
                parent = self._supersede(session, campaign)
            campaign.brief_id, campaign.thread_id = brief.brief_id, thread_id
            session.flush()
            return ProposeState(
                workspace_id=workspace_id,
                author_id=author_id,
                campaign_id=campaign.campaign_id,
                thread_id=thread_id,
                brief_id=brief.brief_id,
                parent_proposal_id=parent,
                status="sensing",
            )

    def _said(
        self,
        session: Session,
        at: datetime,
        workspace_id: str,
        author_id: str,
        text: str,
        conversation_id: str | None,
    ) -> BriefRow:
        """Keep a marketer's words as a turn of the conversation, a new one if there is none, and as a brief."""
        bench = self.bench
        if conversation_id is None:
            conversation_id = bench.ids.new()
            start_conversation(
                session,
                conversation_id=conversation_id,
                workspace_id=workspace_id,
                user_id=author_id,
                at=at,
            )
        add_turn(
            session,
            turn_id=bench.ids.new(),
            workspace_id=workspace_id,
            conversation_id=conversation_id,
            speaker="person",
            text=text,
            at=at,
        )
        return add_brief(
            session,
            brief_id=bench.ids.new(),
            workspace_id=workspace_id,
            conversation_id=conversation_id,
            author_id=author_id,
            text=text,
            record={},
            model=bench.models.model_id,
            at=at,
        )

    def _require_understood(
        self, workspace_id: str, user_id: str, state: ProposeState, answers: Mapping[str, str]
    ) -> None:
        with self.bench.database.read() as session:
            brief = get_brief(session, workspace_id, state["brief_id"])
            situation = Situation.model_validate(get_draft(session, state["situation_id"]).content)
            said = answers_of(session, state["thread_id"])
        if brief.author_id != user_id:
            raise NotAuthorisedError(
                "only the author of a brief answers questions about it, so that others can still approve",
                value=user_id,
            )
        task = PlannerTask(
            text=brief.text,
            today=situation.today,
            timezone=situation.timezone,
            currency=situation.currency,
            said=(*said, *answers.items()),
        )
        read_with_answers(task, situation)

    def _supersede(self, session: Session, campaign: Campaign) -> str | None:
        """Take a campaign back to draft for a new proposal; an open one is superseded and its approval closed."""
        at = self.bench.clock.now()
        state = CampaignState(campaign.state)
        following = next_state(state, CampaignEvent.EDIT, sent_any=False)
        if campaign.proposal_id is not None:
            proposal = get_proposal(session, campaign.workspace_id, campaign.proposal_id)
            if proposal.status in ("open", "approved"):
                move_proposal(session, proposal.proposal_id, expected=proposal.status, to="superseded")
                close_approval(session, proposal.proposal_id, "superseded", at)
        if following.changed:
            move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=at)
        return campaign.proposal_id

    def _approval(self, approval_id: str) -> tuple[str, str, str]:
        with self.bench.database.read() as session:
            approval = session.get(Approval, approval_id)
            if approval is None:
                raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
            return approval.workspace_id, approval.thread_id, approval.status

    def _campaign(self, workspace_id: str, campaign_id: str) -> Campaign:
        with self.bench.database.read() as session:
            return get_campaign(session, workspace_id, campaign_id)


def config_of(thread_id: str) -> RunnableConfig:
    """Return the configuration a thread is run with."""
    return {"configurable": {"thread_id": thread_id}, "recursion_limit": RECURSION_LIMIT}


def _first(snapshot: StateSnapshot) -> Interrupt | None:
    return next((waiting for task in snapshot.tasks for waiting in task.interrupts), None)


def _pending(snapshot: StateSnapshot, node: str) -> Interrupt | None:
    return next(
        (waiting for task in snapshot.tasks if task.name == node for waiting in task.interrupts), None
    )
