"""Short answers on a terminal: lists, counts, confirmations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def show_approvals(out: Console, approvals: list[Json]) -> None:
    """Draw a list of approvals, or what to do where there is none."""
    if not approvals:
        out.print("Nothing waits for a countersignature. Start a campaign with `countersign chat`.")
        return
    made = table("approval", "status", "campaign", "author", "needs", "expires", "digest")
    for each in approvals:
        needs = roles(each["needs"]) if each["needs"] else ""
        made.add_row(each["approval_id"], state(each["status"]), escape(each["campaign"]), escape(each["author"]),
                     needs, when(each["expires_at"]), each["digest"][:12])  # fmt: skip
    out.print(made)


def show_resolved(out: Console, done: Json) -> None:
    """Say what came of an answer."""
    again = "" if done["changed"] else " You had given this answer before."
    out.print(f"{done['answer'].replace('_', ' ')}: the approval is {state(done['status'])}.{again}")
    if done["status"] == "pending":
        out.print(f"Still missing: {roles(done['missing'])}.")
    for name, value in (done["limits"] or {}).items():
        out.print(f"Limited: {name} {value:,}.")


def show_campaigns(out: Console, campaigns: list[Json]) -> None:
    """Draw a list of campaigns, or what to do where there is none."""
    if not campaigns:
        out.print("No campaign yet. Say what one should achieve with `countersign chat`.")
        return
    made = table("campaign", "state", "name", "author", "changed")
    for each in campaigns:
        made.add_row(
            each["campaign_id"],
            state(each["state"]),
            escape(each["name"]),
            escape(each["author"]),
            when(each["changed_at"]),
        )
    out.print(made)


def show_campaign(out: Console, campaign: Json) -> None:
    """Draw one campaign."""
    out.print(
        f"[bold]{escape(campaign['name'])}[/] · {state(campaign['state'])} · by {escape(campaign['author'])}"
    )
    out.print(f"[italic]{escape(campaign['objective'])}[/]")
    if campaign["approval_id"]:
        out.print(f"approval {campaign['approval_id']} · {state(campaign['approval_status'])}")
    for question in campaign["waits_for"].get("questions", []):
        out.print(f"  asks about {question['field']}: {escape(question['question'])}")
    launch = campaign["launch"]
    if launch:
        people = {name: count for name, count in launch["people"].items() if name != "dropped"}
        section(out, f"Launch  [dim]{launch['launch_id'][:12]}[/]")
        out.print("  " + " · ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in people.items()))
        for reason, count in launch["people"]["dropped"].items():
            out.print(f"  dropped by {reason}: {count:,}")
        done = sum(batch["state"] == "observed" for batch in launch["batches"])
        out.print(f"  {done} of {len(launch['batches'])} batches are observed")
        if launch["failure"]:
            out.print(f"  [red]needs a look[/]: {escape(launch['failure'])}")
    if campaign["verdict"]:
        out.print(f"verdict: {escape(campaign['verdict'])}")
    used = campaign["used"]
    tokens = f"{used['tokens_in']:,} tokens in, {used['tokens_out']:,} out"
    out.print(
        f"[dim]written by {escape(', '.join(used['models']) or 'nobody yet')} · {tokens} · {used['money']['shown']}[/]"
    )
    out.print(f"[dim]may now: {', '.join(campaign['may'])}[/]")


def show_changed(out: Console, changed: Json) -> None:
    """Say which state a campaign is in now."""
    same = "" if changed["changed"] else " It was before; nothing changed."
    out.print(f"The campaign is {state(changed['state'])}.{same}")


def show_outcome(out: Console, name: str, data: Json) -> None:
    """Say where a conversation has come to."""
    if name != "reply" and data.get("text"):
        out.print(escape(data["text"]))
    if name == "proposal":
        out.print(f"Sent to approval · {data['approval_id']} · digest {data['digest'][:12]}")
        for each in data.get("assumed", []):
            word = "overruled by what you said" if each["overruled"] else "assumed"
            out.print(
                f"  [dim]{word}: {each['field']} {escape(each['value'])}, remembered as “{escape(each['words'])}”[/]"
            )
    elif name == "reply":
        out.print(escape(data["text"]))
        for figure in data["figures"].values():
            source = figure["source"]
            out.print(
                f"  [dim]{escape(figure['shown'])} · {source['kind']} {escape(source['name'])} {escape(source['path'])}[/]"
            )
        for question in data.get("questions", []):
            out.print(f"  {question['field']}: {escape(question['question'])}")
        for kept in data.get("remembered", []):
            out.print(
                f"  {kept['remembered_id']} · {kept['status']} · {kept['kind']}: “{escape(kept['words'])}”"
            )
    elif name == "questions":
        for question in data["questions"]:
            out.print(
                f"{question['field']}: {escape(question['question'])} [dim]suggested: {escape(question['suggestion'])}[/]"
            )
        out.print("Answer with --answer FIELD=WORDS on the same command, or on a terminal.")
    elif name == "refused":
        for refusal in data["refusals"]:
            out.print(f"[red]refused[/] “{escape(refusal['words'])}”: {escape(refusal['reason'])}")
            out.print(f"  instead: {escape(refusal['alternative'])}")
    elif name == "blocked":
        for rule in data["rules"]:
            out.print(f"[red]blocked[/] {rule['rule_id']}: {escape(rule['evidence'])}")
    else:
        out.print(f"The thread ended: {escape(str(data.get('status', name)))}.")


def show_memory(out: Console, kept: list[Json]) -> None:
    """Draw what is remembered of a marketer."""
    if not kept:
        out.print("Nothing is remembered. Say something such as “we never text” in `countersign chat`.")
        return
    made = table("id", "status", "what", "words", "offered")
    for each in kept:
        fact = ", ".join(str(value) for name, value in each["fact"].items() if name != "kind")
        what = f"{each['kind'].replace('_', ' ')}: {fact}"
        made.add_row(
            each["remembered_id"],
            each["status"],
            escape(what),
            escape(each["words"]),
            when(each["offered_at"]),
        )
    out.print(made)


def show_users(out: Console, users: list[Json]) -> None:
    """Draw the users."""
    made = table("name", "roles", "since")
    for user in users:
        name = escape(user["name"]) + (" [dim]disabled[/]" if user["disabled"] else "")
        made.add_row(name, ", ".join(user["roles"]), when(user["created_at"]))
    out.print(made)


def show_key(out: Console, made: Json) -> None:
    """Show a fresh key, once."""
    out.print(f"Key of {escape(made.get('user') or made['name'])}, shown once:\n[bold]{made['key']}[/]")


def show_import(out: Console, done: Json) -> None:
    """Say what an import did."""
    detail = " · ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in done["detail"].items()
    )
    out.print(f"Imported {done['rows']:,} {escape(done['kind'])} rows. {escape(detail)}")


def show_count(out: Console, count: Json) -> None:
    """Draw a funnel."""
    out.print(f"{escape(count['words'])} [dim]as of {count['as_of']}[/]")
    made = table("", "people", right=[1])
    made.add_row("match the filter", f"{count['gross']:,}")
    for step in count["steps"]:
        made.add_row(f"  less: {escape(step['words'])}", f"−{step['removed']:,}")
    made.add_row("[bold]net[/]", f"[bold]{count['net']:,}[/]")
    out.print(made)


def show_offers(out: Console, found: Json) -> None:
    """Draw offers and actions."""
    made = table("action", "name", "channel", "a message", "cost from", right=[3])
    for each in found["actions"]:
        made.add_row(
            each["action_id"],
            escape(each["name"]),
            each["channel"],
            each["message_cost"],
            escape(each["cost_source"]),
        )
    out.print(made if found["actions"] else "No action yet. Read some in with `countersign import actions`.")
    if found["offers"]:
        made = table("offer", "name", "value", "costs", "from", "to", right=[3])
        for each in found["offers"]:
            made.add_row(each["offer_id"], escape(each["name"]), escape(each["value"]), each["cost"],
                         each["starts_on"] or "", each["ends_on"] or "")  # fmt: skip
        out.print(made)


def show_rules(out: Console, rules: Json) -> None:
    """Draw every rule."""
    section(out, f"Workspace  [dim]{rules['workspace_digest'][:12]}[/]")
    for name, value in rules["workspace"].items():
        out.print(f"  {name:<26} {escape(str(value))}")
    section(out, "Send gate, in order")
    made = table("rule", "then", "why", "for")
    for rule in rules["gate"]:
        made.add_row(rule["rule_id"], rule["decision"], escape(rule["words"]), ", ".join(rule["applies_to"]))
    out.print(made)
    section(out, f"Campaign  {', '.join(rules['campaign'])}")
    section(out, f"Authority  [dim]{rules['authority_digest'][:12]}[/]")
    for rule in rules["authority"]:
        out.print(f"  {rule['rule_id']}: {escape(rule['words'])}")


def show_verification(out: Console, found: Json) -> None:
    """Say whether the audit log is whole."""
    if found["ok"]:
        out.print(f"The audit log is whole: {found['entries']:,} entries, head {found['head'][:12]}.")
        return
    out.print(
        f"[red]The audit log is damaged[/]: {len(found['problems'])} problems in {found['entries']:,} entries."
    )
    for sequence, what, of_table, row in found["problems"]:
        place = f"entry {sequence}" if of_table == "audit" else f"{of_table} {row}"
        out.print(f"  {escape(place)}: {escape(what)}")
