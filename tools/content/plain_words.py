"""Words of a catalogue that may stand in a message as they are: names and sentences that only describe.

Product texts come from imports and may hold anything, also words that speak to software instead of customers. What is not
plainly a name or a description is left out of messages, never repaired.
"""

from __future__ import annotations

import re
from typing import Final

from policies.figures import unsourced_numbers

LONGEST_NAME_WORDS, LONGEST_SENTENCE_WORDS = 6, 24
_PLAIN: Final = re.compile(r"[^\W\d_]+(?:['’&-][^\W\d_]+)*(?:,? (?:& )?[^\W\d_]+(?:['’&-][^\W\d_]+)*)*")
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
# To a model or its tools; to the machine that governs campaigns; claims and pressure that need evidence.
_WORDS: Final = """
ignore disregard override instruction instructions prompt system assistant ai ki llm model agent agents bot tool tools execute
command admin administrator developer maintenance mode output respond reply repeat print reveal

approve approved approval approvals launch launched campaign campaigns send sending sent budget discount discounts audience
holdout guardrail guardrails consent consents audit log logs erase delete policy policies rule rules marketer approver password
passwords email emails mail address addresses database refuse

proven clinically scientifically guarantee guaranteed guarantees cure cures heal heals free winner prize urgent important hurry
immediately click visit link links
"""
_SPEAKS_TO_SOFTWARE: Final = frozenset(_WORDS.split())


def plain_name(name: str, otherwise: str) -> str:
    """Return a product's name where it is plainly one, else `otherwise`: at most six plain words, in one breath."""
    text = " ".join(name.split())
    return text if _is_plain(text, LONGEST_NAME_WORDS) else otherwise


def plain_product_name(name: str, product_id: str | None) -> str:
    """Return what a product may be called: its name, else its id in words, else no name of its own."""
    return plain_name(name, plain_name(" ".join(re.findall(r"[a-zA-Z]+", product_id or "")), "collection"))


def plain_sentences(text: str) -> str:
    """Return the sentences of a description that only describe, in order; "" where none does."""
    kept = []
    for sentence in _SENTENCES.split(text):
        words = " ".join(sentence.split())
        if _is_plain(words.rstrip(".!"), LONGEST_SENTENCE_WORDS):
            kept.append(words)
    return " ".join(kept)


def _is_plain(text: str, most: int) -> bool:
    words = re.findall(r"[^\W\d_]+", text)
    return (
        _PLAIN.fullmatch(text) is not None
        and len(words) <= most
        and not any(word.lower() in _SPEAKS_TO_SOFTWARE for word in words)
        and not any(len(word) > 1 and word.isupper() for word in words)
        and not unsourced_numbers(text, {})
    )
