"""Who looks at a page: the session of a request, and the check that a form came from one of our pages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.http.signing_in import Caller, app_of
from api.records.approvals import count_waiting
from api.web.session import COOKIE, VISIT, Session, is_token, read, token
from api.wiring import App
from policies.authority import Action, Person, Resource
from policies.authority.decide import authorise
from policies.errors import InvalidInputError, NotAuthenticatedError, NotAuthorisedError
from store.keys import page_secret
from store.repositories.issued_keys import user_by_key_id
from store.repositories.workspaces import get_workspace
from store.tables import Workspace
from store.threads import in_thread

TOKEN_FIELD = "form_token"
TOKEN_HEADER = "x-form-token"
_LONGEST_FORM = 200
_OURS = ("same-origin", "none")


class FormRefusedError(NotAuthorisedError):
    """A form that did not come from one of our pages, or from one that is out of date."""

    code = "form_refused"


@dataclass(frozen=True)
class Visitor:
    """A signed-in user on a page. `waiting` counts approvals that nobody has answered; `now` is the home's clock."""

    caller: Caller
    session: Session
    form_token: str
    workspace: Workspace
    waiting: int
    now: datetime

    @property
    def app(self) -> App:
        """The home."""
        return self.caller.app

    def may(self, action: str) -> bool:
        """Whether the user's roles allow this in the workspace."""
        caller = self.caller
        whole = Resource("workspace", None, caller.workspace_id, caller.workspace_id)
        return authorise(caller.person, Action(action), whole).allowed


def secret_of(request: Request) -> bytes:
    """The secret that this home signs cookies and forms with, read once a process."""
    state = request.app.state
    if not hasattr(state, "page_secret"):
        state.page_secret = page_secret(app_of(request).home.keys_dir)
    made: bytes = state.page_secret
    return made


async def visiting(request: Request) -> Visitor:
    """Return who looks at the page; NotAuthenticatedError sends to signing in."""
    secret = secret_of(request)
    session = read(request.cookies.get(COOKIE, ""), secret, time.time())
    if session is None:
        raise NotAuthenticatedError("sign in with your key")
    return await in_thread(_visitor, app_of(request), session, token(session.nonce, secret))


async def posting(request: Request) -> Visitor:
    """Return who sent a form; FormRefusedError unless it came from a page of the same session."""
    visitor = await visiting(request)
    await require_ours(request, visitor.session.nonce)
    return visitor


async def require_ours(request: Request, nonce: str) -> None:
    """Raise FormRefusedError unless the request bears the token of this nonce and no other site sent it."""
    given = request.headers.get(TOKEN_HEADER) or (await read_form(request)).get(TOKEN_FIELD, "")
    site = request.headers.get("sec-fetch-site", "none")
    if site not in _OURS or not is_token(given, nonce, secret_of(request)):
        raise FormRefusedError(
            "this form is out of date, so nothing was done; load the page again and repeat it", value=site
        )


def visit_nonce(request: Request) -> str:
    """The nonce of somebody who has not signed in yet; empty before their first page."""
    return request.cookies.get(VISIT, "")


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a posted form, the last of each name; empty ones are kept. InvalidInputError for no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        return {}
    try:
        text = (await request.body()).decode("utf-8")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_LONGEST_FORM, errors="strict")
    except ValueError as error:
        raise InvalidInputError(f"the form cannot be read: {error}") from error
    if any("\0" in value for _, value in fields):
        raise InvalidInputError(
            "a text of the form holds NUL, which cannot be kept; take it out", value="U+0000"
        )
    return dict(fields)


def _visitor(app: App, session: Session, form_token: str) -> Visitor:
    with app.database.read() as rows:
        found = user_by_key_id(rows, session.key_id)
        user = found.user
        roles = frozenset(held.role for held in found.roles)
        caller = Caller(app, Person(user.user_id, roles, user.workspace_id), user.name)
        return Visitor(
            caller,
            session,
            form_token,
            get_workspace(rows, user.workspace_id),
            count_waiting(rows, user.workspace_id),
            app.clock.now(rows),
        )


Visiting = Annotated[Visitor, Depends(visiting)]
Posting = Annotated[Visitor, Depends(posting)]
Form = Annotated[Mapping[str, str], Depends(read_form)]
