"""Countries, states and cities that an audience is limited to."""

from __future__ import annotations

import re

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.lexicon import one_of
from agents.planner.parser.reading import Reading

_DEMONYMS = {
    "german": "DE", "austrian": "AT", "swiss": "CH", "french": "FR", "spanish": "ES", "portuguese": "PT",
    "italian": "IT", "dutch": "NL", "belgian": "BE", "irish": "IE", "british": "GB", "danish": "DK",
    "swedish": "SE", "norwegian": "NO", "finnish": "FI", "polish": "PL", "czech": "CZ", "american": "US",
    "canadian": "CA", "mexican": "MX", "brazilian": "BR", "australian": "AU", "japanese": "JP",
    "indian": "IN",
}  # fmt: skip
_PEOPLE = (
    r"(?:customers|subscribers|users|shoppers|members|buyers|clients|audience|market|leads|accounts|base)"
)
_PLACES = {
    **{name: ("countries", code) for name, code in ENGLISH.countries.items()},
    **{name: ("states", code) for name, code in ENGLISH.states.items()},
    **{name: ("city", name.title()) for name in ENGLISH.cities},
}
_NAME = rf"(?:{one_of(_PLACES)})(?![A-Za-z])"
_IN = re.compile(
    rf"\b(?:in|from|across|throughout|within|living in|based in|only)\s(?:the )?(?P<list>{_NAME}"
    rf"(?:\s?(?:,|and|or|&|, and)\s?(?:the )?{_NAME}){{0,30}})",
    re.IGNORECASE,
)
_BY_DEMONYM = re.compile(rf"\b(?P<name>{one_of(_DEMONYMS)})\s(?:\w+\s)?{_PEOPLE}\b", re.IGNORECASE)
_BY_NAME = re.compile(rf"\b(?P<name>{_NAME})\s(?:\w+\s)?{_PEOPLE}\b", re.IGNORECASE)
_ONE = re.compile(_NAME, re.IGNORECASE)


def find_places(text: str) -> list[Reading]:
    """Read the places people are limited to; "us" is a country only in capitals."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for match in _IN.finditer(text):
        for name in _ONE.finditer(text, match.start("list"), match.end("list")):
            _keep(found, name.group(), *name.span())
    for match in _BY_NAME.finditer(text):
        _keep(found, match["name"], *match.span("name"))
    for match in _BY_DEMONYM.finditer(text):
        found.setdefault("countries", []).append((_DEMONYMS[match["name"].lower()], *match.span("name")))
    return [_reading(key, places) for key, places in found.items()]


def _keep(found: dict[str, list[tuple[str, int, int]]], name: str, start: int, end: int) -> None:
    if name.lower() == "us" and name != "US":
        return
    key, code = _PLACES[name.lower()]
    found.setdefault(key, []).append((code, start, end))


def _reading(key: str, places: list[tuple[str, int, int]]) -> Reading:
    places.sort(key=lambda place: place[1])
    codes = list(dict.fromkeys(code for code, _, _ in places))
    value: object = codes[0] if key == "city" and len(codes) == 1 else codes
    return Reading(f"audience.{key}", value, places[0][1], max(end for _, _, end in places), 0.9)
