"""Threads of the propose graph: started, answered and resumed only through here, one at a time.

LangGraph accepts a resume for any id and lets new input replace a pending interrupt; here an interrupted thread takes
nothing but the answer to the interrupt it waits at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from langgraph.types import Command, Interrupt, StateSnapshot
from pydantic import JsonValue

from agents.comments.asks import as_answers
from agents.keeping import Keeper
from agents.planner.agent import PlannerTask
from agents.propose.earlier import read_comments_of, record_of
from agents.propose.facts import ANSWER, answers_of
from agents.propose.graph import ProposeGraph
from agents.propose.hearing import heard_in, read_with_answers
from agents.refusals import SYSTEM, ThreadWaitsError, UnknownInterruptError, noted
from agents.situation import Situation
from agents.state import ProposeState
from agents.thread_beginning import MAXIMUM_BRIEF, begin, thread_left
from agents.thread_editing import Edit, begin_edit
from agents.thread_lease import FIRST_RUN, leased
from agents.thread_stand import Stand, config_of, history_of, snapshot_of, stand_of
from agents.workbench import Workbench
from policies.errors import InvalidInputError, NotAuthorisedError, NotFoundError
from policies.privacy import require_no_address
from store.repositories.agent_work import get_draft
from store.repositories.campaigns import get_brief, get_campaign
from store.repositories.threads import RunStatus, add_thread, get_thread
from store.tables import Approval, Campaign
from store.threads import in_thread

Mode = Literal["values", "updates", "started"]
Watch = Callable[[Mode, Mapping[str, JsonValue]], None]
"""Told while a thread runs: the state after each step, what each node changed, and by its `name` each node that starts."""


class Started(NamedTuple):
    """A campaign and where its thread has come to."""

    campaign_id: str
    conversation_id: str
    thread_id: str
    state: ProposeState


class Given(NamedTuple):
    """What a run gives its thread: None goes on where it is.

    `awaited` is the interrupt that must still be waited at, `keep` what is written when it is; an `idle` run only ends it.
    """

    input: ProposeState | Command[str] | None
    awaited: str | None = None
    keep: Callable[[], None] | None = None
    idle: bool = False


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
        reserved: str | None = None,
        watch: Watch | None = None,
    ) -> Started:
        """Begin a campaign from a marketer's words, or propose an existing one anew, and run to the first stop.

        The thread gets a new id, or the one that was `reserved` for it. Raises InvalidInputError for an empty or overlong text and ConflictError when the campaign is past review.
        """
        if not text.strip():
            raise InvalidInputError("say what the campaign should achieve; the text is empty", value=text)
        if len(text) > MAXIMUM_BRIEF:
            raise InvalidInputError(
                f"the text has {len(text)} characters; {MAXIMUM_BRIEF} are allowed", value=len(text)
            )
        require_no_address("the text", text)
        state = await in_thread(
            begin,
            self.bench,
            workspace_id=workspace_id,
            author_id=author_id,
            text=text,
            conversation_id=conversation_id,
            campaign_id=campaign_id,
            reserved=reserved,
        )
        return await self._run(
            state["campaign_id"], workspace_id, state["thread_id"], Given(state), watch, FIRST_RUN
        )

    async def begin_edit(
        self, *, workspace_id: str, user_id: str, proposal_id: str, digest: str, edit: Edit
    ) -> ProposeState:
        """Take a proposal back for its edited version and return what that thread starts with, for `run_begun`.

        Raises what `agents.thread_editing.begin_edit` does, and has then written nothing.
        """
        return await in_thread(
            begin_edit,
            self.bench,
            workspace_id=workspace_id,
            user_id=user_id,
            proposal_id=proposal_id,
            digest=digest,
            edit=edit,
        )

    async def run_begun(self, state: ProposeState, watch: Watch | None = None) -> Started:
        """Run a thread that was begun to its first stop."""
        workspace_id, thread_id = state["workspace_id"], state["thread_id"]
        return await self._run(state["campaign_id"], workspace_id, thread_id, Given(state), watch, FIRST_RUN)

    async def reserve(self, *, workspace_id: str, author_id: str, thread_id: str | None = None) -> str:
        """Keep an id for a thread that is begun later, a new one or the one that is asked for; ThreadTakenError."""
        reserved = thread_id or self.bench.ids.new()

        def keep() -> None:
            with self.bench.database.write() as session:
                add_thread(
                    session,
                    thread_id=reserved,
                    workspace_id=workspace_id,
                    author_id=author_id,
                    campaign_id=None,
                    status="reserved",
                    at=self.bench.clock.now(),
                )

        await in_thread(keep)
        return reserved

    async def answer(
        self,
        *,
        workspace_id: str,
        user_id: str,
        thread_id: str,
        interrupt_id: str,
        answers: Mapping[str, str],
        watch: Watch | None = None,
    ) -> Started:
        """Give the answers of the brief's author, by field, to the questions a thread waits with.

        Only the author answers: whoever has a part in a proposal cannot approve it. An answer that cannot be understood is
        refused before it is kept, so that the question stays open.
        """
        async with noted(self.bench, workspace_id=workspace_id, actor=user_id, subject=thread_id):
            await in_thread(self._require_thread, workspace_id, thread_id)
            snapshot = await self._snapshot(thread_id)
            pending = _pending(snapshot, "clarify")
            if pending is None or pending.id != interrupt_id:
                raise UnknownInterruptError(
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
                kept = {"interrupt_id": interrupt_id, "answers": listed}
                Keeper(self.bench, session, workspace_id, thread_id).draft(ANSWER, kept)

        given = Given(Command(resume={pending.id: "answered"}), awaited=pending.id, keep=keep)
        return await self._run(state["campaign_id"], workspace_id, thread_id, given, watch)

    async def resume_approval(self, approval_id: str) -> ProposeState:
        """Take the thread of a resolved approval on; doing it again, or for one that has moved on, changes nothing."""
        workspace_id, thread_id, status = await in_thread(self._approval, approval_id)
        if status == "pending":
            raise ThreadWaitsError(f"approval {approval_id} is not resolved yet", value=approval_id)
        async with noted(self.bench, workspace_id=workspace_id, actor=SYSTEM, subject=thread_id):
            snapshot = await self._snapshot(thread_id)
        if snapshot.next and _first(snapshot) is None:
            await self._run(snapshot.values["campaign_id"], workspace_id, thread_id, Given(None))
            snapshot = await self._snapshot(thread_id)
        pending = _pending(snapshot, "approve")
        if pending is not None:
            given = Given(Command(resume={pending.id: {"approval_id": approval_id}}), awaited=pending.id)
            await self._run(snapshot.values["campaign_id"], workspace_id, thread_id, given)
        return (await self._snapshot(thread_id)).values  # type: ignore[return-value]

    async def carry_on(self, thread_id: str, attempt: int) -> None:
        """Take on a thread that a dead process left running, under the attempt that holds it.

        An answer that was kept is given, so that nothing is asked twice; a thread that another took the place of ends.
        """
        left = await in_thread(thread_left, self.bench, thread_id)
        given = Given(None)
        async with noted(
            self.bench, workspace_id=left.state["workspace_id"], actor=SYSTEM, subject=thread_id
        ):
            snapshot = await self._snapshot(thread_id)
        pending = _pending(snapshot, "clarify")
        if pending is not None and pending.id in left.answered:
            given = Given(Command(resume={pending.id: "answered"}), awaited=pending.id)
        elif snapshot.created_at is None:
            given = Given(left.state)
        await self._run(
            left.state["campaign_id"],
            left.state["workspace_id"],
            thread_id,
            given if left.current else Given(None, idle=True),
            attempt=attempt,
        )

    async def waiting(self, thread_id: str) -> Interrupt | None:
        """Return the interrupt a thread waits at, if any."""
        return _first(await self._snapshot(thread_id))

    async def state(self, thread_id: str) -> ProposeState:
        """Return a thread's state as it was last checkpointed."""
        return (await self._snapshot(thread_id)).values  # type: ignore[return-value]

    async def stand(self, thread_id: str) -> Stand:
        """Return where a thread stands; UnknownNodeError where this graph cannot take it on."""
        return stand_of(await self._snapshot(thread_id))

    async def history(self, thread_id: str, *, limit: int, before: str | None = None) -> list[Stand]:
        """Return where a thread stood, the newest first, for reading only; nothing is run from there."""
        return await history_of(self.graph, thread_id, limit=limit, before=before)

    def runs(self, thread_id: str) -> bool:
        """Whether a thread is running in this process."""
        lock = self._locks.get(thread_id)
        return lock is not None and lock.locked()

    async def _run(
        self,
        campaign_id: str,
        workspace_id: str,
        thread_id: str,
        given: Given,
        watch: Watch | None = None,
        attempt: int | None = None,
    ) -> Started:
        """Hold the thread, give it what it waits for, and run it to its next stop."""
        lock = self._locks.setdefault(thread_id, asyncio.Lock())
        if lock.locked():
            raise ThreadWaitsError(f"the thread {thread_id} is running; wait until it stops", value=thread_id)
        async with lock, leased(self.bench, thread_id, attempt) as run:
            snapshot = await self._snapshot(thread_id)
            waiting = _first(snapshot)
            if given.awaited is not None and (waiting is None or waiting.id != given.awaited):
                run.left = _left(snapshot)
                raise ThreadWaitsError(
                    f"the thread {thread_id} no longer waits at {given.awaited}; somebody was first",
                    value=given.awaited,
                )
            if not given.idle and (given.input is not None or (snapshot.next and waiting is None)):
                if given.keep is not None:
                    await in_thread(given.keep)
                await self._step(thread_id, given.input, watch)
                snapshot = await self._snapshot(thread_id)
            run.left = "ended" if given.idle else _left(snapshot)
        self._locks.pop(thread_id, None)
        campaign = await in_thread(self._campaign, workspace_id, campaign_id)
        return Started(campaign_id, campaign.conversation_id or "", thread_id, snapshot.values)  # type: ignore[arg-type]  # LangGraph leaves values untyped

    async def _step(
        self, thread_id: str, given: ProposeState | Command[str] | None, watch: Watch | None
    ) -> None:
        config = config_of(thread_id)
        if watch is None:
            await self.graph.ainvoke(given, config, durability="sync")
            return
        told = self.graph.astream(
            given, config, stream_mode=["values", "updates", "tasks"], durability="sync"
        )
        async for mode, data in told:
            if mode != "tasks":
                if "__interrupt__" not in data:
                    watch(mode, data)  # type: ignore[arg-type]  # one of the modes that were asked for
            elif "triggers" in data:
                watch("started", {"name": data["name"]})  # type: ignore[index]  # a task as a dictionary

    async def _snapshot(self, thread_id: str) -> StateSnapshot:
        return await snapshot_of(self.graph, thread_id)

    def _require_thread(self, workspace_id: str, thread_id: str) -> None:
        with self.bench.database.read() as session:
            get_thread(session, workspace_id, thread_id)

    def _require_understood(
        self, workspace_id: str, user_id: str, state: ProposeState, answers: Mapping[str, str]
    ) -> None:
        with self.bench.database.read() as session:
            brief = get_brief(session, workspace_id, state["brief_id"])
            situation = Situation.model_validate(get_draft(session, state["situation_id"]).content)
            said = (*answers_of(session, state["thread_id"]), *answers.items())
            comments = read_comments_of(session, state["thread_id"])
            heard = heard_in(session, state["thread_id"])
            record = record_of(session, state["thread_id"])
            campaign = get_campaign(session, workspace_id, state["campaign_id"])
        if campaign.thread_id != state["thread_id"]:
            raise ThreadWaitsError(
                f"campaign {campaign.campaign_id} has gone on in another thread; read it again",
                value=state["thread_id"],
            )
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
            said=as_answers(said, comments),
            record=record,
        )
        read_with_answers(task, situation, heard)

    def _approval(self, approval_id: str) -> tuple[str, str, str]:
        with self.bench.database.read() as session:
            approval = session.get(Approval, approval_id)
            if approval is None:
                raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
            return approval.workspace_id, approval.thread_id, approval.status

    def _campaign(self, workspace_id: str, campaign_id: str) -> Campaign:
        with self.bench.database.read() as session:
            return get_campaign(session, workspace_id, campaign_id)


def _left(snapshot: StateSnapshot) -> RunStatus:
    return "waiting" if snapshot.next else "ended"


def _first(snapshot: StateSnapshot) -> Interrupt | None:
    return next((waiting for task in snapshot.tasks for waiting in task.interrupts), None)


def _pending(snapshot: StateSnapshot, node: str) -> Interrupt | None:
    return next(
        (waiting for task in snapshot.tasks if task.name == node for waiting in task.interrupts), None
    )
