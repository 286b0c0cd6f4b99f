"""What the words of a message may not hold: links and addresses of their own, and fields of the customer beside the name."""

from __future__ import annotations

import re
from typing import Final

from policies.privacy import holds_address

FIELDS: Final = frozenset({"customer.first_name"})
FOOTER_FIELDS: Final = FIELDS | {"unsubscribe_url"}
_LINK: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*:)?//\w|\b(?:www\.|tel:|mailto:|javascript:)|\]\(|"
    # a name with a dot and a letter-only ending, unless it is how a sentence ends without a blank
    r"\b[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b",
    re.I,
)
_EXPLICIT_LINK: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*:)?//\w|\bwww\.|\]\(|\b[a-z0-9-]+\.[a-z]{2,}/\w", re.I
)
_OUTPUT: Final = re.compile(r"\{\{-?\s*([^|}]*?)\s*(?:\|[^}]*)?-?\}\}")
_TAG: Final = re.compile(r"\{%")
_NEW_SENTENCE: Final = re.compile(r"[a-z]\.(?=[A-Z])")


def link_in(text: str) -> str | None:
    """Return what in a text is plainly a link; None without one. An id with a dot in it is none."""
    found = _EXPLICIT_LINK.search(text)
    return None if found is None else found.group()


def wording_problems(part: str, text: str) -> list[str]:
    """Return what is wrong with the words of one part of a message, in words; where a message leads is its link's alone.

    The footer may hold the link to unsubscribe, any part the first name; no part holds tags of the template language.
    """
    allowed = FOOTER_FIELDS if part == "footer" else FIELDS
    problems = [
        f"the field {name!r} may not stand in a message; use {', '.join(sorted(allowed))}"
        for name in _OUTPUT.findall(text)
        if name not in allowed
    ]
    if _TAG.search(text):
        problems.append("tags of the template language may not stand in a message; write plain words")
    bare = _NEW_SENTENCE.sub(". ", _OUTPUT.sub(" ", text))
    if holds_address(bare):
        problems.append("an e-mail address may not stand in a message; leave it out")
    elif found := _LINK.search(bare):
        problems.append(
            f"a link ({found.group()}) may not stand in the words; the message has a link of its own"
        )
    return problems
