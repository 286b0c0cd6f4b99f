"""Give the words of a text their meanings: the longest phrase of the lexicon, misspellings put right."""

from __future__ import annotations

from collections.abc import Sequence

from agents.planner.parser.items import Item
from agents.planner.parser.spelling import SHORTEST, meant
from agents.planner.parser.tokens import Token
from agents.planner.parser.vocabulary import Vocabulary, vocabulary

_COMMAS = frozenset(',()[]«»"“”„|、，*·')
_PLAIN_TAGS = {"number": "DIGITS", "iso": "ISO", "dotted": "DOTTED", "slashed": "SLASHED", "dashed": "DASHED",
               "time": "TIME", "dash": "DASH"}  # fmt: skip
# Function words of English say nothing in a text of another language.
_EXACT = frozenset(["NOT", "NO", "EXCEPT", "ONLY", "WITHOUT", "AND", "OR", "FUNC"])


def tag(tokens: Sequence[Token], words: Vocabulary) -> list[Item]:
    """One item a phrase or token, in order; words unknown to the language are looked up in English last."""
    tokens = [
        each._replace(form=meant(each.form, words.language)) if each.kind == "word" else each
        for token in tokens
        for each in _of_month(token, words)
    ]
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        length, tags = _longest(tokens, at, words)
        if not length and words.language != "en" and len(tokens[at].form) >= SHORTEST:
            length, tags = _longest(tokens, at, vocabulary("en"))
            tags = tags - _EXACT
        if not length:
            items.append(_single(tokens[at]))
            at += 1
            continue
        run = tokens[at : at + length]
        base = _PLAIN_TAGS.get(run[0].kind) if length == 1 else None
        stop = _stop(run[0]) if length == 1 else "W"
        form = " ".join(token.form for token in run)
        items.append(Item(form, run[0].start, run[-1].end, tags | {base} if base else tags, None, stop))
        at += length
    return items


def _of_month(token: Token, words: Vocabulary) -> list[Token]:
    """ "Dezemberwoche", "Januartage": the month and the part of it, which other languages write as two words."""
    if token.kind != "word" or len(token.form) < 8 or token.form in words.spelt:
        return [token]
    for length in range(len(token.form) - 3, 3, -1):
        month, part = token.form[:length], token.form[length:]
        if part in words.month_parts and any("MONTH" in tags for _, tags in words.phrases.get(month, ())):
            middle = token.start + length
            return [Token("word", month, token.start, middle), Token("word", part, middle, token.end)]
    return [token]


def _longest(tokens: Sequence[Token], at: int, words: Vocabulary) -> tuple[int, frozenset[str]]:
    best, tags = 0, frozenset[str]()
    for phrase, carried in words.candidates(tokens[at].form):
        if len(phrase) < best or at + len(phrase) > len(tokens):
            continue
        if all(_matches(tokens[at + step].form, word) for step, word in enumerate(phrase)):
            tags = tags | carried if len(phrase) == best else carried
            best = len(phrase)
    return best, tags


def _matches(form: str, word: str) -> bool:
    return form.startswith(word[:-1]) if word.endswith("*") else form == word


def _stop(token: Token) -> str:
    if token.kind == "stop":
        return "S"
    return "C" if token.kind == "mark" and token.form in _COMMAS else "W"


def _single(token: Token) -> Item:
    stop = _stop(token)
    base = _PLAIN_TAGS.get(token.kind)
    tags = frozenset([base]) if base else frozenset[str]()
    return Item(token.form, token.start, token.end, tags, None, stop)
