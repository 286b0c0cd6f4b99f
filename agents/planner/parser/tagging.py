"""Give the words of a text their meanings: the longest phrase of the lexicon, else a misspelling of one word."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from agents.planner.parser.items import Item
from agents.planner.parser.tokens import Token
from agents.planner.parser.vocabulary import Vocabulary, vocabulary

_COMMAS = frozenset(",():[]«»\"“”„|、，*")
_PLAIN_TAGS = {"number": "DIGITS", "iso": "ISO", "dotted": "DOTTED", "slashed": "SLASHED", "dashed": "DASHED",
               "time": "TIME", "dash": "DASH"}  # fmt: skip
# Too much hangs on these words to take a neighbour in spelling for them.
_EXACT = frozenset(["NOT", "NO", "EXCEPT", "ONLY", "WITHOUT", "AND", "OR", "FUNC"])
SHORTEST_MISSPELT = 5


def tag(tokens: Sequence[Token], words: Vocabulary) -> list[Item]:
    """One item a phrase or token, in order; words unknown to the language are looked up in English last."""
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        length, tags = _longest(tokens, at, words)
        if not length and words.language != "en" and len(tokens[at].form) >= SHORTEST_MISSPELT:
            length, tags = _longest(tokens, at, vocabulary("en"))
            tags = tags - _EXACT
        if not length:
            items.append(_single(tokens[at], words))
            at += 1
            continue
        run = tokens[at : at + length]
        base = _PLAIN_TAGS.get(run[0].kind) if length == 1 else None
        stop = _stop(run[0]) if length == 1 else "W"
        form = " ".join(token.form for token in run)
        items.append(Item(form, run[0].start, run[-1].end, tags | {base} if base else tags, None, stop))
        at += length
    return items


def _longest(tokens: Sequence[Token], at: int, words: Vocabulary) -> tuple[int, frozenset[str]]:
    best, tags = 0, frozenset[str]()
    for phrase, meant in words.candidates(tokens[at].form):
        if len(phrase) < best or at + len(phrase) > len(tokens):
            continue
        if all(_matches(tokens[at + step].form, word) for step, word in enumerate(phrase)):
            tags = tags | meant if len(phrase) == best else meant
            best = len(phrase)
    return best, tags


def _matches(form: str, word: str) -> bool:
    return form.startswith(word[:-1]) if word.endswith("*") else form == word


def _stop(token: Token) -> str:
    if token.kind == "stop":
        return "S"
    return "C" if token.kind == "mark" and token.form in _COMMAS else "W"


def _single(token: Token, words: Vocabulary) -> Item:
    stop = _stop(token)
    base = _PLAIN_TAGS.get(token.kind)
    tags = frozenset([base]) if base else frozenset[str]()
    if token.kind == "word" and not tags:
        tags = _meant(token.form, words.language)
    return Item(token.form, token.start, token.end, tags, None, stop)


@lru_cache(maxsize=4096)
def _meant(form: str, language: str) -> frozenset[str]:
    """The meanings of the one word that a misspelt word differs from by a slip of a key."""
    if len(form) < SHORTEST_MISSPELT:
        return frozenset()
    from rapidfuzz.distance import OSA

    known = vocabulary(language).words
    slips = 1 if len(form) < 9 else 2
    best, nearest = slips + 1, list[str]()
    for word in known:
        if word[0] != form[0] or abs(len(word) - len(form)) > slips:
            continue
        distance = OSA.distance(word, form, score_cutoff=slips)
        if distance < best:
            best, nearest = distance, [word]
        elif distance == best:
            nearest.append(word)
    meanings = {known[word] for word in nearest}
    if best > slips or len(meanings) != 1 or _is_another_form(form, nearest[0]):
        return frozenset()
    tags = meanings.pop()
    return frozenset() if tags & _EXACT else tags


def _is_another_form(form: str, word: str) -> bool:
    """ "Lists" is the plural of a word, not "lasts" misspelt: only an ending changed, or a first vowel of five."""
    return len(form) == len(word) == SHORTEST_MISSPELT and sum(a != b for a, b in zip(form, word, strict=True)) == 1
