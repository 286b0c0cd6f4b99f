"""A text cut into words, numbers and marks, each with its place; hyphens and elisions do not hide a word."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

# Thousands may stand apart by a (narrow, no-break) space or an apostrophe. Repetitions are bounded: no text is slow.
DIGITS: Final = (
    r"(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,4}(?:[.,][0-9]{1,2})?(?![0-9]|[.,][0-9]| [0-9]{3}(?![0-9]))"
    r"|[0-9]{1,24}(?:[.,'’][0-9]{1,6}){0,5}(?![0-9]))"
)
_SLASHES: Final = re.compile(
    r" / (?!(?:[a-z]{1,2}|day|week|month|year|tag|woche|monat|mois|jour|mes|mese)\b)"
)
_TOKEN: Final = re.compile(
    r"(?P<iso>(?<![\w-])(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|20[0-9]{2}/[0-9]{2}/[0-9]{2})(?![\w-]))"
    r"|(?P<dotted>(?<![\w.,/])(?:0?[1-9]|[12][0-9]|3[01])\.\s?(?:0?[1-9]|1[0-2])\.(?:\s?(?:20)[0-9]{2}(?![0-9])|[0-9]{2}(?![0-9.,]))?)"
    r"|(?P<slashed>(?<![\w.,/])[0-3]?[0-9]/[0-3]?[0-9](?:/(?:20)?[0-9]{2})?(?![\w/%]|[.,][0-9]))"
    r"|(?P<dashed>(?<![\w.,/-])[0-3]?[0-9]-[01]?[0-9]-20[0-9]{2}(?![\w-]))"
    r"|(?P<time>(?<![\w.,:])[0-2]?[0-9]:[0-5][0-9](?![0-9:]))"
    rf"|(?P<number>{DIGITS})(?:[.,][-–]{{1,2}}(?![0-9A-Za-z]))?"
    r"|(?P<symbol>(?<![A-Za-z])(?i:US|AU|NZ|HK|CA|A|C|S|R)\$|[$€£₹¥₩₺₪￥%+&/@#<>=])"
    r"|(?P<han>[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])"
    r"|(?P<word>[^\W\d_\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+(?:'[^\W\d_]+)*)"
    r"|(?P<dash>->|[-–—→]|\.{2,3}(?=\s?[0-9]))|(?P<mark>[.!?;:,()\"“”„«»\n•·*|…\[\]?。、，！？])"
)
_ELIDED: Final = re.compile(
    r"(?:l|d|n|qu|s|j|c|m|t|dell|nell|all|dall|sull|quell|un|dev|dov|jusqu|lorsqu|puisqu|quest|coll|degl|c)'(?=\w)",
    re.I,
)
_CLITIC: Final = re.compile(r"'(?:s|re|ve|ll|d|m)$", re.I)
_AS_WRITTEN: Final = frozenset(["number", "iso", "dotted", "slashed", "dashed"])
_ABBREVIATED: Final = frozenset(
    [
        "jan",
        "feb",
        "mar",
        "mrz",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "okt",
        "ott",
        "nov",
        "dec",
        "dez",
        "dic",
        "fev",
        "fevr",
        "avr",
        "janv",
        "juil",
        "ene",
        "abr",
        "ago",
        "set",
        "out",
        "mag",
        "giu",
        "lug",
        "gen",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "max",
        "min",
        "ca",
        "approx",
        "nr",
        "no",
        "rs",
        "fr",
        "sfr",
        "inkl",
        "incl",
        "st",
        "tsd",
        "mio",
        "mn",
        "mr",
        "mrs",
        "dr",
        "art",
        "bzw",
        "vs",
        "resp",
        "env",
        "kr",
    ]
)
# What German writes with a capital behind the full stop of an ordinal ("1. Dezember", "2. Kauf"); another capital opens a sentence.
_COUNTED_IN_ORDER: Final = re.compile(
    r"(?:jan|feb|mär|maer|mrz|apr|mai|jun|jul|aug|sep|okt|oct|nov|dez|dec)[a-zä]*\b"
    r"|(?:january|february|march|april|may|june|july|august|december)\b"
    r"|[a-zäöüß]*(?:quartal|halbjahr|hälfte|advent|woche|tag|kauf|kaufs|einkauf|bestellung|order|mal|monat|jahr|stufe|schritt|feiertag)s?\b",
    re.I,
)
_MONTHS_BEFORE: Final = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?"
)
_SCALES: Final = frozenset(["tsd", "mio", "mrd", "mn", "mln"])
_NAMES: Final = {"<": "lt", ">": "gt", "=": "eq"}
_STOPS: Final = frozenset(".!?;\n•…。！？")
_FOLDS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "’": "'"}
)


class Token(NamedTuple):
    """A piece of the text: its kind, its plain lower-case form, and its place [start, end)."""

    kind: str
    form: str
    start: int
    end: int


def plain(text: str) -> str:
    """Lower-case letters without accents, so that "Février", "fevrier" and "FÉVRIER" are one word."""
    lowered = text.lower().translate(_FOLDS)
    if lowered.isascii():
        return lowered
    kept = (mark for mark in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(mark))
    return unicodedata.normalize("NFC", "".join(kept))


def tokenise(text: str) -> list[Token]:
    """Cut a text into tokens in order; a hyphen between letters and a full stop of an abbreviation are dropped."""
    tokens: list[Token] = []
    listed = len(_SLASHES.findall(text)) >= 3
    for match in _TOKEN.finditer(text):
        kind, start, end = str(match.lastgroup), match.start(), match.end()
        if kind == "word":
            # "all'11 dicembre": an elided word before a number.
            end += text[end : end + 1] == "'" and text[end + 1 : end + 2].isdigit()
            tokens.extend(_words(text, start, end))
        elif kind == "dash":
            if not _is_hyphen(text, start, end):
                tokens.append(Token("dash", "-", start, end))
        elif match.group() == "|" or (match.group() == "/" and listed and text[start - 1 : end + 1] == " / "):
            # A table sets a name apart from its value, a terse list of three and more its parts.
            tokens.append(Token("mark", ":" if match.group() == "|" else ",", start, end))
        elif match.group() == "/" and "//" in text[max(0, start - 1) : end + 1]:
            tokens.append(Token("mark", ",", start, end))
        elif kind == "mark" and match.group() in _STOPS:
            if not _is_abbreviation(text, start, tokens):
                tokens.append(Token("stop", match.group(), start, end))
        else:
            end = match.end(kind)
            form = (
                match.group(kind)
                if kind in _AS_WRITTEN
                else _NAMES.get(match.group()) or plain(match.group())
            )
            tokens.append(Token(kind, form, start, end))
    return tokens


def _words(text: str, start: int, end: int) -> list[Token]:
    found: list[Token] = []
    while elided := _ELIDED.match(text, start, end):
        found.append(Token("word", plain(elided.group()), start, elided.end()))
        start = elided.end()
    clitic = _CLITIC.search(text, start, end)
    stem = clitic.start() if clitic and clitic.start() > start else end
    found.append(Token("word", plain(text[start:stem]), start, stem))
    if stem < end:
        found.append(Token("word", plain(text[stem:end]), stem, end))
    return found


def _is_hyphen(text: str, start: int, end: int) -> bool:
    """A dash inside a word ("e-mail", "6-month") joins; between numbers or blanks it is a mark of its own."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (before.isalnum() and after.isalpha()) or (before.isalpha() and after.isalnum())


def _is_abbreviation(text: str, at: int, tokens: list[Token]) -> bool:
    """A full stop before a small letter or digit, or after an ordinal number, ends no sentence."""
    if text[at] != ".":
        return False
    following = text[at + 1 : at + 2]
    if following in ("-", "–", "/") and tokens and tokens[-1].kind == "number":
        return True
    if following and not following.isspace() and following not in "\"'”’»)":
        return following.isalnum() and not following.isupper()
    last = tokens[-1] if tokens else None
    nearest = text[at + 1 :].lstrip()[:1]
    if last is None or last.end != at:
        return False
    if last.kind == "number" and len(last.form) <= 2:
        return _is_ordinal_dot(text, at, tokens)
    if last.form in _SCALES and len(tokens) > 1 and tokens[-2].kind == "number":
        return True
    return last.kind == "word" and (
        (last.form in _ABBREVIATED and not nearest.isupper())
        or (len(last.form) <= 4 and (nearest.islower() or nearest in ",)"))
    )


def _is_ordinal_dot(text: str, at: int, tokens: list[Token]) -> bool:
    """Say whether the full stop behind a short number makes an ordinal of it; behind "Dec 17" it ends the sentence."""
    rest = text[at + 1 :].lstrip(" ")
    if rest[:1] in ("-", "–"):
        return True
    before = tokens[-2] if len(tokens) > 1 else None
    if before is not None and before.kind == "word" and _MONTHS_BEFORE.fullmatch(before.form):
        return False
    return rest[:1].islower() or (rest[:1].isupper() and _COUNTED_IN_ORDER.match(rest) is not None)
