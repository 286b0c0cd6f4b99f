"""A brief record on a terminal, each field with the words it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import section, table

if TYPE_CHECKING:
    from rich.console import Console

_STATED = ("objective", "kpi", "audience", "budget", "start", "end", "channels", "constraints")


def show_brief(out: Console, record: dict[str, Any], text: str) -> None:
    """Draw what a brief says, what is refused and what has to be asked."""
    made = table("field", "read as", "from")
    for name in _STATED:
        value = record[name]
        if value not in (None, {}, []):
            made.add_row(name, escape(_value(value)), escape(_words(record["slots"], name, text)))
    out.print(made)
    for refusal in record["refusals"]:
        out.print(
            f"[red]refused[/] {refusal['code']}: {escape(refusal['reason'])}\n  instead: {escape(refusal['alternative'])}"
        )
    if record["questions"]:
        section(out, "To be asked")
    for question in record["questions"]:
        out.print(
            f"  {question['field']}: {escape(question['question'])} [dim]({escape(question['suggestion'])})[/]"
        )
    out.print(f"[dim]{record['action']} · {record['model']}[/]")


def _value(value: Any) -> str:  # JSON of any shape
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items() if inner is not None)
    if isinstance(value, list):
        return ", ".join(_value(inner) for inner in value)
    return str(value)


def _words(slots: dict[str, Any], name: str, text: str) -> str:
    spans = [slot["span"] for field, slot in slots.items() if field == name or field.startswith(f"{name}.")]
    return " … ".join(f"“{text[start:end]}”" for start, end in sorted(spans))
