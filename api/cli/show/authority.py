"""Authority on a terminal: the derivation of a risk class, the signatures it needs, roles that were lent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def show_authority(out: Console, explained: Json) -> None:
    """Draw how the signatures of a proposal were derived."""
    out.print(
        f"[bold]{escape(explained['kind'].replace('_', ' '))}[/] · proposal {explained['proposal_id']} · "
        f"approval {explained['approval_id']} · {state(explained['status'])}"
    )
    _show_findings(out, explained)
    section(out, "Signatures, in any order")
    for seat in explained["signatures"]:
        _show_seat(out, seat, pending=explained["status"] == "pending")
    out.print(f"Never by who had a part in it: {escape(', '.join(explained['had_a_part']))}.")
    out.print(_escalation(explained))


def show_delegations(out: Console, delegations: list[Json]) -> None:
    """Draw the roles that were lent."""
    if not delegations:
        out.print(
            "No role is lent. Lend one of yours with `countersign authority delegate ROLE NAME --until DATE`."
        )
        return
    made = table("delegation", "role", "lent by", "to", "ends", "now")
    for each in delegations:
        now = "active" if each["active"] else "taken back" if each["revoked_at"] else "ended"
        made.add_row(
            each["delegation_id"],
            roles([[each["role"]]]),
            escape(each["lent_by"]),
            escape(each["lent_to"]),
            when(each["ends_at"]),
            now,
        )
    out.print(made)


def show_delegation(out: Console, delegation: Json) -> None:
    """Say what one delegation allows now."""
    role = delegation["role"].replace("_", " ")
    lender, delegate = escape(delegation["lent_by"]), escape(delegation["lent_to"])
    if delegation["active"]:
        out.print(
            f"{delegate} may sign as {role} on behalf of {lender} until {when(delegation['ends_at'])}: "
            f"delegation {delegation['delegation_id']}, for approvals that are opened from now on."
        )
    else:
        out.print(f"{delegate} no longer signs as {role} on behalf of {lender}.")


def show_revoked(out: Console, done: Json) -> None:
    """Say what became of an approval that was taken back."""
    again = "" if done["changed"] else " It was taken back before."
    out.print(f"The approval is {state(done['status'])}; nothing of it is sent.{again}")


def _show_findings(out: Console, explained: Json) -> None:
    if explained["risk"] is None:
        out.print("The risk was not kept for this proposal; it counts as high.")
        return
    out.print(f"Risk: [bold]{explained['risk']}[/]. The highest that any rule contributes counts.")
    section(out, "How the risk came about")
    made = table("rule", "fact", "medium from", "high from", "contributes")
    for finding in explained["findings"]:
        bounds = ("medium_from", "high_from")
        numbers = ("" if finding[name] is None else f"{finding[name]:,}" for name in bounds)
        legal = ", needs legal" if finding["needs_legal"] else ""
        made.add_row(finding["rule_id"], escape(finding["words"]), *numbers, finding["contributes"] + legal)
    out.print(made)


def _show_seat(out: Console, seat: Json, *, pending: bool) -> None:
    given = "missing" if seat["given_by"] is None else f"given by {_signer(seat['given_by'])}"
    out.print(f"{roles([seat['roles']])}: [bold]{given}[/]")
    if pending and seat["given_by"] is None:
        may = ", ".join(_signer(each) for each in seat["may_be_given_by"]) or "nobody; invite somebody"
        out.print(f"  may be given by {may}", soft_wrap=True)
    out.print(f"  [dim]allowed by {escape(', '.join(seat['rules'])) or 'no rule'}[/]", soft_wrap=True)


def _signer(signer: Json) -> str:
    behalf = f" for {signer['on_behalf_of']}" if signer["on_behalf_of"] else ""
    return escape(f"{signer['user']} ({signer['role'].replace('_', ' ')}{behalf})")


def _escalation(explained: Json) -> str:
    expires = f"It expires {when(explained['expires_at'])}."
    if explained["escalated_at"]:
        return f"It was escalated {when(explained['escalated_at'])}. {expires}"
    if explained["escalates_at"] and explained["status"] == "pending":
        to = " and ".join(explained["escalates_to"]).replace("_", " ")
        return f"Unanswered, from {when(explained['escalates_at'])} on {to} may sign as well. {expires}"
    return expires
