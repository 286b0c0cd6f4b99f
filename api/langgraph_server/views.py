"""Threads, their states and what they wait for, as LangGraph clients and Agent Inbox read them; ids and campaign words only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue
from sqlmodel import Session

from agents.planner.brief import Question
from agents.propose.drafts import PlanDraft
from agents.thread_stand import Stand, Waiting
from api.langgraph_server.describing import description_of
from api.langgraph_server.requests import ASSISTANT_ID, GRAPH_ID
from policies.proposal import Content, ContentUnreadableError, parse
from store.repositories.agent_work import get_draft
from store.repositories.campaigns import get_proposal
from store.repositories.signing import ApprovalUnreadableError
from store.repositories.threads import FoundThread
from store.tables import Approval

Json = dict[str, JsonValue]
LAUNCH, QUESTIONS = "launch_campaign", "answer_questions"
_SHOWN = (
    "status",
    "graph_version",
    "campaign_id",
    "thread_id",
    "brief_id",
    "parent_proposal_id",
    "proposal_id",
    "digest",
    "approval_id",
    "launch_id",
)


class Seen(NamedTuple):
    """A thread by the store, where it stands by its checkpoint, and what it waits for, if somebody may still answer."""

    found: FoundThread
    stand: Stand
    interrupt: Json | None

    @property
    def waits(self) -> bool:
        """Whether an answer is waited for."""
        return self.interrupt is not None


def seen(session: Session, found: FoundThread, stand: Stand) -> Seen:
    """Return a thread as it is shown: what its checkpoint waits for counts only while the store agrees."""
    waiting = stand.waiting
    if waiting is None or found.standing != "interrupted":
        return Seen(found, stand, None)
    if waiting.node == "approve" and found.approval is not None:
        try:
            value = _approval_value(session, found.approval)
        except (ContentUnreadableError, ApprovalUnreadableError):
            # what cannot be read cannot be answered, and is no reason not to list the others
            return Seen(found, stand, None)
    elif waiting.node == "clarify":
        value = _questions_value(questions_of(session, waiting))
    else:
        return Seen(found, stand, None)
    return Seen(found, stand, {"id": waiting.interrupt_id, "value": value})


def thread_view(thread: Seen) -> Json:
    """Return a thread as clients list it."""
    row = thread.found.thread
    return {
        "thread_id": row.thread_id,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.changed_at.isoformat(),
        "state_updated_at": row.changed_at.isoformat(),
        "metadata": _metadata(thread.found),
        "status": _status(thread),
        "config": {},
        "values": shown_values(thread),
        "interrupts": _by_task(thread),
        "error": None,
    }


def state_view(thread: Seen) -> Json:
    """Return where a thread stands as clients read it; one that nobody can answer any more waits for nothing."""
    stand = thread.stand
    step = _step_view(thread.found, stand)
    tasks: list[JsonValue] = []
    if thread.interrupt is not None and stand.waiting is not None:
        tasks = [_task(stand.waiting, thread.interrupt)]
    listed: list[JsonValue] = [] if thread.interrupt is None else [thread.interrupt]
    over = stand.waiting is not None and not thread.waits
    return {
        **step,
        "values": shown_values(thread),
        "next": [] if over else list(stand.next),
        "tasks": tasks,
        "interrupts": listed,
    }


def history_view(thread: Seen, steps: Sequence[Stand]) -> list[JsonValue]:
    """Return a thread's steps as clients read them; only the step it stands at may wait for somebody."""
    current = thread.stand.checkpoint_id
    return [
        state_view(thread)
        if step.checkpoint_id == current
        else {**_step_view(thread.found, step), "tasks": [], "interrupts": []}
        for step in steps
    ]


def shown_values(thread: Seen) -> Json:
    """Return the ids, the digest and the status of a thread; the approval in the database has the last word on it."""
    values = _plain(thread.stand)
    approval = thread.found.approval
    if approval is not None and approval.status != "pending" and values.get("status") == "open":
        values["status"] = approval.status
    return values


def final_values(thread: Seen) -> Json:
    """Return a thread's values at the end of a run, with what it waits for under `__interrupt__`."""
    values = shown_values(thread)
    return values if thread.interrupt is None else {**values, "__interrupt__": [thread.interrupt]}


def checkpoint_view(thread_id: str, checkpoint_id: str | None) -> Json:
    """Return a checkpoint's place as clients name it."""
    return {
        "thread_id": thread_id,
        "checkpoint_ns": "",
        "checkpoint_id": checkpoint_id,
        "checkpoint_map": None,
    }


def bounds_of(content: Content) -> dict[str, int]:
    """Return what an approver may lower, with what the proposal says."""
    people = content.number(content.envelope.maximum_people)
    return {
        "first_step_people": people,
        "maximum_people": people,
        "budget_minor": content.number(content.envelope.budget),
    }


def questions_of(session: Session, waiting: Waiting) -> list[Question]:
    """Return the questions that a thread waits with."""
    plan = PlanDraft.model_validate(get_draft(session, str(waiting.value["plan_id"])).content)
    return plan.brief.questions


def _approval_value(session: Session, approval: Approval) -> Json:
    content = parse(get_proposal(session, approval.workspace_id, approval.proposal_id).canonical_json)
    args: Json = {
        "approval_id": approval.approval_id,
        "proposal_id": approval.proposal_id,
        "digest": approval.digest,
        **bounds_of(content),
    }
    return _request(
        LAUNCH,
        args,
        description_of(session, content, approval),
        ("approve", "edit", "reject", "respond"),
        accept=True,
    )


def _questions_value(questions: Sequence[Question]) -> Json:
    args: Json = {question.field: question.question for question in questions}
    lines = [f"- {question.field}: {question.question} ({question.suggestion})" for question in questions]
    words = "\n".join(
        ("Before this campaign can be proposed, its author answers:", "", *lines, "", _HOW_TO_ANSWER)
    )
    return _request(QUESTIONS, args, words, ("edit", "respond"), accept=False)


_HOW_TO_ANSWER = (
    "Edit the arguments: put an answer in place of each question. With one question, a response answers it."
)


def _request(action: str, args: Json, description: str, decisions: tuple[str, ...], *, accept: bool) -> Json:
    """A HITLRequest, and beside it the same as a HumanInterrupt; both names of the arguments are filled in."""
    return {
        "action_requests": [
            {"name": action, "args": args, "arguments": args, "description": description},
        ],
        "review_configs": [{"action_name": action, "allowed_decisions": list(decisions)}],
        "action_request": {"action": action, "args": args},
        "config": {
            "allow_accept": accept,
            "allow_edit": True,
            "allow_respond": True,
            "allow_ignore": True,
        },
        "description": description,
    }


def _metadata(found: FoundThread) -> Json:
    metadata: Json = {"graph_id": GRAPH_ID, "assistant_id": ASSISTANT_ID}
    if found.thread.campaign_id is not None:
        metadata["campaign_id"] = found.thread.campaign_id
    return metadata


def _status(thread: Seen) -> str:
    standing = thread.found.standing
    return "idle" if standing == "interrupted" and not thread.waits else standing


def _by_task(thread: Seen) -> Json:
    waiting = thread.stand.waiting
    if waiting is None or thread.interrupt is None:
        return {}
    return {waiting.task_id: [thread.interrupt]}


def _task(waiting: Waiting, interrupt: Json) -> Json:
    return {
        "id": waiting.task_id,
        "name": waiting.node,
        "error": None,
        "interrupts": [interrupt],
        "checkpoint": None,
        "state": None,
        "result": None,
    }


def _step_view(found: FoundThread, stand: Stand) -> Json:
    thread_id = found.thread.thread_id
    parent = None if stand.parent_id is None else checkpoint_view(thread_id, stand.parent_id)
    return {
        "values": _plain(stand),
        "next": list(stand.next),
        "checkpoint": checkpoint_view(thread_id, stand.checkpoint_id),
        "metadata": {**_metadata(found), "step": stand.step, "thread_id": thread_id},
        "created_at": stand.created_at,
        "parent_checkpoint": parent,
    }


def _plain(stand: Stand) -> Json:
    values: Mapping[str, object] = stand.values
    return {name: value for name in _SHOWN if isinstance(value := values.get(name), (str, int))}
