"""Pages that links in notifications lead to. A GET shows; it never decides anything."""

from __future__ import annotations

import re
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from policies.errors import NotFoundError

router = APIRouter(include_in_schema=False)
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#888;--accent:#3b6fd4}
body{font:14px/1.5 system-ui,sans-serif;max-width:640px;margin:64px auto;padding:0 24px}
h1{font-size:20px}code,pre{font-family:ui-monospace,monospace}pre{padding:16px;border:1px solid var(--line);
border-radius:8px;overflow:auto}p{color:var(--dim)}a{color:var(--accent)}
"""


@router.get("/approvals/{approval_id}")
async def approval_page(approval_id: str) -> HTMLResponse:
    """Say how an approval is read and answered; the link carries no key, so nothing of it is shown here."""
    if not _ID.fullmatch(approval_id):
        raise NotFoundError(
            "there is no such approval; open the link of the message as it was sent", value="link"
        )
    shown = escape(approval_id)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Approval {shown}</title><style>{_STYLE}</style>'
        f"<h1>An approval waits for you</h1><p>Approval <code>{shown}</code>. This link decides nothing and shows nothing "
        "by itself: read the proposal and answer it with your own key.</p>"
        f"<pre>countersign approvals show {shown}\ncountersign approvals resolve {shown}</pre>"
        f"<p>Over HTTP: <code>GET /v1/approvals/{shown}</code>, then <code>POST …/resolve</code>; "
        'all endpoints are listed in <a href="/docs">/docs</a>.</p></html>',
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )
