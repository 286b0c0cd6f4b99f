"""The list of endpoints as a page that needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#888;--accent:#3b6fd4}
body{font:14px/1.5 system-ui,sans-serif;max-width:960px;margin:40px auto;padding:0 24px}
h1{font-size:20px}h2{font-size:14px;margin:32px 0 8px;text-transform:capitalize}
table{width:100%;border-collapse:collapse}td{padding:8px;border-top:1px solid var(--line);vertical-align:top}
td:first-child{width:56px;font-weight:600}td:nth-child(2){font-family:ui-monospace,monospace;width:320px}
td:last-child{color:var(--dim)}a{color:var(--accent)}code{font-family:ui-monospace,monospace}
"""
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show every endpoint with what it does."""
    return HTMLResponse(endpoints_page(request.app.openapi()))


def endpoints_page(schema: dict[str, Any]) -> str:  # an OpenAPI document, open by design
    """Return the page for an OpenAPI document: a section a tag, a line an operation."""
    sections: dict[str, list[str]] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                tag = (operation.get("tags") or ["other"])[0]
                sections.setdefault(tag, []).append(_line(method, path, operation))
    title = escape(f"{schema['info']['title']} {schema['info']['version']}")
    body = "".join(
        f"<h2>{escape(tag)}</h2><table>{''.join(lines)}</table>" for tag, lines in sorted(sections.items())
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(schema['info'].get('description', ''))} "
        "Sign in with the header <code>Authorization: Bearer cs_…</code>. The whole schema: "
        f'<a href="/openapi.json">/openapi.json</a>.</p>{body}</html>'
    )


def _line(method: str, path: str, operation: dict[str, Any]) -> str:
    words = operation.get("description") or operation.get("summary", "")
    cells = (method.upper(), path, " ".join(words.split()))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
