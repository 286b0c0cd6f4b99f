"""What a thread waits for, in the protocol's form, with a schema of the answers that are taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from api.langgraph_server.views import LAUNCH, QUESTIONS, Json, Seen

if TYPE_CHECKING:
    from ag_ui.core import Interrupt

WORDS: Json = {"type": "string", "minLength": 1, "maxLength": 5_000}


def interrupt_of(seen: Seen) -> Interrupt | None:
    """Return the interrupt that somebody may answer, or None; made by ag-ui-langgraph, so that its clients know it.

    `reason` is `approve` or `clarify`; `metadata.langgraph.raw` holds the HITLRequest.
    """
    from ag_ui_langgraph.interrupts import lg_interrupt_to_agui
    from langgraph.types import Interrupt as GraphInterrupt

    waiting, shown = seen.stand.waiting, seen.interrupt
    if waiting is None or shown is None or not isinstance(shown["value"], dict):
        return None
    request = shown["value"]
    approval = seen.found.approval
    told = {
        **request,
        "reason": waiting.node,
        "message": request["description"],
        "response_schema": _schema(waiting.node, _arguments(request)),
        "expires_at": None if approval is None else approval.expires_at.isoformat(),
    }
    interrupt: Interrupt = lg_interrupt_to_agui(GraphInterrupt(value=told, id=waiting.interrupt_id))
    return interrupt


def _arguments(request: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    action = request["action_request"]
    arguments = action["args"] if isinstance(action, dict) else {}
    return arguments if isinstance(arguments, dict) else {}


def _schema(node: str, arguments: Mapping[str, JsonValue]) -> Json:
    decisions = _of_approver(arguments) if node == "approve" else _of_author(arguments)
    listed: list[JsonValue] = [*decisions]
    return _object({"decisions": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"oneOf": listed}}})


def _of_approver(arguments: Mapping[str, JsonValue]) -> list[Json]:
    lowered: Json = {
        name: {"type": "integer", "minimum": 1, "maximum": bound}
        for name, bound in arguments.items()
        if isinstance(bound, int)
    }
    return [
        _object({"type": {"const": "approve"}}),
        _edit(LAUNCH, lowered),
        _object({"type": {"const": "reject"}, "message": WORDS}),
        _object({"type": {"const": "respond"}, "message": WORDS}),
    ]


def _of_author(arguments: Mapping[str, JsonValue]) -> list[Json]:
    answers: Json = {field: {**WORDS, "description": question} for field, question in arguments.items()}
    respond = _object({"type": {"const": "respond"}, "message": WORDS})
    return [_edit(QUESTIONS, answers), respond]


def _edit(action: str, arguments: Json) -> Json:
    args: Json = {
        "type": "object",
        "properties": arguments,
        "additionalProperties": False,
        "minProperties": 1,
    }
    edited = _object({"name": {"const": action}, "args": args})
    return _object({"type": {"const": "edit"}, "edited_action": edited})


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
