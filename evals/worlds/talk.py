"""A conversation in memory, heard and merged by the code that serves the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.comments.asks import Reading
from agents.conversation.changes import FieldChange, changes_between
from agents.conversation.hearing import Heard, hear
from agents.conversation.standing import Spoken, Standing
from agents.planner.brief import Brief
from agents.planner.parser import read_brief


@dataclass
class Talk:
    """A conversation whose campaigns are stacks of (text, record); the newest on top."""

    by: Reading
    stacks: list[list[tuple[str, Brief]]] = field(default_factory=list)
    current: int | None = None
    remembered: int = 0

    def say(self, text: str) -> tuple[Heard, tuple[FieldChange, ...]]:
        """Say a turn; return what was heard and what changed."""
        heard = hear(text, self._standing(), self.by)
        if heard.kind == "brief":
            words = text[heard.start :]
            record = read_brief(
                words, today=self.by.today, home_currency=self.by.currency, policy=self.by.policy
            )
            self.stacks.append([(words, record)])
            self.current = len(self.stacks) - 1
            return heard, ()
        if heard.campaign is not None:
            self.current = int(heard.campaign.campaign_id)
        self.remembered += heard.kind == "remember"
        if self.current is None:
            return heard, ()
        return self._changed(heard, text, self.stacks[self.current])

    def _changed(
        self, heard: Heard, text: str, stack: list[tuple[str, Brief]]
    ) -> tuple[Heard, tuple[FieldChange, ...]]:
        before = stack[-1]
        if heard.kind == "undo":
            for _ in range(min(heard.levels, len(stack) - 1)):
                stack.pop()
            if heard.then is not None:
                again, _changes = self.say(text[heard.then :])
                return again, changes_between(before[1], stack[-1][1])
        elif heard.kind in ("change", "answer") and heard.merged is not None:
            words = text[heard.start :]
            joined = before[0] if heard.kind == "answer" else f"{before[0]}\n{words}"
            stack.append((joined, heard.merged.record))
        return heard, changes_between(before[1], stack[-1][1])

    def records(self) -> list[Brief]:
        """The record of each campaign as it now is."""
        return [stack[-1][1] for stack in self.stacks]

    def _standing(self) -> Standing:
        spoken = tuple(
            Spoken(str(number), (stack[-1][1].objective or "campaign").replace("_", " "), *stack[-1])
            for number, stack in enumerate(self.stacks)
        )
        return Standing(spoken, None if self.current is None else str(self.current))
