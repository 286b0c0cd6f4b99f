"""Signing in with a key, and out again."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from api.http.signing_in import app_of
from api.web.session import (
    COOKIE,
    LASTS_SECONDS,
    VISIT,
    VISIT_SECONDS,
    begin,
    new_nonce,
    token,
    write,
)
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Form, Posting, Visiting, require_ours, secret_of, visit_nonce
from api.wiring import App
from policies.errors import CountersignError, NotAuthenticatedError
from store.repositories.issued_keys import key_by_plain, user_by_key_id
from store.threads import in_thread

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PATH = re.compile(r"/[\w/.-]*")


@router.get("/")
async def home(visitor: Visiting) -> Response:
    """Lead to where the user works: the inbox for those who only sign, else the conversation."""
    return see_other("/chat" if visitor.may("chat") else "/approvals")


@router.get("/sign-in")
async def asked(request: Request, next: str = "/") -> Response:
    """Ask for a key."""
    return _page(request, local(next))


@router.post("/sign-in")
async def signed_in(request: Request, form: Form) -> Response:
    """Begin a session with a key."""
    wanted = local(form.get("next", "/"))
    try:
        await require_ours(request, visit_nonce(request))
        key_id = await in_thread(_key_id, app_of(request), form.get("key", "").strip())
    except CountersignError as error:
        return _page(request, wanted, error)
    answer = see_other(wanted)
    session = begin(key_id, time.time())
    _set(answer, request, COOKIE, write(session, secret_of(request)), LASTS_SECONDS)
    answer.delete_cookie(VISIT, path="/sign-in")
    return answer


@router.post("/sign-out")
async def signed_out(_: Posting) -> Response:
    """End the session of this browser."""
    answer = see_other("/sign-in")
    answer.delete_cookie(COOKIE, path="/")
    return answer


def local(path: str) -> str:
    """Return a path of this page to go on to; anything else leads home."""
    parts = urlsplit(path)
    own = not parts.scheme and not parts.netloc and not path.startswith("//")
    return path if own and _PATH.fullmatch(path) else "/"


def _page(request: Request, wanted: str, error: CountersignError | None = None) -> Response:
    nonce = new_nonce()
    answer = show(
        request,
        "sign_in.html",
        None,
        next=wanted,
        form_token=token(nonce, secret_of(request)),
        error=error,
        status_code=200 if error is None else 422,
    )
    _set(answer, request, VISIT, nonce, VISIT_SECONDS, path="/sign-in")
    return answer


def _key_id(app: App, plain: str) -> str:
    if not plain:
        raise NotAuthenticatedError("type your key; it begins with cs_")
    with app.database.read() as session:
        key = key_by_plain(session, plain)
        user_by_key_id(session, key.key_id)
        return key.key_id


def _set(answer: Response, request: Request, name: str, value: str, seconds: int, *, path: str = "/") -> None:
    safe = request.url.scheme == "https" or app_of(request).settings.public_url.startswith("https:")
    answer.set_cookie(name, value, max_age=seconds, path=path, secure=safe, httponly=True, samesite="strict")
