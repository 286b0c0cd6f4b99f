"""What agents do while they do it, told to a page: server-sent events whose data are parts of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from api.conversing import Event, Json
from api.http.campaigns import shown as campaign_shown
from api.views.steps import result_line
from api.web.plan import field_words, plan_of, value_words
from api.web.showing import HEADERS, piece
from api.web.visiting import Visitor
from policies.errors import CountersignError

_ENDS = ("reply", "questions", "proposal", "refused", "blocked", "ended", "error")


def told(visitor: Visitor, said: str, events: AsyncIterator[Event], run: str) -> StreamingResponse:
    """Answer a form with a stream of parts: the turn, each step of an agent, how it ended, and the plan after it."""
    headers = {**HEADERS, "x-accel-buffering": "no"}
    return StreamingResponse(
        _parts(visitor, said, events, run), media_type="text/event-stream", headers=headers
    )


async def _parts(visitor: Visitor, said: str, events: AsyncIterator[Event], run: str) -> AsyncIterator[str]:
    yield _message(piece("turn_begins.html", visitor, said=said, run=run))
    campaign_id: str | None = None
    speaks: object = None
    async for event in events:
        if event.name == "progress" and event.data["kind"] == "started":
            if event.data["agent"] == speaks:
                continue  # it goes on after its tools were asked; its name stands there already
            speaks = event.data["agent"]
        known = event.data.get("campaign_id")
        campaign_id = str(known) if known else campaign_id
        yield _message(_part(visitor, event, run))
    if campaign_id is not None:
        yield _message(await _plan(visitor, campaign_id))


def _part(visitor: Visitor, event: Event, run: str) -> str:
    if event.name == "started":
        return piece("turn_place.html", visitor, conversation_id=event.data["conversation_id"])
    if event.name == "understood":
        return piece("turn_understood.html", visitor, run=run, **understood(event.data))
    if event.name == "progress":
        return piece("turn_step.html", visitor, run=run, step=step(event.data))
    return piece("turn_ends.html", visitor, run=run, name=event.name, data=event.data)


async def _plan(visitor: Visitor, campaign_id: str) -> str:
    """The plan as it stands now, with the questions it waits with."""
    try:
        plan = plan_of(await campaign_shown(visitor.caller, campaign_id))
    except CountersignError as error:
        return piece("fault_part.html", visitor, error=error)
    return piece("plan_swapped.html", visitor, plan=plan)


def understood(data: Json) -> dict[str, object]:
    """What a turn was taken for: each changed field before and after, and what is refused."""
    listed = data.get("changes")
    changes = [
        {
            "field": field_words(str(each.get("field"))),
            "before": value_words(each.get("before")),
            "after": value_words(each.get("after")),
            "words": each.get("words"),
        }
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    ]
    return {"heard": data.get("heard"), "changes": changes, "refusals": data.get("refusals") or []}


def step(data: Mapping[str, JsonValue]) -> dict[str, object]:
    """One thing an agent did, as a line: `place` is the line it stands in, the same for a call and its answer."""
    result = data.get("result")
    arguments = data.get("arguments")
    return {
        "agent": data["agent"],
        "model": data["model"],
        "kind": data["kind"],
        "place": f"{data['agent']}-{data.get('call_id') or data['step']}".replace(":", "-"),
        "tool": data.get("tool"),
        "arguments": {}
        if not isinstance(arguments, dict)
        else {k: value_words(v) for k, v in arguments.items()},
        "detail": data.get("detail"),
        "result": result_line(result) if isinstance(result, dict) else "",
    }


def _message(html: str) -> str:
    lines = "\n".join(f"data: {line}" for line in html.splitlines() if line.strip())
    return f"{lines}\n\n" if lines else ": nothing\n\n"
