"""Journeys on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_INSIDE = ("active", "stuck")


def show_runs(out: Console, runs: list[Json]) -> None:
    """Draw versions that run or ran, or what to do where there is none."""
    if not runs:
        out.print("No journey yet. Propose one with `countersign journeys propose FILE`.")
        return
    made = table("journey", "version", "state", "inside", "ended", "started", right=(1, 3, 4))
    for run in runs:
        inside = sum(each["people"] for each in run["people"] if each["status"] in _INSIDE)
        all_ = sum(each["people"] for each in run["people"])
        shown = "paused" if run["paused"] else run["state"]
        made.add_row(escape(run["journey_id"]), str(run["version"]), state(shown), f"{inside:,}",
                     f"{all_ - inside:,}", when(run["started_at"]))  # fmt: skip
    out.print(made)


def show_journey(out: Console, journey: Json) -> None:
    """Draw the steps of the newest version with the people at each, and the earlier versions."""
    out.print(f"[bold]{escape(journey['body']['name'])}[/] · {escape(journey['journey_id'])}")
    newest = journey["runs"][0]
    at: dict[str, list[str]] = {}
    for each in newest["people"]:
        at.setdefault(each["step"], []).append(f"{each['people']:,} {each['status']}")
    made = table("step", "does", "then", "people")
    for step in journey["body"]["steps"]:
        made.add_row(escape(step["id"]), escape(_does(step)), escape(_then(step)),
                     ", ".join(at.get(step["id"], [])))  # fmt: skip
    out.print(made)
    section(out, "Versions")
    show_runs(out, journey["runs"])


def show_proposed(out: Console, made: Json) -> None:
    """Say that a version waits for a signature."""
    out.print(
        f"Version {made['version']} of {escape(made['object_id'])} waits for {roles(made['missing'])}: "
        f"approval {made['approval_id']}, digest {made['digest'][:12]}."
    )


def show_people(out: Console, people: list[Json]) -> None:
    """Draw people with where they are."""
    if not people:
        out.print("Nobody.")
        return
    made = table("person", "status", "step", "since", "due", "reason")
    for person in people:
        made.add_row(person["person_id"], state(person["status"]), escape(person["step"]), when(person["arrived_at"]),
                     when(person["due_at"]), escape(person["reason"] or ""))  # fmt: skip
    out.print(made)


def show_timeline(out: Console, timeline: Json) -> None:
    """Draw what one person went through."""
    person = timeline["person"]
    out.print(f"{person['person_id']} · {state(person['status'])} at {escape(person['step'])}")
    made = table("when", "step", "outcome")
    for move in timeline["moves"]:
        made.add_row(when(move["at"]), escape(move["step"]), escape(move["outcome"]))
    out.print(made)


def _does(step: Json) -> str:
    match step["type"]:
        case "send":
            return f"{step['channel']}: {step['words']['subject']}"
        case "wait":
            return f"wait {step['hours']} h"
        case "wait_until":
            return f"wait until {step['weekday'] or ''} {step['at']} local time".replace("  ", " ")
        case "limit":
            return f"at most {step['people']:,} in {step['hours']} h"
        case "branch":
            return "; ".join(f"{arm['when']} → {arm['to']}" for arm in step["arms"])
        case "experiment":
            return "; ".join(f"{arm['share']:.0%} {arm['name']} → {arm['to']}" for arm in step["arms"])
    return "leave"


def _then(step: Json) -> str:
    return str(step.get("next") or step.get("otherwise") or "")
