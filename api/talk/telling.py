"""A turn with everything it is decided by, and what is told of it before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import JsonValue

from agents.conversation.changes import FieldChange
from agents.conversation.hearing import Heard
from agents.conversation.wording import changes_said, refusals_said, reply_language
from api.conversing import Json, Said
from api.http.signing_in import Caller
from api.talk.standing import Seen
from policies.refusals import Refusal


class Turn(NamedTuple):
    """A turn with everything it is decided by. `words` are those after an address such as "for the X campaign"."""

    caller: Caller
    said: Said
    seen: Seen
    heard: Heard

    @property
    def words(self) -> str:
        """What the turn says, after an address."""
        return self.said.text[self.heard.start :]


def understood(
    turn: Turn,
    conversation_id: str,
    campaign_id: str | None,
    changes: Sequence[FieldChange] = (),
    refusals: Sequence[Refusal] = (),
    heard: str | None = None,
) -> Json:
    """What is told of a turn before anything runs; spans count in the whole turn."""
    language = language_for(turn.said.text, turn.heard)
    start = turn.said.text.find(turn.words) if turn.words else 0
    listed: list[JsonValue] = []
    for change in changes:
        moved = change if change.span is None else _moved(change, turn.said.text, start)
        listed.append(moved.model_dump(mode="json"))
    refused: list[JsonValue] = [
        {**refusal.model_dump(mode="json"), "words": turn.words[slice(*refusal.span)]} for refusal in refusals
    ]
    return {
        "conversation_id": conversation_id,
        "campaign_id": campaign_id,
        "heard": heard or turn.heard.kind,
        "changes": listed,
        "refusals": refused,
        "text": " ".join(
            part
            for part in (
                changes_said(changes, language, undone=turn.heard.kind == "undo"),
                refusals_said([(each, turn.words[slice(*each.span)]) for each in refusals], language),
            )
            if part
        ),
    }


def language_for(text: str, heard: Heard) -> str:
    """The language that a turn is answered in."""
    return reply_language(text, heard.campaign.text if heard.campaign is not None else "")


def _moved(change: FieldChange, text: str, start: int) -> FieldChange:
    assert change.span is not None and change.words is not None
    first, last = change.span[0] + start, change.span[1] + start
    if text[first:last] != change.words:  # words after an undo in the same turn
        first = text.find(change.words)
        last = first + len(change.words)
    return change.model_copy(update={"span": (first, last)})
