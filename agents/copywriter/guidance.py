"""Brand guidance from brand documents: read by an agent without tools, into a closed schema.

Documents are untrusted text. Whatever they say, only these few choices come out, and only this reader sees the text.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from agents.models.offline import Finish, PlaybookStep, ToolOutcome
from agents.planner.brief import Tone

Address = Literal["first_name", "none"]


class BrandText(BaseModel):
    """The passages to read, as data."""

    model_config = ConfigDict(frozen=True)

    passages: tuple[str, ...]


class BrandGuidance(BaseModel):
    """How to write: a closed set of choices, so that a document can ask for nothing else."""

    model_config = ConfigDict(frozen=True)

    tone: Tone
    address: Address
    mentions_new_arrivals: bool
    allows_urgency: bool


def guidance_playbook(task: BrandText, _: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Read `key: value` lines; what is not said keeps the plainest choice."""
    said: dict[str, str] = {}
    for passage in task.passages:
        for line in passage.splitlines():
            key, colon, value = line.partition(":")
            if colon:
                said.setdefault(key.strip(" -*").lower(), value.strip(" .*").lower())
    tone = said.get("tone", "plain")
    return Finish(
        BrandGuidance(
            tone=tone if tone in get_args(Tone) else "plain",
            address="first_name" if said.get("address") == "first name" else "none",
            mentions_new_arrivals=said.get("new arrivals") == "yes",
            allows_urgency=said.get("urgency") == "allowed",
        )
    )
