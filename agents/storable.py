"""What a model sends may hold what no database keeps: half of a surrogate pair, a null character, a number that is none."""

from __future__ import annotations

import math

from langchain_core.messages import AIMessage
from pydantic import JsonValue

LOST = "\ufffd"


def make_storable(message: AIMessage) -> None:
    """Replace in a message, in place, whatever could not be kept in its trace."""
    if isinstance(message.content, str):
        message.content = storable_text(message.content)
    for call in message.tool_calls:
        call["args"] = {storable_text(name): storable(value) for name, value in call["args"].items()}
    for broken in message.invalid_tool_calls:
        broken["args"] = None if broken["args"] is None else storable_text(broken["args"])


def storable(value: JsonValue) -> JsonValue:
    """Return a JSON value with each text storable and each number that is not finite as null.

    >>> storable({"a": [float("nan"), "b\\x00"]})
    {'a': [None, 'b�']}
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {storable_text(name): storable(each) for name, each in value.items()}
    return value


def storable_text(text: str) -> str:
    """Return a text whose null characters and halves of surrogate pairs are replaced."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", LOST)
