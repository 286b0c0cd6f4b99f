"""Reading a filter: text to a checked, frozen tree in negation-normal form.

    filter     := all | either
    either     := both ("or" both)*
    both       := one ("and" one)*
    one        := "not" one | "(" either ")" | comparison
    comparison := FIELD ("=" | "!=" | "<" | "<=" | ">" | ">=") literal
                | FIELD ["not"] "in" "[" literal ("," literal)* "]"
                | FIELD "is" ("known" | "unknown")
    literal    := number | 'text' | true | false | 2026-12-01

A comparison with a value that is not known selects nobody, negated or not, as in SQL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from tools.audience.errors import FilterSyntaxError

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is known", "is unknown"]
Value = int | Decimal | str | bool | date

LONGEST_FILTER = 4000
DEEPEST_NESTING = 30


@dataclass(frozen=True, slots=True)
class Everyone:
    """No condition: the whole customer base."""


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Everyone | Comparison | Both | Either

NEGATED: dict[Operator, Operator] = {
    "=": "!=",
    "!=": "=",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
    "is known": "is unknown",
    "is unknown": "is known",
}

COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {  # Any: Ibis columns and numpy arrays alike
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<date>\d{4}-\d{2}-\d{2})(?![\w.])
  | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
  | (?P<text>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<operator><=|>=|!=|=|<|>)
  | (?P<mark>[()\[\],])
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[Token]:
    if len(text) > LONGEST_FILTER:
        raise FilterSyntaxError(
            f"A filter may have {LONGEST_FILTER} characters; this one has {len(text)}.", value=len(text)
        )
    found: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()[:20]
            raise FilterSyntaxError(
                f"A filter cannot hold {rest!r} (character {at + 1}). Text stands in single quotes, dates as 2026-12-01.",
                value=rest,
            )
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


class _Reader:
    """One pass over the tokens; `negated` is carried down, so the tree needs no `not`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def read(self) -> Node:
        if not self._tokens:
            raise FilterSyntaxError(
                "The filter is empty. Write `all` to mean every customer.", value=self._text
            )
        if len(self._tokens) == 1 and self._tokens[0].text.lower() == "all":
            return Everyone()
        node = self._either(False, 0)
        if self._peek() is not None:
            raise self._expected("`and`, `or` or the end")
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _is(self, *words: str) -> bool:
        token = self._peek()
        return token is not None and token.kind != "text" and token.text.lower() in words

    def _take(self, *words: str) -> bool:
        if self._is(*words):
            self._next += 1
            return True
        return False

    def _expected(self, what: str) -> FilterSyntaxError:
        token = self._peek()
        found = "the end" if token is None else f"{token.text!r} at character {token.at + 1}"
        return FilterSyntaxError(
            f"In the filter {self._text!r}: expected {what}, found {found}.",
            value=None if token is None else token.text,
        )

    def _either(self, negated: bool, depth: int) -> Node:
        parts = [self._both(negated, depth)]
        while self._take("or"):
            parts.append(self._both(negated, depth))
        if len(parts) == 1:
            return parts[0]
        return Both(tuple(parts)) if negated else Either(tuple(parts))

    def _both(self, negated: bool, depth: int) -> Node:
        parts = [self._one(negated, depth)]
        while self._take("and"):
            parts.append(self._one(negated, depth))
        if len(parts) == 1:
            return parts[0]
        return Either(tuple(parts)) if negated else Both(tuple(parts))

    def _one(self, negated: bool, depth: int) -> Node:
        if depth > DEEPEST_NESTING:
            raise FilterSyntaxError(
                f"A filter may nest {DEEPEST_NESTING} deep; this one goes deeper.", value=self._text[:60]
            )
        if self._take("not"):
            return self._one(not negated, depth + 1)
        if self._take("("):
            node = self._either(negated, depth + 1)
            if not self._take(")"):
                raise self._expected("a closing parenthesis")
            return node
        return self._comparison(negated)

    def _comparison(self, negated: bool) -> Comparison:
        token = self._peek()
        if token is None or token.kind != "word" or self._is("and", "or", "in", "is", "all", "true", "false"):
            raise self._expected("a field")
        self._next += 1
        operator, values = self._test()
        return Comparison(token.text, NEGATED[operator] if negated else operator, values)

    def _test(self) -> tuple[Operator, tuple[Value, ...]]:
        if self._take("is"):
            if self._take("known"):
                return "is known", ()
            if self._take("unknown"):
                return "is unknown", ()
            raise self._expected("`known` or `unknown`")
        if self._take("not"):
            if not self._take("in"):
                raise self._expected("`in`")
            return "not in", self._list()
        if self._take("in"):
            return "in", self._list()
        for sign in COMPARE:
            if self._take(sign):
                return sign, (self._literal(),)
        raise self._expected("an operator (=, !=, <, <=, >, >=, in)")

    def _list(self) -> tuple[Value, ...]:
        if not self._take("["):
            raise self._expected("a list such as ['one', 'two']")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        if not self._take("]"):
            raise self._expected("`,` or `]`")
        return tuple(values)

    def _literal(self) -> Value:
        token = self._peek()
        if token is None:
            raise self._expected("a value")
        self._next += 1
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "number":
            return Decimal(token.text) if "." in token.text else int(token.text)
        if token.kind == "date":
            try:
                return date.fromisoformat(token.text)
            except ValueError:
                raise FilterSyntaxError(
                    f"{token.text!r} is not a day of the calendar.", value=token.text
                ) from None
        if token.kind == "word" and token.text.lower() in ("true", "false"):
            return token.text.lower() == "true"
        self._next -= 1
        raise self._expected("a value: a number, 'text', true, false or a date")


def read_filter(text: str) -> Node:
    """Read filter text into a tree without `not`; raises FilterSyntaxError naming where it stopped."""
    return _Reader(text).read()
