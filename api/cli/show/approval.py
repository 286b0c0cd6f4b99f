"""An approval on a terminal: who, what happens, what it may bring, what speaks against it, and where each figure comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel

from api.cli.show.approval_basis import show_basis, show_changes, show_outlook, show_trace, show_wishes
from api.cli.show.managed import show_version
from api.cli.show.marks import pairs, roles, section, state, table, when
from api.cli.show.policy_change import show_policy_change

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_BAR = 24


def show_approval(out: Console, approval: Json) -> None:
    """Draw an approval whole."""
    if approval["kind"] == "policy_change":
        show_policy_change(out, approval)
        show_signatures(out, approval)
        return
    if "object_kind" in approval:
        show_version(out, approval)
        show_signatures(out, approval)
        return
    content = approval["content"]
    _head(out, approval, content)
    show_changes(out, approval["previous"])
    show_wishes(out, approval["comments"], approval["edited"])
    _who(out, content["audience"], approval["overlap"])
    _messages(out, approval["messages"])
    _what(out, content)
    show_outlook(out, content, approval["outlook"], approval["exposure"])
    _rules(out, approval["rules"])
    _rollback(out, approval["rollback"])
    show_basis(out, approval, content)
    show_trace(out, approval)
    show_signatures(out, approval)


def _head(out: Console, approval: Json, content: Json) -> None:
    by = ", ".join(approval["proposal"]["contributors"]) or approval["author"]
    words = (
        f"[italic]{escape(content['objective']['quote'])}[/]\n\n"
        f"KPI {escape(content['objective']['kpi'])} · by {escape(by)} · needs {roles(approval['missing'])} · "
        f"expires {when(approval['expires_at'])}\n"
        f"{_risk(approval)}digest [bold]{approval['digest']}[/]"
    )
    title = f"{escape(approval['campaign'])} · {state(approval['status'])}"
    out.print(Panel(words, title=title, title_align="left", border_style="dim"))


def _risk(approval: Json) -> str:
    if approval["risk"] is None:
        return ""
    made = [one["words"] for one in approval["findings"] if one["contributes"] == approval["risk"]]
    because = f" [dim]because {escape('; '.join(made))}[/]" if made and approval["risk"] != "low" else ""
    return f"risk [bold]{approval['risk']}[/]{because}\n"


def _who(out: Console, audience: Json, overlap: list[Json]) -> None:
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
    for other in overlap:
        shared = escape(other["note"]) if other["people"] is None else f"{other['people']:,} of them"
        out.print(
            f"  [yellow]also in[/] {escape(other['campaign'])} ({state(other['state'])}, {other['starts']} to {other['ends']}): {shared}"
        )
    if not overlap:
        out.print("  [dim]Nobody of them is in another campaign that is approved, scheduled or running.[/]")


def _messages(out: Console, messages: list[Json]) -> None:
    section(out, "Messages  [dim]rendered for synthetic profiles[/]")
    for message in messages:
        first, *others = message["samples"]
        out.print(f"  [bold]{escape(message['arm_id'])}[/] · {message['channel']} · {message['digest'][:12]}")
        text = "\n".join(line for line in first["text"].splitlines() if line.strip())
        body = f"[bold]{escape(first['subject'])}[/]\n{escape(text)}"
        out.print(Padding(Panel(body, border_style="dim", width=min(92, out.width - 4)), (0, 2)))
        segments = ", ".join(escape(name) for name in first["segments"]) or "everybody"
        out.print(f"  [dim]{escape(first['profile'])}, in every segment: {segments}[/]")
        for sample in others:
            if (sample["subject"], sample["text"]) != (first["subject"], first["text"]):
                out.print(f"  [dim]{escape(sample['profile'])}:[/] {_difference(first, sample)}")
    profiles = ", ".join(sample["profile"] for sample in messages[0]["samples"]) if messages else ""
    out.print(
        f"  [dim]Each message was rendered for: {profiles}; where nothing is shown it reads the same.[/]"
    )


def _difference(first: Json, other: Json) -> str:
    """The first lines of a sample that read otherwise."""
    lines = zip(
        [first["subject"], *first["text"].splitlines()],
        [other["subject"], *other["text"].splitlines()],
        strict=False,
    )
    return escape(" / ".join(after for before, after in lines if before != after)[:200])


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


def _rules(out: Console, rules: list[Json]) -> None:
    counts = {name: sum(rule["status"] == name for rule in rules) for name in ("pass", "warn", "block")}
    section(out, f"Rules  {counts['pass']} passed, {_warnings(counts['warn'])}, {counts['block']} blocking")
    made = table("", "rule", "evidence")
    for rule in rules:
        made.add_row(state(rule["status"]), rule["rule_id"], escape(rule["evidence"]))
    out.print(made)


def _warnings(count: int) -> str:
    return "1 warning" if count == 1 else f"{count} warnings"


def _rollback(out: Console, rollback: Json) -> None:
    section(out, "If something goes wrong")
    pairs(
        out,
        [
            (
                brake["event"],
                f"{escape(brake['words'])} [dim]({', '.join(name.replace('_', ' ') for name in brake['who'])})[/]",
            )
            for brake in rollback["brakes"]
        ],
    )
    out.print(f"  {escape(rollback['undone'])}")


def show_signatures(out: Console, approval: Json) -> None:
    """Say who signed, and what."""
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
