"""Pages from templates, with the headers that every page carries."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from api.http.faults import status_of
from api.report.wording import amount, count, share
from api.web.rooms import ROOMS
from api.web.visiting import TOKEN_FIELD, Visitor
from policies.errors import CountersignError, InvalidInputError, NotAuthenticatedError

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def show(request: Request, template: str, visitor: Visitor | None, /, **given: object) -> HTMLResponse:
    """Return a page, or a part of one, of a template with what it is given."""
    status = int(str(given.pop("status_code", 200)))
    text = piece(template, visitor, path=request.url.path, **given)
    return HTMLResponse(text, status_code=status, headers=HEADERS)


def piece(template: str, visitor: Visitor | None, /, **given: object) -> str:
    """Return the text of a template."""
    return environment().get_template(template).render(visitor=visitor, token_field=TOKEN_FIELD, **given)


def see_other(path: str) -> RedirectResponse:
    """Send the browser to a page of ours after a form was taken."""
    return RedirectResponse(path, status_code=303, headers=HEADERS)


def is_part(request: Request) -> bool:
    """Whether a script of the page asks for a part of it."""
    return request.headers.get("hx-request") == "true"


class PageRoute(APIRoute):
    """A route that answers errors as pages, and whoever is not signed in with the way to sign in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                return await handle(request)
            except NotAuthenticatedError:
                return _sign_in(request)
            except RequestValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in first["loc"][1:]) or "the form"
                return _fault(request, InvalidInputError(f"{place}: {first['msg']}"))
            except CountersignError as error:
                return _fault(request, error)

        return page


def _sign_in(request: Request) -> Response:
    wanted = request.url.path if request.method == "GET" else "/"
    to = f"/sign-in?next={quote(wanted)}"
    if is_part(request):
        return Response(status_code=204, headers={**HEADERS, "hx-redirect": to})
    return see_other(to)


def _fault(request: Request, error: CountersignError) -> HTMLResponse:
    template = "fault_part.html" if is_part(request) else "fault.html"
    return show(request, template, None, error=error, status_code=status_of(error))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the page; everything is escaped unless it says so, and a missing value is an error."""
    made = Environment(
        loader=PackageLoader("api.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["rooms"] = ROOMS
    made.filters |= {
        "relative": relative,
        "day": lambda at: f"{at.astimezone(UTC):%Y-%m-%d}",
        "exact": exact,
        "words": lambda code: str(code).replace("_", " ").replace(":", ": "),
        "sentence": lambda text: str(text)[:1].upper() + str(text)[1:],
        "count": count,
        "share": share,
        "money": amount,
        "roles": lambda names: " or ".join(str(name).replace("_", " ") for name in names),
    }
    return made


def relative(at: datetime, now: datetime) -> Markup:
    """`in 2 d`, `3 h ago`, `now`, with the instant itself on hover."""
    seconds = (at - now).total_seconds()
    said = "now"
    for size, unit in _STEPS:
        if abs(seconds) >= size:
            number = f"{int(abs(seconds) // size)}\u00a0{unit}"
            said = f"in {number}" if seconds > 0 else f"{number} ago"
            break
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(), exact(at), escape(said)
    )


def exact(at: datetime) -> str:
    """`2026-12-01 15:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
