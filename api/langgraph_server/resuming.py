"""Answers to what a thread waits for: an approval is resolved in the database first, questions go to their thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from agents.comments.asks import PREFIX, is_yes_or_no
from agents.conversation.merging import WORDS
from agents.refusals import ForgedAnswerError, ThreadWaitsError
from agents.thread_stand import Waiting
from agents.threads import Started, Watch
from api.conversing import guarded
from api.http.approvals import ResolveIn, resolve_as
from api.http.signing_in import Caller
from api.langgraph_server.answers import Reply, read_reply
from api.langgraph_server.views import LAUNCH, QUESTIONS, bounds_of, questions_of
from policies.authority import Action
from policies.errors import InvalidInputError
from policies.proposal import parse
from store.repositories.approvals import Answer, get_approval
from store.repositories.campaigns import get_campaign, get_proposal
from store.repositories.threads import FoundThread
from store.threads import in_thread

PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_ANSWERS: Mapping[str, Answer] = {
    "approve": "approve",
    "edit": "approve_limited",
    "reject": "reject",
    "respond": "request_changes",
}
_DIGEST_SIGNS = 64
_IDS = ("approval_id", "proposal_id", "digest")


class Work(NamedTuple):
    """What is left to do of a run. One that `begins` something is under way only after the thread's first step."""

    go: Callable[[Watch], Awaitable[Started | None]]
    begins: bool


class AnswerError(InvalidInputError):
    """An answer whose parts contradict each other."""

    code = "answer"


async def resumed(caller: Caller, found: FoundThread, waiting: Waiting | None, resume: JsonValue) -> Work:
    """Take an answer to a thread; what is returned waits until it has moved.

    ThreadWaitsError when the thread waits for nothing; whatever refuses the answer; 409 where somebody was first.
    """
    thread_id = found.thread.thread_id
    if waiting is None or waiting.node not in ("approve", "clarify"):
        raise ThreadWaitsError(f"the thread {thread_id} waits for no answer; read it again", value=thread_id)
    reply = read_reply(resume, waiting.interrupt_id)
    if reply.kind == "ignore":
        return Work(_nothing, begins=False)
    if waiting.node == "clarify":
        return await _answering(caller, found, waiting, reply)
    return await _resolving(caller, found, waiting, reply)


async def _resolving(caller: Caller, found: FoundThread, waiting: Waiting, reply: Reply) -> Work:
    approval = found.approval
    if approval is None:
        raise ThreadWaitsError(
            f"the thread {found.thread.thread_id} has no approval", value=found.thread.thread_id
        )
    named = _named(waiting)
    _require_same(reply, named)
    limits = await in_thread(_limits, caller, approval.approval_id, reply) if reply.kind == "edit" else None
    words = reply.words if reply.kind in ("reject", "respond") else ""
    given = ResolveIn(answer=_ANSWERS[reply.kind], digest=named["digest"], comment=words, limits=limits)
    await resolve_as(caller, approval.approval_id, given)

    async def moved(_: Watch) -> None:
        await until_moved(caller, approval.approval_id)

    return Work(moved, begins=False)


async def _answering(caller: Caller, found: FoundThread, waiting: Waiting, reply: Reply) -> Work:
    answers = await in_thread(_answers, caller, waiting, reply)
    campaign_id = found.thread.campaign_id or ""

    def campaign_of() -> None:
        with caller.app.database.read() as session:
            caller.require_for(Action.EDIT_CAMPAIGN, get_campaign(session, caller.workspace_id, campaign_id))

    await in_thread(campaign_of)

    async def answered(watch: Watch) -> Started:
        def work() -> Awaitable[Started]:
            return caller.app.threads.answer(
                workspace_id=caller.workspace_id,
                user_id=caller.person.user_id,
                thread_id=found.thread.thread_id,
                interrupt_id=waiting.interrupt_id,
                answers=answers,
                watch=watch,
            )

        return await guarded(caller.app, work, campaign_id)

    return Work(answered, begins=True)


async def _nothing(_: Watch) -> None:
    return None


def _named(waiting: Waiting) -> dict[str, str]:
    """The ids and the digest in the interrupt itself, which is what is answered."""
    requests = waiting.value.get("action_requests")
    first = requests[0] if isinstance(requests, list) and requests else None
    args = first.get("args") if isinstance(first, dict) else None
    named = {name: str(args.get(name)) for name in _IDS} if isinstance(args, dict) else {}
    if len(named.get("digest", "")) != _DIGEST_SIGNS:
        raise ThreadWaitsError(
            "the interrupt names no proposal; it cannot be answered", value=waiting.interrupt_id
        )
    return named


def _require_same(reply: Reply, named: Mapping[str, str]) -> None:
    """Whoever sends the action back means this one: its name, ids and digest."""
    if reply.action not in (None, LAUNCH):
        raise ForgedAnswerError(
            f"the action that waits is {LAUNCH}, not {reply.action[:100]}", value=reply.action
        )
    for name, shown in named.items():
        if name in reply.args and reply.args[name] != shown:
            raise ForgedAnswerError(
                f"{name} is not the one that waits; read the thread again", value=reply.args[name]
            )


def _limits(caller: Caller, approval_id: str, reply: Reply) -> dict[str, int]:
    """What an edit lowers. Agent Inbox sends every argument back, as text where it was touched."""
    with caller.app.database.read() as session:
        approval = get_approval(session, caller.workspace_id, approval_id)
        proposal = get_proposal(session, caller.workspace_id, approval.proposal_id)
        bounds = bounds_of(parse(proposal.canonical_json))
    unknown = next((name for name in reply.args if name not in (*bounds, *_IDS)), None)
    if unknown is not None:
        raise ForgedAnswerError(
            f"{unknown[:100]!r} cannot be edited; only {', '.join(bounds)} can, downwards", value=unknown
        )
    asked = {name: _whole(name, reply.args[name]) for name in bounds if name in reply.args}
    lowered = {name: value for name, value in asked.items() if value != bounds[name]}
    if not lowered:
        raise AnswerError(f"the edit changes nothing; lower {', '.join(bounds)}, or approve", value=None)
    return lowered


def _whole(name: str, value: JsonValue) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= 18:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise AnswerError(f"{name} is {str(value)[:100]!r}; it is a whole number", value=value)


def _answers(caller: Caller, waiting: Waiting, reply: Reply) -> dict[str, str]:
    """Each question's answer, by field: an edit fills them in, the words of a response answer all that they can."""
    with caller.app.database.read() as session:
        asked = {each.field: each.question for each in questions_of(session, waiting)}
    if reply.kind == "edit":
        if reply.action != QUESTIONS:
            raise ForgedAnswerError(f"the action that waits is {QUESTIONS}", value=reply.action)
        unknown = next((name for name in reply.args if name not in (*asked, WORDS)), None)
        if unknown is not None:
            raise ForgedAnswerError(
                f"nobody asks about {unknown[:100]!r}; the questions are {', '.join(asked)}", value=unknown
            )
        return {name: str(text) for name, text in reply.args.items() if text != asked.get(name)}
    if reply.kind == "approve" or not reply.words.strip():
        raise ForgedAnswerError(f"questions are answered in words: {', '.join(asked)}", value=reply.kind)
    return answers_in_words(reply.words, asked)


def answers_in_words(words: str, asked: Iterable[str]) -> dict[str, str]:
    """Return words as the answer to each question: a single one by its field, several in plain words at once.

    What an approver asked for is taken or left by its own field.
    """
    fields = list(asked)
    if len(fields) == 1:
        return {fields[0]: words}
    own = [field for field in fields if field.startswith(PREFIX)] if is_yes_or_no(words) else []
    others = [field for field in fields if not field.startswith(PREFIX)]
    return dict.fromkeys(own, words) | ({WORDS: words} if others or not own else {})


async def until_moved(caller: Caller, approval_id: str) -> None:
    """Wait until the resume job has taken the thread on; for nothing while signatures are missing or no job runs."""
    app = caller.app

    def settled() -> bool:
        with app.database.read() as session:
            approval = get_approval(session, caller.workspace_id, approval_id)
            return approval.status == "pending" or approval.resumed_at is not None

    for _ in range(int(PATIENCE_SECONDS / _LOOK_SECONDS)):
        if not app.engine.running or await in_thread(settled):
            return
        await asyncio.sleep(_LOOK_SECONDS)
