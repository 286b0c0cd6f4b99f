"""Prose that an agent may write: numbers only as `{figure:ID}`, so that each one names its source."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from policies.figures import PLACEHOLDER, unsourced_numbers


def _without_bare_numbers(text: str) -> str:
    loose = unsourced_numbers(PLACEHOLDER.sub(" ", text), {})
    if loose:
        raise ValueError(
            f"write numbers only as {{figure:ID}} with an id from a tool result; found {loose[0]!r}. "
            "Leave number words out too"
        )
    return text


Prose = Annotated[str, Field(min_length=1, max_length=1200), AfterValidator(_without_bare_numbers)]
