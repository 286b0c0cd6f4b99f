"""What a plan takes from the memory of its marketer, where the brief is silent; marked, with the fact it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from agents.conversation.remembering import Fact, NeverChannel, Signature, UsualHoldout, UsualTone
from agents.planner.brief import Brief


class RememberedFact(BaseModel):
    """An accepted fact, by the id that it can be changed and forgotten under."""

    model_config = ConfigDict(frozen=True)

    remembered_id: str
    fact: Fact
    words: str


class Assumed(BaseModel):
    """A field that a plan fills from memory. What the brief states is kept, and the fact is then `overruled`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    value: str
    remembered_id: str
    words: str
    overruled: bool = False


def assumed_of(facts: Iterable[RememberedFact], brief: Brief) -> tuple[Assumed, ...]:
    """Return what each fact comes to for a brief, in the order they were accepted."""
    return tuple(
        Assumed(
            field=field,
            value=value,
            remembered_id=kept.remembered_id,
            words=kept.words,
            overruled=_overruled(kept.fact, brief),
        )
        for kept in facts
        for field, value in _says(kept.fact)
    )


def usual_channels(facts: Iterable[RememberedFact], brief: Brief, allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the channels of a campaign: those that the brief states, else the allowed ones less those never used."""
    if brief.channels is not None:
        return tuple(channel for channel in brief.channels if channel in allowed)
    never = {kept.fact.channel for kept in facts if isinstance(kept.fact, NeverChannel)}
    return tuple(channel for channel in allowed if channel not in never)


def usual_holdout(facts: Iterable[RememberedFact]) -> RememberedFact | None:
    """Return the fact that says which share is held out."""
    return next((kept for kept in facts if isinstance(kept.fact, UsualHoldout)), None)


def usual_tone(facts: Iterable[RememberedFact]) -> str | None:
    """Return the tone that messages are usually written in."""
    return next((kept.fact.tone for kept in facts if isinstance(kept.fact, UsualTone)), None)


def signature(facts: Iterable[RememberedFact]) -> str:
    """Return what messages are signed with; empty where nothing is remembered."""
    return next((kept.fact.name for kept in facts if isinstance(kept.fact, Signature)), "")


def _says(fact: Fact) -> Iterator[tuple[str, str]]:
    if isinstance(fact, NeverChannel):
        yield "channels", f"not {fact.channel}"
    elif isinstance(fact, UsualTone):
        yield "constraints.tone", fact.tone
    elif isinstance(fact, UsualHoldout):
        yield "constraints.holdout", str(fact.share)
    elif isinstance(fact, Signature):
        yield "signature", fact.name
    # a fiscal year fills no field: it is shown where the plan is talked about


def _overruled(fact: Fact, brief: Brief) -> bool:
    if isinstance(fact, NeverChannel):
        return fact.channel in (brief.channels or ())
    if isinstance(fact, UsualTone):
        return brief.constraints.tone not in (None, fact.tone)
    if isinstance(fact, UsualHoldout):
        return brief.constraints.holdout not in (None, fact.share)
    return False
