"""What a marketer wants kept for later briefs: a closed set of preferences and facts, so that nothing of a customer is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.comments.asks import Reading as ReadBy
from agents.comments.reader import sentences
from agents.conversation.vocabulary import Token, tokens_of, vocabulary
from agents.planner.brief import Channel, Tone
from agents.planner.parser.extract import extract
from policies.figures import unsourced_numbers
from policies.privacy import holds_address

LONGEST_SIGNATURE: Final = 60
_SIGNATURE_ENDS: Final = re.compile(r"[,;!?\n]|\.(?:\s|$)")
_QUOTES: Final = " \"'“”„«»‘"


class _Fact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NeverChannel(_Fact):
    """A channel that is never used."""

    kind: Literal["never_channel"] = "never_channel"
    channel: Channel


class UsualTone(_Fact):
    """The tone that messages are written in."""

    kind: Literal["tone"] = "tone"
    tone: Tone


class UsualHoldout(_Fact):
    """The share of an audience that is held out, 0 to 1."""

    kind: Literal["holdout"] = "holdout"
    share: Decimal = Field(ge=0, lt=1)


class Signature(_Fact):
    """What messages are signed with."""

    kind: Literal["signature"] = "signature"
    name: str = Field(min_length=1, max_length=LONGEST_SIGNATURE)


class FiscalYear(_Fact):
    """The month, 1 to 12, that the fiscal year starts in."""

    kind: Literal["fiscal_year"] = "fiscal_year"
    month: int = Field(ge=1, le=12)


Fact = Annotated[
    NeverChannel | UsualTone | UsualHoldout | Signature | FiscalYear, Field(discriminator="kind")
]
KINDS: Final = "channels never to use, the usual tone, the usual holdout, how messages are signed, when the fiscal year starts"


class Noted(BaseModel):
    """One fact and the words that said it."""

    model_config = ConfigDict(frozen=True)

    fact: Fact
    words: str


def facts_in(text: str, by: ReadBy) -> tuple[Noted, ...]:
    """Return what the sentences of a text ask to be remembered; nothing else can be kept, whatever is said."""
    found: dict[tuple[str, str], Noted] = {}
    for words in sentences(text):
        for fact in _facts(words, by):
            key = (fact.kind, getattr(fact, "channel", ""))
            found[key] = Noted(fact=fact, words=words)
    return tuple(found.values())


def asks_to_remember(tokens: Sequence[Token], first: int) -> bool:
    """Whether a turn begins, from a token on, with words that ask to keep something."""
    return vocabulary().at("remember", tokens, first) is not None


def _facts(words: str, by: ReadBy) -> list[Fact]:
    tokens = tokens_of(words)
    known = vocabulary()
    sign = known.anywhere("sign", tokens)
    if sign is not None and sign.last < len(tokens):
        signature = _signature(words[tokens[sign.last].start :])
        return [signature] if signature is not None else []
    month = known.anywhere("month", tokens)
    if known.anywhere("fiscal", tokens) is not None and month is not None:
        return [FiscalYear(month=int(month.value))]
    facts: list[Fact] = []
    never = known.anywhere("never", tokens)
    if never is not None:
        channels = (known.at("channel", tokens, at) for at in range(never.last, len(tokens)))
        facts += [
            NeverChannel.model_validate({"channel": each.value}) for each in channels if each is not None
        ]
    share = extract(words, by.today, by.currency, by.policy).value("constraints.holdout")
    if isinstance(share, Decimal) and 0 <= share < 1:
        facts.append(UsualHoldout(share=share))
    tone = known.anywhere("tone", tokens)
    if tone is not None and not facts:
        facts.append(UsualTone.model_validate({"tone": tone.value}))
    return facts


def _signature(text: str) -> Signature | None:
    """The name up to the end of the clause; never an address or a number, which messages may not hold."""
    name = _SIGNATURE_ENDS.split(text, maxsplit=1)[0].strip(_QUOTES)
    unfit = holds_address(name) or unsourced_numbers(name, {}) or set(text) & set("{}<>")
    if not name or len(name) > LONGEST_SIGNATURE or unfit:
        return None
    return Signature(name=name)
