"""What the sequences did, counted: a machine that reaches nothing proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LONG_ENOUGH = 8
"""Actions of a sequence that counts."""


@dataclass
class Figures:
    """Sequences of `least` actions, those that reached a pending approval, actions, launches and messages of approved content."""

    least: int = LONG_ENOUGH
    sequences: int = 0
    reached: int = 0
    launches: int = 0
    messages: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    shortest: int | None = None

    def ended(self, *, reached: bool, launches: int, messages: int, steps: int) -> None:
        """Count one sequence; one that Hypothesis cut off before it was long enough is none."""
        if steps < self.least:
            return
        self.sequences += 1
        self.reached += reached
        self.launches += launches
        self.messages += messages
        self.shortest = steps if self.shortest is None else min(self.shortest, steps)

    def as_json(self) -> dict[str, Any]:
        """Return them as plain values."""
        return {
            "sequences": self.sequences,
            "reached": self.reached,
            "launches": self.launches,
            "messages": self.messages,
            "shortest": self.shortest,
            "actions": dict(sorted(self.actions.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
        }


def summed(parts: Iterable[dict[str, Any]]) -> Figures:
    """Add up what several processes counted."""
    total = Figures()
    for part in parts:
        total.sequences += part["sequences"]
        total.reached += part["reached"]
        total.launches += part["launches"]
        total.messages += part["messages"]
        total.actions.update(part["actions"])
        total.outcomes.update(part["outcomes"])
        if part["shortest"] is not None:
            total.shortest = min(part["shortest"], total.shortest or part["shortest"])
    return total
