"""Prose that an agent may write: numbers only as `{figure:ID}`, so that each one names its source; no links."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from policies.figures import PLACEHOLDER, unsourced_numbers
from policies.privacy import holds_address
from tools.content.wording import link_in


def _without_numbers_or_links(text: str) -> str:
    bare = PLACEHOLDER.sub(" ", text)
    if (link := link_in(bare)) or holds_address(bare):
        raise ValueError(
            f"prose for approvers holds no link and no address; leave out {link or 'the address'}"
        )
    loose = unsourced_numbers(bare, {})
    if loose:
        raise ValueError(
            f"write numbers only as {{figure:ID}} with an id from a tool result; found {loose[0]!r}. "
            "Leave number words out too"
        )
    return text


Prose = Annotated[str, Field(min_length=1, max_length=1200), AfterValidator(_without_numbers_or_links)]
