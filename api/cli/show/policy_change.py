"""Policy changes on a terminal: proposed, read before signing, and the halves of a key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.panel import Panel

from api.cli.show.lists import show_key
from api.cli.show.marks import roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_EFFECTS = {
    "waiting": "It takes effect once it is signed.",
    "applied": "It has taken effect.",
    "refused": "It did not take effect",
    "none": "It never takes effect.",
}


def show_proposed(out: Console, made: Json) -> None:
    """Say what was proposed, who signs it, and show the author's half of a key."""
    out.print(f"Proposed: {escape(made['words'])}")
    out.print("Nothing has changed yet: a change of the rules needs a second person.")
    out.print(f"It needs {roles(made['missing'])}, by {when(made['expires_at'])}:")
    out.print(f"  countersign approvals show {made['approval_id']}")
    out.print(f"  countersign approvals resolve {made['approval_id']} approve")
    if made["key_half"]:
        out.print(
            "\nYour half of the key, shown once. Who signs the change gets the other half with "
            f"`countersign users key-half {made['approval_id']}`; give each to the user, who joins them with a dot:"
        )
        out.print(f"[bold]{made['key_half']}[/]")


def show_added(out: Console, made: Json) -> None:
    """Say what was proposed, or show the key of the second person, who was added at once."""
    if "key" in made:
        show_key(out, made)
        out.print("Ask them to replace it by their own: countersign users renew")
        return
    show_proposed(out, made)


def show_half(out: Console, taken: Json) -> None:
    """Show the second half of a key, once."""
    out.print(f"The second half of the key of {escape(taken['user'])}, shown once:")
    out.print(f"[bold]{taken['key_half']}[/]")
    out.print(f"Their key is the author's half, then {taken['joint']!r}, then this half.")


def show_key_revoked(out: Console, done: Json) -> None:
    """Say that a key signs nobody in any more."""
    out.print(f"Key {escape(done['key_id'])} signs nobody in any more.")


def show_policy_change(out: Console, approval: Json) -> None:
    """Draw what a policy change would do."""
    reason = f"\n[italic]{escape(approval['reason'])}[/]" if approval["reason"] else ""
    by = ", ".join(approval["proposal"]["contributors"])
    words = (
        f"{escape(approval['words'])}{reason}\n\n"
        f"by {escape(by)} · needs {roles(approval['missing'])} · expires {when(approval['expires_at'])}\n"
        f"digest [bold]{approval['digest']}[/]"
    )
    title = f"Policy change · {state(approval['status'])}"
    out.print(Panel(words, title=title, title_align="left", border_style="dim"))
    if approval["fields"]:
        section(out, "Rules of the workspace")
        made = table("rule", "as it is", "as it would be")
        for each in approval["fields"]:
            made.add_row(each["field"], escape(json.dumps(each["before"])), escape(json.dumps(each["after"])))
        out.print(made)
    because = f": {approval['refused_because']}." if approval["refused_because"] else ""
    out.print(f"  {_EFFECTS[approval['effect']]}{escape(because)}")
