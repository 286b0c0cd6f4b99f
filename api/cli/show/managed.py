"""A managed version on a terminal: what its approver reads, field by field, against what is live now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.panel import Panel

from api.cli.show.marks import roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_STANDING = {
    "proposed": "It is served once it is signed.",
    "live": "It is served now.",
    "superseded": "A later version is served in its place.",
    "withdrawn": "It was withdrawn and is not served.",
}


def show_version(out: Console, approval: Json) -> None:
    """Draw an offer, placement, eligibility rule or collection before or after its signature."""
    reason = f"\n[italic]{escape(approval['reason'])}[/]" if approval["reason"] else ""
    by = ", ".join(approval["proposal"]["contributors"]) or approval["author"]
    risk = "" if approval["risk"] is None else f"risk [bold]{approval['risk']}[/]\n"
    words = (
        f"version {approval['version']} of the {_words(approval['object_kind'])} "
        f"[bold]{escape(approval['object_id'])}[/]{reason}\n\n"
        f"by {escape(by)} · needs {roles(approval['missing'])} · expires {when(approval['expires_at'])}\n"
        f"{risk}digest [bold]{approval['digest']}[/]"
    )
    title = f"{_words(approval['kind']).capitalize()} · {state(approval['status'])}"
    out.print(Panel(words, title=title, title_align="left", border_style="dim"))
    _fields(out, approval["body"], approval["before"])
    out.print(f"  {_STANDING[approval['standing']]}")


def _fields(out: Console, body: Json, before: Json | None) -> None:
    if before is None:
        section(out, "All of it; nothing of this name is live")
        made = table("field", "value")
        for name, value in body.items():
            made.add_row(name, _cell(value))
        out.print(made)
        return
    section(out, "Against what is live now")
    made = table("field", "live", "this version")
    for name in sorted({*body, *before}):
        old, new = before.get(name), body.get(name)
        new_words = _cell(new) if old == new else f"[bold]{_cell(new)}[/]"
        made.add_row(name, _cell(old), new_words)
    out.print(made)


def _cell(value: object) -> str:
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _words(name: str) -> str:
    return name.replace("_", " ")
