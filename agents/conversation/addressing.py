"""Which campaign of a conversation a turn is about: "for the jackets campaign", "the other one", "in the first one"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from agents.conversation.standing import Spoken, Standing
from agents.conversation.vocabulary import Token, tokens_of, vocabulary

_REACH: Final = 6
_STEM: Final = 4


class Address(NamedTuple):
    """The campaign that is named, and the token that comes after; no campaign where the words fit several."""

    campaign: Spoken | None
    after: int
    words: str


def address_in(text: str, tokens: Sequence[Token], first: int, standing: Standing) -> Address | None:
    """Return the campaign that a turn names from token `first` on; None where it names none."""
    other = vocabulary().at("other_one", tokens, first)
    lead = vocabulary().at("campaign_lead", tokens, first)
    if other is None and lead is not None:
        other = vocabulary().at("other_one", tokens, lead.last)
    if other is not None and standing.campaigns:
        others = [each for each in standing.campaigns if each.campaign_id != standing.current]
        return Address(
            others[0] if len(others) == 1 else None, other.last, _words(text, tokens, first, other.last)
        )
    start = lead.last if lead is not None else first
    place = _named(text, tokens, start, led=lead is not None)
    if place is None:
        return None
    names, after = place
    found = matching(names, standing.campaigns)
    if not found:
        return None
    return Address(found[0] if len(found) == 1 else None, after, " ".join(names))


def matching(names: Sequence[str], campaigns: Sequence[Spoken]) -> list[Spoken]:
    """Return the campaigns that the words fit best: by their place in the order, else by their own words; [] for none."""
    ordinals = vocabulary().phrases["ordinal"]
    for name in names:
        if (name,) in ordinals:
            place = int(ordinals[(name,)])
            wanted = place - 1 if place > 0 else len(campaigns) - 1
            return [campaigns[wanted]] if 0 <= wanted < len(campaigns) else []
    scores = [(_score(names, each), each) for each in campaigns]
    best = max((score for score, _ in scores), default=0)
    return [each for score, each in scores if score == best] if best else []


def _named(text: str, tokens: Sequence[Token], start: int, *, led: bool) -> tuple[list[str], int] | None:
    """The words that name a campaign and the token after them: before the noun, else after it up to a comma or colon."""
    words = vocabulary()
    end = min(start + _REACH, len(tokens))
    noun = next((at for at in range(start, end) if words.at("campaign_nouns", tokens, at)), None)
    if noun is None:
        return None
    articles = words.phrases["articles"]
    names = [token.word for token in tokens[start:noun] if (token.word,) not in articles]
    after = noun + 1
    if not names:
        while after < len(tokens) and not _pauses(text, tokens, after - 1):
            names.append(tokens[after].word)
            after += 1
        names = [name for name in names if (name,) not in articles]
    if not led and not _pauses(text, tokens, after - 1):
        return None
    return (names, after) if names else None


def _pauses(text: str, tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].start if at + 1 < len(tokens) else len(text)
    return any(sign in ",:;—" for sign in text[tokens[at].end : following])


def _score(names: Sequence[str], campaign: Spoken) -> int:
    own = {token.word for token in tokens_of(f"{campaign.name} {campaign.text}")}
    return sum(1 for name in names if len(name) >= _STEM - 1 and any(_same(name, word) for word in own))


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= _STEM and long.startswith(short) and len(long) - len(short) <= 2


def _words(text: str, tokens: Sequence[Token], first: int, last: int) -> str:
    return text[tokens[first].start : tokens[last - 1].end]
