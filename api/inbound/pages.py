"""Pages behind the links of messages, by signed token. A GET shows; only a POST changes anything."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.http.signing_in import app_of
from delivery.channels.email import IdentityAddresses
from delivery.inbound.following import Following
from delivery.inbound.preferences import Leaver, Preferences, Wish
from policies.consent import Channel, Purpose
from policies.errors import InvalidInputError
from store.threads import in_thread

router = APIRouter(include_in_schema=False)
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:560px;margin:64px auto;padding:0 24px}"
    "h1{font-size:22px}button{font:inherit;padding:8px 16px}td,th{padding:4px 16px 4px 0;text-align:left}"
)
_TEST = "<p>This is a link of a test message. It changes nothing.</p>"
_WORDS = {
    Purpose.MARKETING: "offers and news",
    Purpose.TRANSACTIONAL: "your orders",
    Purpose.SERVICE: "your account and service",
}


class WishError(InvalidInputError):
    """A form names a channel or purpose that the page does not show."""

    code = "wish_unknown"


@router.get("/u/{token}")
async def leaving(request: Request, token: str) -> HTMLResponse:
    """Ask whether the person wants to leave; nothing changes by looking."""
    pages = _preferences(request)
    leaver = await in_thread(pages.leaver, token)
    if leaver.send is None:
        return _page("Unsubscribe", _TEST)
    return _page(
        "Unsubscribe",
        f"<p>You get {_WORDS[leaver.purpose]} by {_name(leaver.channel)}. One press ends that.</p>"
        f'<form method="post" action="/u/{escape(token)}"><button>Unsubscribe</button></form>{_more(pages, leaver)}',
    )


@router.post("/u/{token}")
async def left(request: Request, token: str) -> HTMLResponse:
    """Take the person off, without a question: what a mailbox posts for one click (RFC 8058), and the page's button."""
    pages = _preferences(request)
    leaver = await pages.leave(token)
    if leaver.send is None:
        return _page("Unsubscribe", _TEST)
    return _page(
        "You are unsubscribed",
        f"<p>You get no more {_WORDS[leaver.purpose]} by {_name(leaver.channel)}. You need not do anything else.</p>"
        f"{_more(pages, leaver)}",
    )


@router.get("/p/{token}")
async def preferences(request: Request, token: str) -> HTMLResponse:
    """Show what the person wants, by channel and purpose."""
    wishes = await in_thread(_preferences(request).wishes, token)
    return _page("What you want to get", _form(token, wishes) if wishes else _TEST)


@router.post("/p/{token}")
async def chosen(request: Request, token: str) -> HTMLResponse:
    """Keep what the person wants."""
    body = (await request.body()).decode("utf-8", "replace")
    wanted = {_wish(name) for name in parse_qs(body, max_num_fields=100)}
    wishes = await _preferences(request).choose(token, wanted)
    kept = f"<p>Kept. It holds from now on.</p>{_form(token, wishes)}" if wishes else _TEST
    return _page("What you want to get", kept)


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
async def followed(request: Request, token: str) -> Response:
    """Lead on to where the message leads, and nowhere else."""
    app = app_of(request)
    following = Following(app.ports, app.links, IdentityAddresses(app.database))
    headers = request.headers
    purpose = " ".join(headers.get(name, "") for name in ("sec-purpose", "purpose", "x-moz", "x-purpose"))
    there = await in_thread(
        following.follow, token, request.method, headers.get("user-agent", "")[:500], purpose
    )
    if there.to is None:
        return _page("Nothing here", "<p>This link leads nowhere.</p>")
    return RedirectResponse(
        there.to, status_code=302, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"}
    )


def _preferences(request: Request) -> Preferences:
    app = app_of(request)
    return Preferences(app.ports, app.links)


def _wish(name: str) -> tuple[Channel, Purpose]:
    channel, _, purpose = name.upper().partition(".")
    if channel not in Channel.__members__ or purpose not in Purpose.__members__:
        raise WishError(f"{name[:50]!r} is nothing that the page asks; use its form", value=name[:50])
    return Channel[channel], Purpose[purpose]


def _name(channel: Channel) -> str:
    return {"EMAIL": "e-mail", "SMS": "text message", "IN_APP": "messages in the app"}.get(
        channel.name, channel.name.lower()
    )


def _more(pages: Preferences, leaver: Leaver) -> str:
    return f'<p><a href="/p/{escape(pages.token_of(leaver))}">Choose what you want to get</a></p>'


def _form(token: str, wishes: list[Wish]) -> str:
    rows = []
    for channel in dict.fromkeys(wish.channel for wish in wishes):
        cells = "".join(_cell(wish) for wish in wishes if wish.channel is channel)
        rows.append(f"<tr><th>{escape(_name(channel))}</th>{cells}</tr>")
    heads = "".join(f"<th>{words}</th>" for words in _WORDS.values())
    return (
        f'<form method="post" action="/p/{escape(token)}"><table><tr><th></th>{heads}</tr>{"".join(rows)}</table>'
        "<p><button>Keep this</button></p></form>"
    )


def _cell(wish: Wish) -> str:
    name = f"{wish.channel.name}.{wish.purpose.name}".lower()
    label = f"{_name(wish.channel)}: {_WORDS[wish.purpose]}"
    checked = " checked" if wish.wanted else ""
    stopped = " (stopped: messages came back)" if wish.stopped else ""
    return f'<td><input type="checkbox" name="{name}" aria-label="{label}"{checked}>{stopped}</td>'


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{body}</html>",
        headers=_HEADERS,
    )
