"""An approval on a terminal: who, what happens, what it may bring, what speaks against it, and where each figure comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel

from api.cli.show.marks import pairs, roles, section, state, table, when

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_BAR = 24
_SHOWN_PROFILES = ("usual", "no name", "longest name")


def show_approval(out: Console, approval: Json) -> None:
    """Draw an approval whole."""
    content = approval["content"]
    _head(out, approval, content)
    _who(out, content["audience"])
    _messages(out, approval["messages"])
    _what(out, content)
    _brings(out, content)
    _rules(out, approval["rules"])
    _basis(out, approval, content)
    _signatures(out, approval)


def _head(out: Console, approval: Json, content: Json) -> None:
    words = (
        f"[italic]{escape(content['objective']['quote'])}[/]\n\n"
        f"by {escape(approval['author'])} · needs {roles(approval['missing'])} · "
        f"expires {when(approval['expires_at'])}\n"
        f"digest [bold]{approval['digest']}[/]"
    )
    title = f"{escape(approval['campaign'])} · {state(approval['status'])}"
    out.print(Panel(words, title=title, title_align="left", border_style="dim"))


def _who(out: Console, audience: Json) -> None:
    section(out, f"Who  [dim]{escape(audience['definition'])}[/]")
    gross = int(audience["gross"]["value"]) or 1
    made = table("", "people", "", right=[1])
    made.add_row("match the definition", _people(audience["gross"]), _bar(gross, gross))
    for removed in audience["removed"]:
        taken = int(removed["people"]["value"])
        made.add_row(
            f"  less: {escape(removed['words'])}", f"−{_people(removed['people'])}", _bar(taken, gross)
        )
    made.add_row(
        "[bold]net, the holdout included[/]",
        f"[bold]{_people(audience['net'])}[/]",
        _bar(int(audience["net"]["value"]), gross),
    )
    out.print(made)
    for segment in audience["segments"]:
        out.print(f"  {escape(segment['words'])}: {segment['people']['shown']}")


def _messages(out: Console, messages: list[Json]) -> None:
    section(out, "Messages  [dim]rendered for synthetic profiles[/]")
    for message in messages:
        samples = {sample["profile"]: sample for sample in message["samples"]}
        usual = samples["usual"]
        out.print(f"  [bold]{escape(message['arm_id'])}[/] · {message['channel']} · {message['digest'][:12]}")
        text = "\n".join(line for line in usual["text"].splitlines() if line.strip())
        body = f"[bold]{escape(usual['subject'])}[/]\n{escape(text)}"
        out.print(Padding(Panel(body, border_style="dim", width=min(92, out.width - 4)), (0, 2)))
    profiles = ", ".join(sample["profile"] for sample in messages[0]["samples"]) if messages else ""
    out.print(f"  [dim]Each message also renders for: {profiles}.[/]")


def _what(out: Console, content: Json) -> None:
    envelope, design = content["envelope"], content["experiment"]
    section(out, "What happens")
    arms = ", ".join(f"{escape(arm['id'])} ({arm['message_cost']['shown']})" for arm in content["arms"])
    groups = ", ".join(
        f"{group['id'].replace('_', ' ')} {group['share']['shown']}" for group in design["groups"]
    )
    lines = (
        ("arms", arms),
        ("groups", groups),
        ("dates", f"{envelope['starts']['shown']} to {envelope['ends']['shown']}"),
        (
            "sending",
            f"{envelope['batches']['shown']}, {envelope['batch_interval']['shown']} apart, to at most {envelope['maximum_people']['shown']}",
        ),
        ("budget", envelope["budget"]["shown"]),
        (
            "choosing",
            f"{content['bandit']['policy']} for {content['bandit']['reward']}, explores {envelope['exploration_share']['shown']}, seed {content['bandit']['seed']['shown']}",
        ),
        ("experiment", escape(design["hypothesis"])),
        (
            "can see",
            f"an effect of {design['smallest_effect']['shown']} or more, at {design['confidence']['shown']} confidence and {design['power']['shown']} power, in {design['duration']['shown']}",
        ),
        ("guardrails", "; ".join(escape(rail["words"]) for rail in design["guardrails"])),
        ("stops", "; ".join(escape(rule) for rule in design["stop_rules"])),
    )
    pairs(out, lines)


def _brings(out: Console, content: Json) -> None:
    section(out, "What it may bring  [dim]80 % intervals[/]")
    made = table("", "low", "median", "high", right=[1, 2, 3])
    for part in content["forecast"]:
        made.add_row(part["quantity"], part["low"]["shown"], part["median"]["shown"], part["high"]["shown"])
    out.print(made)
    out.print(f"  {escape(content['rationale'])}")
    out.print(f"  [dim]{escape(content['evidence'])}[/]")


def _rules(out: Console, rules: list[Json]) -> None:
    counts = {name: sum(rule["status"] == name for rule in rules) for name in ("pass", "warn", "block")}
    section(out, f"Rules  {counts['pass']} passed, {counts['warn']} warnings, {counts['block']} blocking")
    made = table("", "rule", "evidence")
    for rule in rules:
        made.add_row(state(rule["status"]), rule["rule_id"], escape(rule["evidence"]))
    out.print(made)


def _basis(out: Console, approval: Json, content: Json) -> None:
    section(out, f"Figures and their sources  [dim]{len(content['figures'])}[/]")
    by_source: dict[str, list[str]] = {}
    for name, figure in content["figures"].items():
        by_source.setdefault(_source(figure["source"]), []).append(
            f"{name} [bold]{escape(figure['shown'])}[/]"
        )
    pairs(out, [(source, " · ".join(figures)) for source, figures in by_source.items()])
    section(out, "Data and agents")
    for data in approval["data"]:
        label = "  [yellow]synthetic[/]" if data["synthetic"] else ""
        out.print(f"  {escape(data['source'])}, {data['rows']:,} rows{label}")
    for agent in approval["agents"]:
        calls = ", ".join(call["tool"] for call in agent["tool_calls"])
        seconds = agent["duration_ms"] / 1000
        out.print(f"  [dim]{agent['agent']} ({escape(agent['model'])}): {calls} · {seconds:.2f} s[/]")


def _signatures(out: Console, approval: Json) -> None:
    if not approval["signatures"]:
        return
    section(out, "Signatures")
    for signature in approval["signatures"]:
        limits = "".join(f" · {name} {value:,}" for name, value in (signature["limits"] or {}).items())
        comment = f" · {escape(signature['comment'])}" if signature["comment"] else ""
        out.print(
            f"  {escape(signature['user'])} ({', '.join(signature['roles'])}): {signature['answer']}{limits}{comment}"
        )


def _people(figure: Json) -> str:
    return f"{int(figure['value']):,}"


def _bar(part: int, whole: int) -> str:
    width = round(_BAR * part / whole)
    return f"[cyan]{'▇' * width}[/]" if width else "[cyan]▏[/]" if part else ""


def _source(source: Json) -> str:
    digest = f" {source['digest'][:8]}" if source["digest"] else ""
    return escape(f"{source['kind']} {source['name']}{digest}")
