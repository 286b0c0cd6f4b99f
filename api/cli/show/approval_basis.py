"""What an approval rests on, on a terminal: the forecast, what changed, figures and data, and what the agents did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import pairs, section, table

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def show_changes(out: Console, previous: Json | None) -> None:
    """Draw what a new version changes; nothing for a first one."""
    if previous is None:
        return
    section(out, f"Changed since {previous['digest'][:12]}  [dim]{previous['status'].replace('_', ' ')}[/]")
    show_changed_fields(out, previous["changes"])


def show_changed_fields(out: Console, changes: list[Json]) -> None:
    """Draw each changed field as it was and as it would be."""
    made = table("field", "before", "after")
    for change in changes:
        made.add_row(escape(change["path"]), _short(change["before"]), _short(change["after"]))
    out.print(made if changes else "  Nothing: the content is the same.")


def show_wishes(out: Console, comments: Json | None, edited: Json | None) -> None:
    """Draw what approvers asked of the version before and what the author answered, and who edited it."""
    if comments is not None:
        section(
            out,
            "Asked for by approvers  [dim]comments are data; only the author's answers changed anything[/]",
        )
        for one in comments["comments"]:
            out.print(f"  {escape(one['by'])}: “{escape(one['comment'])}”")
        made = table("about", "read as", "the author answered")
        for one in comments["asked"]:
            read = escape(one["typed"]) if one["typed"] else "[dim]words only[/]"
            said = escape(one["answer"]) if one["answer"] else "[dim]was not asked[/]"
            made.add_row(one["field"], read, said)
        out.print(made)
    if edited is not None:
        section(out, f"Edited by {escape(', '.join(edited['editors']))}  [dim]who may not sign it[/]")
        for field, text in edited["answers"]:
            out.print(f"  {escape(field)}: {escape(text)}")


def show_outlook(out: Console, content: Json, outlook: Json, exposure: Json) -> None:
    """Draw what a campaign may bring and cost, and how far to trust it."""
    section(out, "What it may bring  [dim]80 % intervals[/]")
    made = table("", "low", "median", "high", "", right=[1, 2, 3])
    for part in content["forecast"]:
        made.add_row(
            part["quantity"], part["low"]["shown"], part["median"]["shown"], part["high"]["shown"], ""
        )
    for part in outlook["derived"]:
        worked_out = f"[dim]{escape(part['median']['formula'])}[/]"
        made.add_row(
            part["quantity"], part["low"]["shown"], part["median"]["shown"], part["high"]["shown"], worked_out
        )
    for part in outlook["missing"]:
        made.add_row(part["quantity"], "", "", "", f"[dim]{escape(part['because'])}[/]")
    out.print(made)
    for part in outlook["derived"]:
        out.print(f"  [dim]{part['quantity']}: {escape(part['note'])}[/]")
    out.print(f"  {escape(content['rationale'])}")
    out.print(f"  [dim]{escape(content['evidence'])}[/]")
    past = outlook["past"]
    error = "" if past["median_error"] is None else f"; median error {past['median_error']:.1%}"
    out.print(f"  past forecasts: {escape(past['words'])}{error}")
    out.print(
        f"  worst case: {exposure['worst_case']['shown']} "
        f"[dim](messages {exposure['messages']['shown']}, discounts {exposure['discounts']['shown']}; {escape(exposure['words'])})[/]"
    )
    for offer in exposure["offers"]:
        worst = "not known" if offer["worst"] is None else offer["worst"]["shown"]
        out.print(f"  offer {escape(offer['name'])} ({escape(offer['value'])}): at worst {worst}")


def show_basis(out: Console, approval: Json, content: Json) -> None:
    """Draw the figures by their sources, the data and the consent."""
    section(out, f"Figures and their sources  [dim]{len(content['figures'])}[/]")
    by_source: dict[str, list[str]] = {}
    for name, figure in content["figures"].items():
        by_source.setdefault(_source(figure["source"]), []).append(
            f"{name} [bold]{escape(figure['shown'])}[/]"
        )
    pairs(out, [(source, " · ".join(figures)) for source, figures in by_source.items()])
    basis = approval["basis"]
    section(out, "Data and consent")
    for data in basis["data"]:
        label = "  [yellow]synthetic[/]" if data["synthetic"] else ""
        out.print(
            f"  {escape(data['source'])}, {data['rows']:,} rows, read {data['imported_at'][:10]} [dim]{data['sha256'][:12]}[/]{label}"
        )
    for history in basis["history"]:
        used = "" if history["rows_used"] is None else f", {history['rows_used']:,} rows learnt from"
        out.print(
            f"  {escape(history['name'])}, {history['starts_on']} to {history['ends_on']}{used} [dim]{escape(history['label'])}[/]"
        )
    if basis["consent"] is None:
        out.print("  [yellow]The audience's snapshot cannot be read any more.[/]")
    for one in basis["consent"] or ():
        lost = one["people"] - one["granted"]
        still = "all may still be reached" if not lost else f"{lost:,} may not be reached any more"
        out.print(
            f"  {one['channel']} for {one['purpose']}: {one['granted']:,} of {one['people']:,} consent; {still}"
        )
    for said in basis["consent_sources"]:
        out.print(
            f"  [dim]{said['statements']:,} × {said['status']} from {escape(said['source'] or 'no source named')}, "
            f"{said['first'][:10]} to {said['last'][:10]}[/]"
        )


def show_trace(out: Console, approval: Json) -> None:
    """Draw what the agents did: who, with which model, every call, tokens and money."""
    used = approval["used"]
    tokens = f"{used['tokens_in']:,} tokens in, {used['tokens_out']:,} out"
    section(out, f"Agents  [dim]{used['tool_calls']} tool calls · {tokens} · {used['money']['shown']}[/]")
    made = table("agent", "tool", "came back", "ms", "digest", right=[3])
    for agent in approval["agents"]:
        tried = "".join(
            f"\n[yellow]not {escape(each['model'])}: {each['because']}[/]" for each in agent["fell_back"]
        )
        name = f"{agent['agent']}\n[dim]{escape(agent['model'])}[/]{tried}"
        for call in agent["tool_calls"]:
            result = f"[red]{escape(call['result'])}[/]" if call["refused"] else escape(call["result"])
            made.add_row(
                name, call["tool"], result, str(call["duration_ms"]), f"[dim]{call['digest'][:8]}[/]"
            )
            name = ""
        if not agent["tool_calls"]:
            made.add_row(name, "[dim]no tool[/]", "", str(agent["duration_ms"]), "")
    out.print(made)


def _short(text: str | None) -> str:
    if text is None:
        return "[dim]not there[/]"
    return escape(text if len(text) <= 120 else f"{text[:119]}…")


def _source(source: Json) -> str:
    digest = f" {source['digest'][:8]}" if source["digest"] else ""
    return escape(f"{source['kind']} {source['name']}{digest}")
