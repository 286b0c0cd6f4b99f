"""The agents at work, a line a step: agent, tool, what came back, and the result that its figures cite."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.markup import escape
from rich.prompt import Prompt
from rich.status import Status

from api.cli.show.marks import pairs
from api.views.steps import result_line

if TYPE_CHECKING:
    from rich.console import Console


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
        said = result_line(result)
        source = f"  [dim]{digest[:8]}[/]" if digest else ""
        pairs(self._console, [(tool, f"{escape(said)}{source}")])
