"""The plan so far beside a conversation: what was read from which words, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from pydantic import JsonValue

from agents.planner.brief import Slot
from api.views.campaign import CampaignView

_STEPS = (
    ("brief", "read"),
    ("plan", "planned"),
    ("approval", "signed"),
    ("live", "live"),
    ("readout", "measured"),
)
_AFTER_SIGNING = ("approved", "scheduled", "canary", "live", "paused", "completed", "stopped")
_SENT = ("canary", "live", "paused", "completed", "stopped")


class Piece(NamedTuple):
    """A run of the brief's text, and the fields that were read from it."""

    text: str
    fields: str


class Field(NamedTuple):
    """One field of the record: its value, and the words it was read from or who said it."""

    name: str
    value: str
    words: str


class Plan(NamedTuple):
    """What the panel shows of a campaign. `steps` are names with whether each is done."""

    campaign: CampaignView
    pieces: tuple[Piece, ...]
    fields: tuple[Field, ...]
    steps: tuple[tuple[str, bool], ...]


def plan_of(campaign: CampaignView) -> Plan:
    """Return the panel of a campaign."""
    slots = _slots(campaign.record)
    spans = [(start, end, name) for name, (source, start, end) in slots.items() if source != "person"]
    return Plan(
        campaign,
        tuple(_pieces(campaign.objective, spans)),
        tuple(_fields(campaign, slots)),
        _steps(campaign),
    )


def _steps(campaign: CampaignView) -> tuple[tuple[str, bool], ...]:
    done = {
        "read": bool(campaign.record) and not campaign.waits_for,
        "planned": campaign.approval_id is not None,
        "signed": campaign.state in _AFTER_SIGNING,
        "live": campaign.state in _SENT,
        "measured": campaign.readout_id is not None,
    }
    return tuple((name, done[key]) for name, key in _STEPS)


def _slots(record: Mapping[str, JsonValue]) -> dict[str, tuple[str, int, int]]:
    """Where each field was read: source, first and last character."""
    found: dict[str, tuple[str, int, int]] = {}
    slots = record.get("slots")
    for name, slot in slots.items() if isinstance(slots, dict) else ():
        read = Slot.model_validate(slot)
        found[name] = (read.source, *read.span)
    return found


def _pieces(text: str, spans: list[tuple[int, int, str]]) -> Iterator[Piece]:
    """The text cut where a span begins or ends, each piece with every field that covers it."""
    inside = [(max(0, start), min(len(text), end), name) for start, end, name in spans]
    cuts = sorted({0, len(text), *(edge for start, end, _ in inside for edge in (start, end))})
    for start, end in pairwise(cuts):
        fields = [name for first, last, name in inside if first <= start and end <= last]
        yield Piece(text[start:end], ", ".join(field_words(name) for name in fields))


def _fields(campaign: CampaignView, slots: Mapping[str, tuple[str, int, int]]) -> Iterator[Field]:
    for name, (source, start, end) in slots.items():
        value = _value(campaign.record, name)
        if value is None:
            continue
        words = "your answer" if source == "person" else f"“{campaign.objective[start:end]}”"
        yield Field(field_words(name), value_words(value), words)


def _value(record: Mapping[str, JsonValue], name: str) -> JsonValue:
    found: JsonValue = dict(record)
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def field_words(name: str) -> str:
    """`audience.days_since_purchase_min` as a person reads it."""
    return name.rpartition(".")[2].replace("_", " ")


def value_words(value: JsonValue) -> str:
    """A value of a brief record in one line.

    >>> value_words({"amount": 2000, "currency": "USD"})
    '2,000 USD'
    """
    if value is None:
        return "not said"
    if isinstance(value, dict):
        return " ".join(value_words(inner) for inner in value.values() if inner is not None)
    if isinstance(value, list):
        return ", ".join(map(value_words, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
