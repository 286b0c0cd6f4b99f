"""Simple pages: the audit log with its state, the rules in force, users and keys, and bringing data in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.http import audit, catalogue, imports, users
from api.http.faults import status_of
from api.records.approvals import names_of
from api.records.catalogue import actions_of
from api.records.measures import newest_entries
from api.views.basis import data_views
from api.views.users import user_views
from api.web.showing import PageRoute, piece, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.authority import Action, Role
from policies.errors import CountersignError, InvalidInputError
from store.audit_checks import last_check
from store.repositories.workspaces import users_of
from store.threads import in_thread

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PAGE = 100
_KINDS = ("customers", "products", "actions", "offers", "experiment")


@router.get("/audit")
async def log(
    request: Request,
    visitor: Visiting,
    before: Annotated[int | None, Query(ge=1, le=2**53 - 1)] = None,
    find: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show the newest entries, those that hold some words or an id, and what the last check of the whole chain found."""
    visitor.caller.require(Action.VIEW)

    def read() -> Response:
        with visitor.app.database.read() as session:
            workspace_id = visitor.caller.workspace_id
            rows = newest_entries(session, workspace_id, before=before, find=find.strip(), limit=_PAGE)
            names = names_of(session, [user.user_id for user in users_of(session, workspace_id)])
        following = rows[-1].sequence if len(rows) == _PAGE else None
        return show(
            request,
            "audit.html",
            visitor,
            rows=rows,
            names=names,
            check=last_check(visitor.app.home.reports_dir, visitor.caller.workspace_id),
            checks=visitor.may(Action.VERIFY_AUDIT),
            find=find,
            following=following,
        )

    return await in_thread(read)


@router.post("/audit/check")
async def checked(visitor: Posting) -> Response:
    """Check the whole chain anew."""
    await audit.verified(visitor.caller)
    return see_other("/audit")


@router.get("/policies")
async def rules(request: Request, visitor: Visiting) -> Response:
    """Show every rule in force."""
    view = await catalogue.rules(visitor.caller)
    return await in_thread(show, request, "policies.html", visitor, rules=view)


@router.get("/settings")
async def settings(request: Request, visitor: Visiting) -> Response:
    """Show who works here; an admin proposes others."""
    return await _settings(request, visitor)


@router.post("/settings/users")
async def invited(request: Request, visitor: Posting, form: Form) -> Response:
    """Invite somebody: at once while there is only an admin, else as a proposal that somebody else signs."""
    try:
        new = _new_user(form)
        made = await users.added(visitor.caller, new, Response())
    except CountersignError as error:
        return await _settings(request, visitor, error=error)
    return await _settings(request, visitor, made=made)


@router.get("/settings/data")
async def data(request: Request, visitor: Visiting) -> Response:
    """Show what was read in, and take more."""
    visitor.caller.require(Action.VIEW)

    def read() -> Response:
        with visitor.app.database.read() as session:
            files = data_views(session, visitor.caller.workspace_id)
            actions = actions_of(session, visitor.caller.workspace_id)
        return show(request, "data.html", visitor, files=files, actions=actions, kinds=_KINDS)

    return await in_thread(read)


@router.post("/v1/imports/page/{kind}")
async def read_in(
    request: Request,
    visitor: Posting,
    kind: str,
    name: imports.FileName,
    experiment_name: Annotated[str, Query(max_length=200)] = "",
    starts_on: imports.Day | None = None,
    ends_on: imports.Day | None = None,
) -> Response:
    """Read one CSV file in, the body of the request; told as a part of the page. An experiment has a name and its days."""
    if kind == "customers":
        done = await imports.customers(visitor.caller, request, name)
    elif kind == "experiment":
        if not experiment_name.strip() or starts_on is None or ends_on is None:
            raise InvalidInputError(
                "say what the experiment was called, its first and its last day", value=name
            )
        done = await imports.experiment(
            visitor.caller, request, name, experiment_name.strip(), starts_on, ends_on
        )
    elif kind in ("offers", "products", "actions"):
        done = await imports.catalogue(visitor.caller, request, kind, name)  # type: ignore[arg-type]  # one of the three
    else:
        raise InvalidInputError(
            f"there is no kind {kind!r} of file; kinds: {', '.join(_KINDS)}", value=kind[:40]
        )
    return Response(piece("imported.html", visitor, done=done), media_type="text/html")


async def _settings(
    request: Request,
    visitor: Visitor,
    *,
    error: CountersignError | None = None,
    made: object = None,
) -> Response:
    manages = visitor.may(Action.MANAGE_USERS)

    def read() -> Response:
        with visitor.app.database.read() as session:
            people = user_views(session, visitor.caller.workspace_id) if manages else ()
        return show(
            request,
            "settings.html",
            visitor,
            people=people,
            roles=[role.value for role in Role],
            manages=manages,
            error=error,
            made=made,
            model=visitor.app.models.model_id,
            status_code=200 if error is None else status_of(error),
        )

    return await in_thread(read)


def _new_user(form: Mapping[str, str]) -> users.NewUser:
    try:
        return users.NewUser(
            name=form.get("name", "").strip(),
            roles=(form.get("role", ""),),
            reason=form.get("reason", "").strip(),
        )
    except ValidationError as error:
        raise InvalidInputError("a name has 1 to 200 characters", value=form.get("name", "")[:80]) from error
