"""`POST /v1/decisions`, `/v1/decisions/batch` and `/v1/decisions/{id}/events`; replays and what was learnt."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from api.decisioning.errors import MalformedJsonError
from api.decisioning.queue import DecisionQueue
from api.http.faults import fault, status_of
from delivery.decisions.asked import Ask, Batch, ItemEvents
from delivery.decisions.service import Call
from policies.errors import CountersignError, InvalidInputError, NotAuthenticatedError

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])
_Body = TypeVar("_Body", bound=BaseModel)
_SCHEME = "bearer "


def _documented(model: type[BaseModel]) -> dict[str, Any]:
    """The body in the OpenAPI document; it is read past FastAPI, which would copy it twice."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post("", response_class=Response, openapi_extra=_documented(Ask))
async def decided(request: Request) -> Response:
    """Choose items for one person: each result has options (at least one), or else a fallback with its reason."""
    key, ask = _key(request), _read(Ask, await request.body())
    (answer,) = await _queue(request).decide([Call(key, ask)])
    if isinstance(answer, CountersignError):
        raise answer
    return Response(to_json(answer), media_type="application/json")


@router.post("/batch", response_class=Response, openapi_extra=_documented(Batch))
async def decided_together(request: Request) -> Response:
    """Decide for up to 100 people; each is answered by itself, with a result or with what is wrong with it."""
    key, batch = _key(request), _read(Batch, await request.body())
    answers = await _queue(request).decide([Call(key, ask) for ask in batch.decisions])
    for answer in answers:
        if isinstance(answer, CountersignError) and status_of(answer) in (401, 403):
            raise answer
    told = [
        {"status": status_of(each), **fault(each)}
        if isinstance(each, CountersignError)
        else {"status": 200, **each}
        for each in answers
    ]
    return Response(to_json({"decisions": told}), media_type="application/json")


@router.post("/{decision_id}/events", response_class=Response, openapi_extra=_documented(ItemEvents))
async def events_taken(request: Request, decision_id: str) -> Response:
    """Take displays, interactions and dismissals of chosen items by token; they move the items' caps."""
    key, given = _key(request), _read(ItemEvents, await request.body())
    done = await _queue(request).take_events(key, decision_id, given.events)
    return Response(to_json(done), media_type="application/json")


@router.get("/{decision_id}/replay")
async def replayed(request: Request, decision_id: str) -> Response:
    """Draw every choice of a decision again from its logged seed, position and probabilities, and say what agrees."""
    done = await _queue(request).replay(_key(request), decision_id)
    return Response(to_json(done), media_type="application/json")


@router.get("/learning/{collection_id}")
async def learnt(request: Request, collection_id: str) -> Response:
    """Show what a collection believes of each item now, and on how many learnt choices that rests."""
    done = await _queue(request).learnt(_key(request), collection_id)
    return Response(to_json(done), media_type="application/json")


def _queue(request: Request) -> DecisionQueue:
    queue: DecisionQueue = request.app.state.decisions
    return queue


def _key(request: Request) -> str:
    header = request.headers.get("authorization", "")
    found = (
        header[len(_SCHEME) :] if header.lower().startswith(_SCHEME) else request.headers.get("x-api-key", "")
    )
    if not found.strip():
        raise NotAuthenticatedError(
            "sign in with your key: send the header Authorization: Bearer cs_…, or x-api-key: cs_…"
        )
    return found.strip()


def _read(model: type[_Body], body: bytes) -> _Body:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise MalformedJsonError(f"the body is not JSON: {first['msg']}") from error
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        given = json.dumps(first.get("input"), default=str)
        value = None if "identity_map" in first["loc"] else given[:200]
        raise InvalidInputError(f"{place}: {first['msg']}{more}", value=value) from error
