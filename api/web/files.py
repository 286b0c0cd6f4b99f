"""The page's own files: style, scripts, nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Literal

from fastapi import APIRouter, Response

from api.report.theme import DARK

router = APIRouter(include_in_schema=False)
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
Name = Literal["app.css", "charts.css", "app.js", "palette.js", "theme.js", "htmx.min.js", "hx-sse.min.js"]


@router.get("/static/{name}")
async def shipped(name: Name) -> Response:
    """Return one of the page's files; a browser asks again after an hour."""
    kind = _KINDS[name.rpartition(".")[2]]
    return Response(_content(name), media_type=kind, headers={"cache-control": "max-age=3600"})


@lru_cache(maxsize=16)
def _content(name: str) -> bytes:
    if name == "charts.css":
        return _charts().encode()
    return files("api.web").joinpath("static", name).read_bytes()


def _charts() -> str:
    """The charts' colours with their dark twins, by the page's colour scheme."""
    rules = []
    for light, dark in DARK.items():
        rules.append(f'.chart [fill="{light}"]{{fill:light-dark({light},{dark})}}')
        rules.append(f'.chart [stroke="{light}"]{{stroke:light-dark({light},{dark})}}')
    return "\n".join(rules)
