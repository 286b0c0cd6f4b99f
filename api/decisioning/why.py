"""The public page "why did I see this", by signed token. A GET shows; only its button, a POST, opts out."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from delivery.decisions.why import Why, WhyPages
from store.threads import in_thread

router = APIRouter(prefix="/why", include_in_schema=False)
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:560px;margin:64px auto;padding:0 24px}"
    "h1{font-size:22px}button{font:inherit;padding:8px 16px}"
)


@router.get("/{token}")
async def shown(request: Request, token: str) -> HTMLResponse:
    """Say why the person saw the item, and offer to stop."""
    why = await in_thread(_pages(request).read, token)
    return _page("Why did I see this?", f"{_told(why)}{_button(token, why)}")


@router.post("/{token}/opt-out")
async def opted_out(request: Request, token: str) -> HTMLResponse:
    """Withdraw the consent that let the item be shown; doing it again changes nothing."""
    await in_thread(_pages(request).opt_out, token)
    return _page(
        "You will not see more of these", "<p>It holds from now on. You need not do anything else.</p>"
    )


def _pages(request: Request) -> WhyPages:
    pages: WhyPages = request.app.state.why_pages
    return pages


def _told(why: Why) -> str:
    how = "at random, for comparison" if why.at_random else "by what such offers are expected to bring"
    rules = "".join(f"<li>{escape(words)}</li>" for words in why.rules)
    for_whom = f"<p>It is for people of whom this holds:</p><ul>{rules}</ul>" if rules else ""
    return (
        f"<p>You saw <b>{escape(why.item)}</b> at {escape(why.placement)}. {why.open_items} items could be shown to you "
        f"there; one was drawn {how}. This one had a chance of {why.percent} %.</p>{for_whom}"
    )


def _button(token: str, why: Why) -> str:
    what = f"{why.purpose} by {why.channel.replace('_', ' ')}"
    return f'<form method="post" action="/why/{escape(token)}/opt-out"><button>No more {escape(what)}</button></form>'


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{body}</html>",
        headers=_HEADERS,
    )
