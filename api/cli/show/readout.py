"""A readout on a terminal: the verdict first, intervals before points, and what each number rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from api.cli.show.marks import section, table
from policies.figures import money

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]


def show_readout(out: Console, readout: Json) -> None:
    """Draw a readout."""
    record = readout["record"]
    out.print(
        f"\n[bold]{escape(readout['campaign'])}[/]: [bold]{escape(record['verdict'])}[/]. {_sentence(record['reason'])}"
    )
    out.print(
        f"[dim]{escape(record['label'])} · read {record['read_at'][:10]} · {'final' if record['final'] else 'interim'}[/]"
    )
    _groups(out, record)
    _people(out, record)
    _forecast(out, record)
    _findings(out, readout["findings"])


def _groups(out: Console, record: Json) -> None:
    for metric in record["metrics"]:
        section(
            out,
            f"{metric['metric'].capitalize()} a person  [dim]{100 * record['confidence']:.4g} % intervals[/]",
        )
        made = table("", "interval", "estimate", "people", "matched", "effective", right=[1, 2, 3, 4, 5])
        for part in (*metric["groups"], *metric["arms"]):
            made.add_row(
                escape(part["name"]),
                _interval(part, metric["unit"], record["currency"]),
                _value(part["value"], metric["unit"], record["currency"]),
                f"{part['people']:,}",
                f"{part['matched']:,}",
                f"{part['effective_people']:,.0f}",
            )
        out.print(made)
        for lift in metric["lifts"]:
            gap = _interval(lift, metric["unit"], record["currency"])
            out.print(
                f"  optimised against {escape(lift['against'])}: {gap} — [bold]{escape(lift['verdict'])}[/]. {_sentence(lift['reason'])}"
            )


def _people(out: Console, record: Json) -> None:
    section(out, "People and money")
    parts = [f"{name.replace('_', ' ')} {count:,}" for name, count in record["people"].items()]
    parts += [f"dropped by {name} {count:,}" for name, count in record["dropped"].items()]
    out.print(f"  {' · '.join(parts)}")
    spent, budget = (money(record[name], record["currency"]) for name in ("spent_minor", "budget_minor"))
    out.print(
        f"  spent {spent} of {budget} · guardrail on {record['guardrail_metric']}: {escape(record['guardrail'])}"
    )


def _forecast(out: Console, record: Json) -> None:
    section(out, "Forecast and what came  [dim]whole net audience[/]")
    made = table("", "forecast 80 %", "estimate", "", right=[1, 2])
    for score in record["forecast"]:
        made.add_row(
            score["quantity"],
            _span(score["forecast"], score["unit"]),
            _span(score["estimate"], score["unit"]),
            _score(score),
        )
    out.print(made)


def _findings(out: Console, findings: Json | None) -> None:
    if findings is None:
        return
    section(out, "What the analyst says")
    out.print(f"  {escape(findings['summary'])}")
    if findings["next_proposals"]:
        section(out, "Next, to be typed as it is")
    for number, each in enumerate(findings["next_proposals"], start=1):
        out.print(f"  {number}. {escape(each['objective'])}\n     [dim]{escape(each['because'])}[/]")


def _sentence(text: str) -> str:
    return escape(f"{text[:1].upper()}{text[1:]}." if text else "")


def _interval(part: Json, unit: str, currency: str) -> str:
    if part["low"] is None:
        return f"not estimable ({part['reason']})" if part.get("reason") else "not estimable"
    return f"{_value(part['low'], unit, currency)} to {_value(part['high'], unit, currency)}"


def _value(value: float | None, unit: str, currency: str) -> str:
    if value is None:
        return "–"
    if unit == "rate":
        return _signed(f"{100 * value:.2f} %")
    if unit.startswith("minor:"):
        return _signed(f"{value / 100:,.3f} {currency}")
    return _signed(f"{value:,.4g}")


def _signed(text: str) -> str:
    """A minus sign as people print it, and none before a zero."""
    number = text.split()[0]
    is_zero = not number.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", "−")


def _span(values: list[float], unit: str) -> str:
    low, middle, high = values
    if unit.startswith("minor:"):
        low, middle, high = low / 100, middle / 100, high / 100
        return f"{low:,.0f} – {middle:,.0f} – {high:,.0f} {unit.removeprefix('minor:')}"
    return f"{middle:,.0f}" if low == high else f"{low:,.0f} – {middle:,.0f} – {high:,.0f}"


def _score(score: Json) -> str:
    if score["inside"]:
        return "[green]inside[/]"
    return "outside, but consistent" if score["consistent"] else "[yellow]outside[/]"
