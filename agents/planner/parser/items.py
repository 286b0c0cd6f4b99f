"""The tokens of a text as items with meaning: words by the lexicon, then numbers, money, times built from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of text with its meanings (tags), plain form and, where it is a quantity, its value."""

    form: str
    start: int
    end: int
    tags: frozenset[str] = frozenset()
    value: object = None
    stop: str = "W"
    """W: inside a clause; C: a comma or bracket; S: the end of a sentence."""

    @property
    def span(self) -> Span:
        return (self.start, self.end)

    def has(self, *tags: str) -> bool:
        """Say whether the item carries any of the tags."""
        return any(tag in self.tags for tag in tags)

    def tagged(self, *tags: str) -> Item:
        """The item with further tags."""
        return replace(self, tags=self.tags | frozenset(tags))


@dataclass
class Sentence:
    """A text as items, encoded once so that patterns of items are searched as regular expressions."""

    text: str
    items: list[Item]
    language: str = "en"
    taken: set[int] = field(default_factory=set)
    asides: set[int] = field(default_factory=set)
    """Items that state nothing of this campaign."""

    @cached_property
    def encoded(self) -> str:
        return "".join(_encoded(item) for item in self.items)

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for item in self.items:
            starts.append(at)
            at += len(_encoded(item))
        return starts

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every tag and every form ("=form") that occurs."""
        return frozenset(
            each for item in self.items for each in (*item.tags, "=" + item.form.replace(" ", "_"))
        )

    def index_at(self, offset: int) -> int:
        """The item that stands at an offset of the encoded text."""
        return bisect_right(self._starts, offset) - 1

    def offset_of(self, index: int) -> int:
        """Where an item begins in the encoded text."""
        return self._starts[index] if index < len(self._starts) else len(self.encoded)

    def span(self, first: int, last: int) -> Span:
        """Characters from item `first` to item `last`, both included."""
        return (self.items[first].start, self.items[last].end)

    def words(self, first: int, last: int) -> str:
        """The text of items `first` to `last`, both included."""
        start, end = self.span(first, last)
        return self.text[start:end]

    def take(self, first: int, last: int) -> None:
        """Mark items as read, so that no other reader reads them again."""
        self.taken.update(range(first, last + 1))

    def is_free(self, first: int, last: int) -> bool:
        """Say whether no item in between has been taken."""
        return self.taken.isdisjoint(range(first, last + 1))

    def bounds(self, index: int) -> tuple[int, int]:
        """First and last item of the sentence around an item."""
        first = last = index
        while first > 0 and self.items[first - 1].stop != "S":
            first -= 1
        while last + 1 < len(self.items) and self.items[last].stop != "S":
            last += 1
        return first, last

    def before(self, index: int, count: int, *, clause: bool = False) -> Sequence[Item]:
        """Up to `count` items before an item, the nearest first, within its sentence (or clause)."""
        found: list[Item] = []
        for at in range(index - 1, max(-1, index - 1 - count), -1):
            item = self.items[at]
            if item.stop == "S" or (clause and item.stop == "C"):
                break
            found.append(item)
        return found


def _encoded(item: Item) -> str:
    return f"<{item.stop} {' '.join(sorted(item.tags))} ={item.form.replace(' ', '_')} >"


def merged(items: Sequence[Item], first: int, last: int, tags: Iterable[str], value: object = None) -> Item:
    """One item in place of items `first` to `last`, both included."""
    form = " ".join(item.form for item in items[first : last + 1])
    return Item(form, items[first].start, items[last].end, frozenset(tags), value)


def joined(items: list[Item], build: Callable[[list[Item], int], tuple[int, Item] | None]) -> list[Item]:
    """Replace every run of items that a builder reads by the one item that it makes.

    A builder looks at the items from a place on and gives the last place that it read and the item, or None.
    """
    made: list[Item] = []
    at = 0
    while at < len(items):
        found = build(items, at)
        if found is None:
            made.append(items[at])
            at += 1
        else:
            last, item = found
            made.append(item)
            at = last + 1
    return made
