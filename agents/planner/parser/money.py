"""Amounts of money and which of them is the budget."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.lexicon import Lexicon, one_of
from agents.planner.parser.numbers import DIGITS, WORDS, read_number
from agents.planner.parser.reading import Reading, Span

CODES = frozenset(
    [
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "JPY",
        "CNY",
        "INR",
        "AUD",
        "CAD",
        "NZD",
        "SGD",
        "HKD",
        "SEK",
        "NOK",
        "DKK",
        "ISK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "BGN",
        "TRY",
        "ILS",
        "AED",
        "SAR",
        "QAR",
        "KWD",
        "ZAR",
        "NGN",
        "KES",
        "EGP",
        "MAD",
        "BRL",
        "MXN",
        "ARS",
        "CLP",
        "COP",
        "PEN",
        "KRW",
        "TWD",
        "THB",
        "IDR",
        "MYR",
        "PHP",
        "VND",
        "PKR",
        "BDT",
        "LKR",
        "UAH",
        "RUB",
    ]
)
DOLLARS = frozenset(["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"])
_SYMBOLS = {
    "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "s$": "SGD",
    "hk$": "HKD", "r$": "BRL", "$": "$", "€": "EUR", "£": "GBP", "₹": "INR", "rs.": "INR", "¥": "¥",
    "₩": "KRW", "₺": "TRY", "₪": "ILS", "zł": "PLN", "fr.": "CHF", "sfr.": "CHF", "kr": "kr",
}  # fmt: skip
# What a symbol shared by several currencies may mean; the home's own currency decides, else the first.
_SHARED = {
    "$": ("USD", DOLLARS),
    "¥": ("JPY", frozenset({"JPY", "CNY"})),
    "kr": (None, frozenset({"SEK", "NOK", "DKK", "ISK"})),
}
_MULTIPLIERS = {
    "k": 1_000, "grand": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000, "million": 1_000_000,
    "lakh": 100_000, "lakhs": 100_000, "crore": 10_000_000, "crores": 10_000_000, "thousand": 1_000,
    "万": 10_000,
}  # fmt: skip
MAX_AMOUNT = Decimal(10) ** 12

_SYMBOL = one_of(_SYMBOLS)
_AFTER = rf"(?:{one_of([*ENGLISH.currencies, *(code.lower() for code in CODES)])})(?![a-z])|{_SYMBOL}"
_BEFORE = rf"(?:{one_of([code.lower() for code in CODES])})(?![a-z])|{_SYMBOL}"
_MULTIPLIER = rf"(?:{one_of(_MULTIPLIERS)})(?![a-z])"
_MONEY = re.compile(
    rf"(?<![\w.,%€£$])(?:(?P<before>{_BEFORE})\s?)?"
    rf"(?P<number>{DIGITS}|(?:{WORDS})(?![a-z]))(?:\s?(?P<scale>{_MULTIPLIER}))?"
    rf"(?:\s?(?P<after>{_AFTER}))?(?:\.-|,-)?",
    re.IGNORECASE,
)
_CURRENCY_WORD = re.compile(rf"(?<![a-z])(?:{_AFTER})", re.IGNORECASE)


class Money(NamedTuple):
    """An amount in major units with the currency it carries, None when the text names none."""

    amount: Decimal
    currency: str | None
    start: int
    end: int
    scaled: bool = False

    @property
    def span(self) -> Span:
        return (self.start, self.end)


def currency_of(mark: str, home: str | None, lexicon: Lexicon = ENGLISH) -> str | None:
    """The ISO code a symbol, code or word stands for; a bare $ is USD unless the home has another dollar."""
    mark = mark.strip().lower()
    named = lexicon.currencies.get(mark) or _SYMBOLS.get(mark) or mark.upper()
    if named in _SHARED:
        default, family = _SHARED[named]
        return home if home in family else default
    return named if named in CODES else None


def find_currency(text: str, home: str | None) -> Reading | None:
    """The last currency named in the text, as an answer to "which currency?"."""
    found = None
    for match in _CURRENCY_WORD.finditer(text):
        code = currency_of(match.group(), home)
        if code is not None:
            found = Reading("currency", code, match.start(), match.end())
    return found


def find_amounts(text: str, home: str | None) -> list[Money]:
    """Every number that could be money, in order; negative and unreadably large ones are left out."""
    found = []
    for match in _MONEY.finditer(text):
        amount = read_number(match["number"])
        if amount is None:
            continue
        if match["scale"]:
            amount = _scaled(match["number"], amount) * _MULTIPLIERS[match["scale"].lower()]
        if amount > MAX_AMOUNT or _is_negative(text, match.start()):
            continue
        mark = match["before"] or match["after"]
        currency = currency_of(mark, home) if mark else None
        end = match.end()
        amount = amount.quantize(Decimal("0.01"))
        found.append(Money(amount, currency, match.start(), end, bool(match["scale"])))
    return found


def _scaled(written: str, amount: Decimal) -> Decimal:
    """Before a multiplier a single separator is decimal: "1.250m" is one and a quarter million."""
    if re.fullmatch(r"[0-9]+[.,][0-9]{3}", written):
        return Decimal(written.replace(",", "."))
    return amount


def _is_negative(text: str, start: int) -> bool:
    return bool(re.search(r"(?:^|\s)[-−]$", text[max(0, start - 2) : start]))
