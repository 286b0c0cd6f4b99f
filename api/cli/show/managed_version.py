"""The approval of an offer, rule, placement or collection on a terminal: what would be served, and what that changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.panel import Panel

from api.cli.show.approval_basis import show_changed_fields
from api.cli.show.marks import pairs, roles, section, state, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_STANDING = {
    "proposed": "It is served once it is signed.",
    "live": "It is served now.",
    "superseded": "A later version is served in its place.",
    "withdrawn": "It was withdrawn and is not served.",
}


def show_managed_version(out: Console, approval: Json) -> None:
    """Draw what a version would serve, to whom, and how risky that was found."""
    by = ", ".join(approval["proposal"]["contributors"])
    kind = approval["object_kind"].replace("_", " ")
    what = f"version {approval['version']} of the {kind} {approval['object_id']}"
    reason = f"\n[italic]{escape(approval['reason'])}[/]" if approval["reason"] else ""
    made = [
        each["words"] for each in approval["findings"] if each["contributes"] == approval["risk"] != "low"
    ]
    because = f" [dim]because {escape('; '.join(made))}[/]" if made else ""
    risk = "" if approval["risk"] is None else f"risk [bold]{approval['risk']}[/]{because}\n"
    words = (
        f"{escape(what)}{reason}\n\n"
        f"by {escape(by)} · needs {roles(approval['missing'])} · expires {when(approval['expires_at'])}\n"
        f"{risk}digest [bold]{approval['digest']}[/]"
    )
    title = f"{approval['kind'].capitalize()} · {state(approval['status'])}"
    out.print(Panel(words, title=title, title_align="left", border_style="dim"))
    section(out, "What would be served")
    pairs(out, [(name, escape(_plain(value))) for name, value in approval["body"].items()])
    if approval["before"] is None:
        section(out, "Until now nothing of this name is live")
    else:
        section(out, "Against the version that is live now")
        show_changed_fields(out, approval["changes"])
    out.print(f"  {_STANDING[approval['standing']]}")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
