"""The names of things, such as what somebody bought or what a campaign promotes."""

from __future__ import annotations

from typing import Final

from agents.planner.parser.items import Item, Sentence

# Words that end the name of what somebody bought.
GOODS_END: Final = (
    "IN", "WITHIN", "DURING", "OVER", "SINCE", "FOR", "FROM", "LAST", "THIS", "BUT", "AND", "OR", "AT", "ON", "BY", "VIA",
    "WITH", "TO", "MORE", "ONCE", "TWICE", "MIN", "MAX", "ONLY", "BEFORE", "AFTER", "NOT", "UNTIL", "NUM", "DUR", "DATE",
    "TIMES", "EXACTLY", "PEOPLE", "WHO", "MONEY", "AGAIN", "CHANNEL", "IS", "ALREADY", "FILL", "EXCEPT", "BUY", "PER", "HAVE",
    "WITHOUT", "NO", "SEND", "BUDGET", "AGO", "LATER", "ANYTHING", "THAT", "PLACE", "WEB", "SAID", "OF",
)  # fmt: skip


def goods_after(
    sentence: Sentence, index: int, most: int = 4, *, with_and: bool = False
) -> tuple[str, int] | None:
    """The name of a thing that begins after an item: up to `most` words none of which opens another part.

    `with_and` lets it be two things ("men's and women's shoes"). None when no name begins there.
    """
    at = index + 1
    while (
        at < len(sentence.items)
        and sentence.items[at].has("THE", "ARTICLE")
        and sentence.items[at].stop == "W"
    ):
        at += 1
    first, named = at, 0
    while at < len(sentence.items) and named < most:
        item = sentence.items[at]
        joins = (
            item.has("AND") and at > first and at + 1 < len(sentence.items) and names(sentence.items[at + 1])
        )
        if not (names(item) or (joins and with_and)):
            break
        named += item.form[:1].isalpha() and not joins
        at += 1
    if at == first:
        return None
    return sentence.words(first, at - 1), at - 1


def goods_before(sentence: Sentence, index: int, most: int = 3) -> tuple[str, int] | None:
    """The name of a thing bought that ends before a verb: "die Laufschuhe gekauft haben"."""
    at = index - 1
    while (
        at >= 0
        and index - 1 - at < most
        and names(sentence.items[at])
        and not sentence.items[at].has("THE", "ARTICLE")
    ):
        at -= 1
    return None if at == index - 1 else (sentence.words(at + 1, index - 1), at + 1)


def names(item: Item) -> bool:
    return item.stop == "W" and not item.has(*GOODS_END) and (item.form[:1].isalpha() or item.form == "'s")
