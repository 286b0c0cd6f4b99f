"""A campaign's messages on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import table

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def show_preview(out: Console, found: Json) -> None:
    """Draw the arithmetic of an audience, line by line to its sum."""
    made = table("", "people", right=[1])
    made.add_row("everybody the definition holds", f"{found['gross']:,}")
    for reason, people in found["removed"].items():
        made.add_row(f"  without {escape(reason.replace('_', ' '))}", f"{people:,}")
    made.add_row("approved net", f"{found['net']:,}")
    if found["launched"] is None:
        made.add_row("  held out", f"{found['held_out']:,}")
        for rule, people in found["dropped"].items():
            made.add_row(f"  dropped since by {escape(rule)}", f"{people:,}")
        made.add_row("  reachable now", f"{found['reachable']:,}")
    else:
        launched = dict(found["launched"])
        for reason, people in launched.pop("dropped").items():
            launched[f"dropped by {reason}"] = people
        launched.pop("net")
        for name, people in launched.items():
            made.add_row(f"  {escape(name.replace('_', ' '))}", f"{people:,}")
    out.print(made)


def show_uncertain(out: Console, found: list[Json]) -> None:
    """Draw the messages of which nobody knows whether they arrived."""
    if not found:
        out.print("Nothing is uncertain: of every message it is known what became of it.")
        return
    made = table("message", "person", "channel", "why")
    for each in found:
        made.add_row(each["send_key"], each["person_id"], each["channel"], escape(each["reason"] or ""))
    out.print(made)
    out.print(
        "Look into the provider's records, then: countersign campaigns uncertain CAMPAIGN MESSAGE --sent"
    )


def show_tests(out: Console, sent: list[Json]) -> None:
    """Draw test messages with what the mail server said of them."""
    made = table("arm", "to", "outcome", "why")
    for each in sent:
        made.add_row(escape(each["arm"]), escape(each["to"]), each["outcome"], escape(each["rule"] or ""))
    out.print(made)
