"""Whether a value that a model gives stands in the words it quotes for it."""

from __future__ import annotations

import re
from decimal import Decimal

from agents.planner.brief import Channel

Span = tuple[int, int]
_DIGITS = re.compile(r"\d+(?:[.,'’ \u00a0]\d+)*")
# days in one of a marketer's units of time, as briefs count them
_DAYS = (1, 7, 30, 90, 365)
_CHANNEL_WORDS: dict[Channel, tuple[str, ...]] = {
    "email": ("mail",),
    "sms": ("sms", "text"),
    "push": ("push",),
    "in_app": ("app",),
}


def quoted_span(text: str, quote: str) -> Span | None:
    """Return where a quote stands in a text, whatever its blanks and capitals; None where it does not.

    >>> quoted_span("Budget  $2,000, e-mail", "budget $2,000")
    (0, 14)
    """
    words = [re.escape(word) for word in quote.split()]
    found = re.search(r"\s+".join(words), text, re.IGNORECASE) if words else None
    return None if found is None else found.span()


def has_amount(quote: str, amount: float) -> bool:
    """Say whether a quote shows an amount's digits; how many zeros follow them (2k, 2.000, 1.2 lakh) is not judged here.

    >>> has_amount("about 1.2 lakh", 120_000), has_amount("$2,000", 2_500)
    (True, False)
    """
    wanted = _significant(format(Decimal(str(amount)), "f"))
    return bool(wanted) and any(_significant(number) == wanted for number in _numbers(quote))


def has_number(quote: str, number: int) -> bool:
    """Say whether a quote holds a whole number."""
    return any(found.isdigit() and int(found) == number for found in re.findall(r"\d{1,9}", quote))


def has_days(quote: str, days: int) -> bool:
    """Say whether a quote holds a number that is so many days in days, weeks, months, quarters or years."""
    return any(days % unit == 0 and has_number(quote, days // unit) for unit in _DAYS)


def names_channel(quote: str, channel: Channel) -> bool:
    """Say whether a quote holds a word for a channel."""
    return any(word in quote.casefold() for word in _CHANNEL_WORDS[channel])


def _numbers(quote: str) -> list[str]:
    return _DIGITS.findall(quote)


def _significant(number: str) -> str:
    return re.sub(r"\D", "", number).strip("0")
