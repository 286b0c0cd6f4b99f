"""Scripts: what makes another playbook out of an agent's own. A scripted model is the offline model under a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from agents.models.offline import PlaybookStep, ToolOutcome

# A playbook fits the task it is given; a script takes whichever agent's.
AnyPlaybook = Callable[[Any, tuple[ToolOutcome, ...]], PlaybookStep]
Script = Callable[[AnyPlaybook, BaseModel], AnyPlaybook]
"""From an agent's own playbook, and the task it is run for, to the one that is played."""


def as_it_is(playbook: AnyPlaybook, _: BaseModel) -> AnyPlaybook:
    """The script of the offline model: its own playbook."""
    return playbook
