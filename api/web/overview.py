"""Simple pages: the audit log with its state, users and keys, and bringing data in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.http import audit, imports, models, users
from api.http.faults import status_of
from api.records.approvals import names_of
from api.records.catalogue import actions_of
from api.records.measures import newest_entries
from api.views.basis import data_views
from api.views.users import key_lines, user_views
from api.web.showing import PageRoute, is_part, piece, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.authority import Action, Role
from policies.errors import CountersignError, InvalidInputError
from policies.workspace_rules import WorkspaceRules
from store.audit_checks import last_check
from store.repositories.notifications import webhooks_of
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


@router.post("/settings/keys/{key_id}/revoke")
async def key_revoked(request: Request, visitor: Posting, key_id: str) -> Response:
    """Make a key useless from now on."""
    try:
        await users.revoked(visitor.caller, key_id)
    except CountersignError as error:
        return await _settings(request, visitor, error=error)
    return see_other("/settings")


@router.get("/settings/models")
async def models_checked(request: Request, visitor: Visiting) -> Response:
    """Ask each model what it can do, and show it: a part of the page, or a page of its own without script."""
    view = await models.checked(visitor.caller)
    template = "models_part.html" if is_part(request) else "models.html"
    return await in_thread(show, request, template, visitor, view=view)


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
            keys = key_lines(session, visitor.caller.workspace_id) if manages else ()
            hooks = webhooks_of(session, visitor.caller.workspace_id)
        return show(
            request,
            "settings.html",
            visitor,
            people=people,
            keys=keys,
            hooks=[urlsplit(hook.url).hostname or "" for hook in hooks],
            rules=WorkspaceRules.model_validate(visitor.workspace.rules),
            providers=visitor.app.home.settings.allowed_channels,
            smtp=visitor.app.settings.smtp.host is not None,
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
