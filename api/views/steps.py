"""One step of an agent in a line: what came back from a tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.figures import Figure, FigureSource, show

_FIGURES = 3
_LONGEST = 110


def result_line(result: Mapping[str, Any]) -> str:
    """Return a tool result in one line: its first figures as a person reads them, else its plain fields."""
    quantities = result.get("quantities") or {}
    if quantities:
        shown = [f"{name} {_shown(part)}" for name, part in list(quantities.items())[:_FIGURES]]
        more = len(quantities) - _FIGURES
        return _cut(" · ".join(shown)) + (f" · and {more} more" if more > 0 else "")
    plain = [
        f"{name} {_plain(value)}" for name, value in result.items() if name != "quantities" and _says(value)
    ]
    return _cut(" · ".join(plain)) or "done"


def _shown(part: Mapping[str, Any]) -> str:
    source = FigureSource(kind="tool", name="shown")
    return show(Figure(value=part["value"], unit=part["unit"], source=source))


def _says(value: object) -> bool:
    return value not in (None, "", [], {})


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) if all(isinstance(each, str) for each in value) else str(len(value))
    if isinstance(value, dict):
        stated = [name for name, inner in value.items() if _says(inner) and name not in ("slots", "model")]
        return f"({', '.join(stated)})"
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
