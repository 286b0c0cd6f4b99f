"""Offers: what decisions are made of, as versions with their approvals, and what campaigns may send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from api.http import catalogue, managed
from api.http.faults import status_of
from api.views.managed import ManagedView
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Posting, Visiting, Visitor
from policies.errors import CountersignError
from policies.parts import ManagedKind
from store.threads import in_thread

router = APIRouter(prefix="/offers", route_class=PageRoute, include_in_schema=False)


class Line(NamedTuple):
    """One object: the version that is served (None: none is), and the newest one where that is another."""

    object_id: str
    live: ManagedView | None
    newest: ManagedView


class Shelf(NamedTuple):
    """The objects of one kind."""

    kind: ManagedKind
    lines: tuple[Line, ...]


@router.get("")
async def shelves(request: Request, visitor: Visiting) -> Response:
    """Show every managed object by kind, and the actions of campaigns."""
    versions = await managed.listed(visitor.caller)
    known = await catalogue.offers(visitor.caller)
    return await in_thread(show, request, "offers.html", visitor, shelves=shelved(versions), catalogue=known)


@router.get("/{kind}/{object_id}")
async def one(request: Request, visitor: Visiting, kind: ManagedKind, object_id: str) -> Response:
    """Show one object with all its versions."""
    return await _object(request, visitor, kind, object_id)


@router.post("/{kind}/{object_id}/withdraw")
async def withdrawn(request: Request, visitor: Posting, kind: ManagedKind, object_id: str) -> Response:
    """Stop serving an object at once."""
    try:
        await managed.withdrawn(visitor.caller, kind, object_id)
    except CountersignError as error:
        return await _object(request, visitor, kind, object_id, error)
    return see_other(f"/offers/{kind.value}/{object_id}")


def shelved(versions: Sequence[ManagedView]) -> tuple[Shelf, ...]:
    """Versions, the newest first, as objects by kind; a kind without any is left out."""
    found: dict[tuple[str, str], list[ManagedView]] = {}
    for version in versions:
        found.setdefault((version.kind, version.object_id), []).append(version)
    shelf = {
        kind: tuple(
            Line(object_id, next((v for v in own if v.status == "live"), None), own[0])
            for (of, object_id), own in sorted(found.items())
            if of == kind.value
        )
        for kind in ManagedKind
    }
    return tuple(Shelf(kind, lines) for kind, lines in shelf.items() if lines)


async def _object(
    request: Request,
    visitor: Visitor,
    kind: ManagedKind,
    object_id: str,
    error: CountersignError | None = None,
) -> Response:
    view = await managed.shown(visitor.caller, kind, object_id)
    return await in_thread(
        show,
        request,
        "offer.html",
        visitor,
        o=view,
        live=next((version for version in view.versions if version.status == "live"), None),
        error=error,
        status_code=200 if error is None else status_of(error),
    )
