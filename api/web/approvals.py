"""Approvals: the inbox, the page of one with everything that would run, and the forms that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from api.http import approvals as api
from api.http.authority import RevokeIn, explained, taken_back
from api.views.approval import ApprovalView
from api.views.approval_list import PAGE, approval_lines
from api.views.policy_change import PolicyApprovalView
from api.web.approval_page import approval_page, may_revoke, may_sign, messages_of, profiles_of, why_not
from api.web.showing import HEADERS, PageRoute, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.authority import Action
from policies.errors import CountersignError, InvalidInputError, NotFoundError
from store.repositories.approvals import LIMIT_FIELDS
from store.threads import in_thread

router = APIRouter(prefix="/approvals", route_class=PageRoute, include_in_schema=False)
_MAIL = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; form-action 'none'"


@router.get("")
async def inbox(
    request: Request,
    visitor: Visiting,
    status: Literal["pending", "all"] = "pending",
    before: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """List approvals, those that wait first."""
    visitor.caller.require(Action.VIEW)
    wanted = "pending" if status == "pending" else None

    def read() -> Response:
        with visitor.app.database.read() as session:
            lines = approval_lines(session, visitor.caller.workspace_id, wanted, before=before)
        following = lines[-1]["approval_id"] if len(lines) == PAGE else None
        return show(request, "approvals.html", visitor, lines=lines, status=status, following=following)

    return await in_thread(read)


@router.get("/{approval_id}")
async def shown(
    request: Request, visitor: Visiting, approval_id: str, profile: Annotated[int, Query(ge=0, le=50)] = 0
) -> Response:
    """Show an approval whole."""
    return await _page(request, visitor, approval_id, profile=profile)


@router.post("/{approval_id}/resolve")
async def resolved(request: Request, visitor: Posting, approval_id: str, form: Form) -> Response:
    """Take an answer; a refused one leads back to the page with what is true now."""
    try:
        await api.resolve_as(visitor.caller, approval_id, read_answer(form))
    except CountersignError as error:
        return await _page(request, visitor, approval_id, error=error)
    return see_other(f"/approvals/{approval_id}")


@router.post("/{approval_id}/revoke")
async def revoked(request: Request, visitor: Posting, approval_id: str, form: Form) -> Response:
    """Take an approval back before the first message."""
    try:
        await taken_back(visitor.caller, approval_id, _reason(form))
    except CountersignError as error:
        return await _page(request, visitor, approval_id, error=error)
    return see_other(f"/approvals/{approval_id}")


@router.get("/{approval_id}/messages")
async def messages(
    request: Request, visitor: Visiting, approval_id: str, profile: Annotated[int, Query(ge=0, le=50)] = 0
) -> Response:
    """Show the messages as one profile would see them: a part of the page."""
    visitor.caller.require(Action.VIEW)
    app = visitor.app

    def read() -> Response:
        with app.database.read() as session:
            made = messages_of(
                session, visitor.caller.workspace_id, approval_id, app.settings.unsubscribe_url
            )
        return show(
            request,
            "messages.html",
            visitor,
            messages=made,
            profiles=profiles_of(made),
            profile=_in_range(made[0].samples if made else (), profile),
            approval_id=approval_id,
        )

    return await in_thread(read)


@router.get("/{approval_id}/messages/{arm_id}/{number}")
async def mail(visitor: Visiting, approval_id: str, arm_id: str, number: int) -> HTMLResponse:
    """Show the body of one e-mail alone, in a frame that may run and load nothing."""
    visitor.caller.require(Action.VIEW)
    app = visitor.app

    def read() -> str:
        with app.database.read() as session:
            made = messages_of(
                session, visitor.caller.workspace_id, approval_id, app.settings.unsubscribe_url
            )
        found = next((each for each in made if each.arm_id == arm_id), None)
        if found is None or not 0 <= number < len(found.samples):
            raise NotFoundError("there is no such message", value=arm_id)
        return found.samples[number].html

    text = await in_thread(read)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>E-mail</title><style>body{font:14px/1.5 system-ui,'
        f'sans-serif;margin:16px;color:#1b1e22;background:#fff;overflow-wrap:anywhere}}</style><body dir="auto">{text}'
    )
    return HTMLResponse(page, headers={**HEADERS, "content-security-policy": _MAIL})


def read_answer(form: Mapping[str, str]) -> api.ResolveIn:
    """Return the answer that a form gives; InvalidInputError names the field that cannot be read."""
    answer = form.get("answer", "")
    limits = {name: _number(name, form.get(name, "")) for name in LIMIT_FIELDS if form.get(name, "").strip()}
    try:
        return api.ResolveIn.model_validate(
            {
                "answer": answer,
                "digest": form.get("digest", ""),
                "comment": form.get("comment", "").replace("\r\n", "\n").strip(),
                "limits": limits if answer == "approve_limited" and limits else None,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0])
        said = "choose an answer first" if place == "answer" else f"{place}: {first['msg']}"
        raise InvalidInputError(said, value=str(first.get("input"))[:80]) from error


def _number(name: str, text: str) -> int:
    digits = text.strip().replace(",", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise InvalidInputError(
            f"{name.replace('_', ' ')} is {text!r}, which is no whole number of 0 or more", value=text[:80]
        )
    return int(digits)


def _reason(form: Mapping[str, str]) -> RevokeIn:
    try:
        return RevokeIn(reason=form.get("reason", "").strip())
    except ValidationError as error:
        raise InvalidInputError(
            "say why in 1 to 500 characters", value=form.get("reason", "")[:80]
        ) from error


def _in_range(items: tuple[object, ...], number: int) -> int:
    return number if number < len(items) else 0


async def _page(
    request: Request,
    visitor: Visitor,
    approval_id: str,
    *,
    profile: int = 0,
    error: CountersignError | None = None,
) -> Response:
    from api.http.faults import status_of

    view = await api.shown(visitor.caller, approval_id)
    authority = await explained(visitor.caller, approval_id)
    signs = may_sign(authority, visitor.caller.name)
    common = {
        "a": view,
        "authority": authority,
        "signs": signs,
        "revokes": may_revoke(visitor.caller.person, view),
        "why_not": "" if signs or view.status != "pending" else why_not(authority, visitor.caller.name),
        "error": error,
        "status_code": 200 if error is None else status_of(error),
    }

    def made() -> Response:
        if not isinstance(view, ApprovalView):
            policy = isinstance(view, PolicyApprovalView)
            return show(
                request, "policy_approval.html" if policy else "version_approval.html", visitor, **common
            )
        return show(
            request,
            "approval.html",
            visitor,
            **common,
            page=approval_page(view),
            messages=view.messages,
            profiles=profiles_of(view.messages),
            profile=_in_range(view.messages[0].samples if view.messages else (), profile),
            approval_id=approval_id,
        )

    return await in_thread(made)
