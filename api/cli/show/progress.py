"""The agents at work, a line a step: agent, tool, what came back, and the result that its figures cite."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.markup import escape
from rich.prompt import Prompt
from rich.status import Status

from api.cli.show.marks import pairs
from policies.figures import Figure, FigureSource, show

if TYPE_CHECKING:
    from rich.console import Console

_FIGURES = 3
_LONGEST = 110


class Watcher:
    """Shows what is told of one conversation; without a console it shows nothing."""

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._status: Status | None = None
        self._agent = self._written = ""

    def __enter__(self) -> Self:
        if self._console is not None and self._console.is_terminal:
            self._status = self._console.status("reading the objective", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def tell(self, event: Mapping[str, Any]) -> None:
        """Show one step of an agent."""
        if self._console is None:
            return
        kind, agent, tool = event["kind"], event["agent"], event.get("tool")
        if kind != "tokens":
            self._written = ""
        if kind == "started" and agent != self._agent:
            self._agent = agent
            self._console.print(f"[bold]{agent}[/]  [dim]{escape(event['model'])}[/]")
        elif kind == "tool_called":
            self._wait(f"{agent} · {tool}")
        elif kind == "tool_answered":
            self._line(tool or "", event.get("result") or {}, event.get("result_digest") or "")
        elif kind == "tokens":
            self._writing(f"{agent} · {event['model']}", event.get("detail") or "")
        elif kind == "fallback":
            self._console.print(
                f"  [yellow]{escape(event['model'])}[/]  gave no answer: {event.get('detail')}"
            )
            self._agent = ""
        elif kind in ("tool_refused", "repair"):
            words = event.get("detail") or (event.get("result") or {}).get("message", "")
            self._console.print(f"  [yellow]{tool or 'answer'}[/]  sent back: {escape(str(words))}")

    def understood(self, told: Mapping[str, Any]) -> None:
        """Show what a turn changes and what of it may not be done, in its language, with the words that say so."""
        if self._console is None:
            return
        if told.get("text"):
            self._console.print(f"  {escape(told['text'])}")
        words = [f"“{escape(change['words'])}”" for change in told["changes"] if change["words"]]
        if words:
            self._console.print(f"  [dim]{', '.join(words)}[/]")

    def ask(self, questions: list[dict[str, Any]]) -> dict[str, str]:
        """Ask the person at the terminal; an empty answer takes the suggestion."""
        if self._console is None:
            return {}
        if self._status is not None:
            self._status.stop()
        answers = {}
        for question in questions:
            suggestion = question.get("suggestion") or None
            words = Prompt.ask(escape(question["question"]), console=self._console, default=suggestion)
            if words and words.strip():
                answers[question["field"]] = words.strip()
        if self._status is not None:
            self._status.start()
        return answers

    def _wait(self, words: str) -> None:
        if self._status is not None:
            self._status.update(words)

    def _writing(self, who: str, words: str) -> None:
        """Show the end of what the model is writing; it is void as soon as anything else is told."""
        if self._status is not None:
            self._written = " ".join((self._written + words).split())[-60:]
            self._status.update(f"{who} · [dim]{escape(self._written)}[/]")

    def _line(self, tool: str, result: Mapping[str, Any], digest: str) -> None:
        assert self._console is not None
        said = summary(result)
        source = f"  [dim]{digest[:8]}[/]" if digest else ""
        pairs(self._console, [(tool, f"{escape(said)}{source}")])


def summary(result: Mapping[str, Any]) -> str:
    """Return a tool result in one line: its first figures as a person reads them, else its plain fields."""
    quantities = result.get("quantities") or {}
    if quantities:
        shown = [f"{name} {_shown(part)}" for name, part in list(quantities.items())[:_FIGURES]]
        more = len(quantities) - _FIGURES
        return _cut(" · ".join(shown)) + (f" · and {more} more" if more > 0 else "")
    plain = [
        f"{name} {_plain(value)}" for name, value in result.items() if name != "quantities" and _says(value)
    ]
    return _cut(" · ".join(plain)) or "done"


def _shown(part: Mapping[str, Any]) -> str:
    source = FigureSource(kind="tool", name="shown")
    return show(Figure(value=part["value"], unit=part["unit"], source=source))


def _says(value: object) -> bool:
    return value not in (None, "", [], {})


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) if all(isinstance(each, str) for each in value) else str(len(value))
    if isinstance(value, dict):
        stated = [name for name, inner in value.items() if _says(inner) and name not in ("slots", "model")]
        return f"({', '.join(stated)})"
    return str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
