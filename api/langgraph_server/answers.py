"""The three forms in which clients answer an interrupt, read as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from pydantic import JsonValue

from agents.refusals import ForgedAnswerError, UnknownInterruptError

Kind = Literal["approve", "edit", "reject", "respond", "ignore"]
_KINDS: Mapping[str, Kind] = {
    "approve": "approve",
    "accept": "approve",
    "edit": "edit",
    "reject": "reject",
    "respond": "respond",
    "response": "respond",
    "ignore": "ignore",
}
_FORMS = 'answer with {"decisions": [one decision]}, with [one human response], or with {interrupt id: one of these}'
LONGEST_WORDS = 5_000


class Reply(NamedTuple):
    """What a person answers: the kind, the words that go with it, and the arguments that were sent back.

    `action` is the name that came with the arguments, None where none did.
    """

    kind: Kind
    words: str
    action: str | None
    args: Mapping[str, JsonValue]


def read_reply(resume: JsonValue, interrupt_id: str) -> Reply:
    """Read an answer to an interrupt in any of the three forms.

    UnknownInterruptError when it is given for another interrupt, ForgedAnswerError when it is none or more than one.
    """
    if isinstance(resume, dict) and "decisions" not in resume:
        others = [name for name in resume if name != interrupt_id]
        if not resume or "type" in resume:
            raise ForgedAnswerError(f"this answers nothing; {_FORMS}", value=_short(resume))
        if others:
            raise UnknownInterruptError(
                f"nobody is asked by the interrupt {_short(others[0])}; the thread waits at {interrupt_id}",
                value=_short(others[0]),
            )
        return _one(resume[interrupt_id])
    return _one(resume)


def _one(answer: JsonValue) -> Reply:
    if isinstance(answer, dict) and "decisions" in answer:
        if set(answer) != {"decisions"}:
            raise ForgedAnswerError("decisions stand alone in an answer", value=_short(answer))
        answer = answer["decisions"]
    if isinstance(answer, list):
        if len(answer) != 1:
            raise ForgedAnswerError(
                f"one action waits, so one answer is taken, not {len(answer)}", value=len(answer)
            )
        answer = answer[0]
    if not isinstance(answer, dict):
        raise ForgedAnswerError(f"this answers nothing; {_FORMS}", value=_short(answer))
    named = answer.get("type")
    kind = _KINDS.get(named) if isinstance(named, str) else None
    if kind is None:
        raise ForgedAnswerError(
            f"there is no answer {_short(named)!r}; use {', '.join(_KINDS)}", value=_short(named)
        )
    action, args = _arguments(answer)
    return Reply(kind, _words(answer), action, args)


def _words(answer: Mapping[str, JsonValue]) -> str:
    """The comment: `message` of a decision; Agent Inbox sends it as `args`, as in a human response."""
    words = answer.get("message") or answer.get("args") or ""
    if not isinstance(words, str):
        return ""
    if len(words) > LONGEST_WORDS:
        raise ForgedAnswerError(
            f"the words have {len(words)} characters; {LONGEST_WORDS} are allowed", value=len(words)
        )
    return words


def _arguments(answer: Mapping[str, JsonValue]) -> tuple[str | None, Mapping[str, JsonValue]]:
    """The action that was sent back: `edited_action` of a decision, `args` of a human response."""
    sent = answer.get("edited_action", answer.get("args"))
    if not isinstance(sent, dict):
        return None, {}
    action = sent.get("name", sent.get("action"))
    args = sent.get("args", sent.get("arguments"))
    if not isinstance(action, str) or not isinstance(args, dict):
        raise ForgedAnswerError(
            "an edited action has a name and its arguments: send back the one that was shown, changed",
            value=_short(sent),
        )
    return action, args


def _short(value: object) -> str:
    return str(value)[:100]
