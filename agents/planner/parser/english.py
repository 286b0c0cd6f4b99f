"""English vocabulary."""

from __future__ import annotations

from typing import Final

from agents.planner.parser.lexicon import Lexicon

_NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _months() -> dict[str, int]:
    months = {name: number for number, name in enumerate(_MONTHS, start=1)}
    months.update({name[:3]: number for name, number in list(months.items())})
    return {**months, "sept": 9}


def _weekdays() -> dict[str, int]:
    days = {name: number for number, name in enumerate(_WEEKDAYS)}
    days.update({name[:3]: number for name, number in list(days.items())})
    return {**days, "tues": 1, "thur": 3, "thurs": 3}


_UNITS: dict[str, float] = {"hour": 1 / 24, "hr": 1 / 24, "day": 1, "week": 7, "wk": 7}
_UNITS |= {"fortnight": 14, "month": 30, "mo": 30, "mth": 30, "quarter": 90, "year": 365, "yr": 365}

_STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "florida": "FL", "hawaii": "HI", "illinois": "IL", "indiana": "IN", "iowa": "IA",
    "kansas": "KS", "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD",
    "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS", "missouri": "MO",
    "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ",
    "new mexico": "NM", "new york state": "NY", "north carolina": "NC", "north dakota": "ND", "ohio": "OH",
    "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC",
    "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
    "washington state": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY", "idaho": "ID",
    "arkansas": "AR", "delaware": "DE",
}  # fmt: skip

# Names that are also common things (turkey, china, jordan, georgia) are left out: unsure is not read.
_COUNTRIES = {
    "germany": "DE", "austria": "AT", "switzerland": "CH", "france": "FR", "spain": "ES", "portugal": "PT",
    "italy": "IT", "netherlands": "NL", "belgium": "BE", "luxembourg": "LU", "ireland": "IE",
    "united kingdom": "GB", "uk": "GB", "great britain": "GB", "denmark": "DK", "sweden": "SE",
    "norway": "NO", "finland": "FI", "iceland": "IS", "poland": "PL", "czechia": "CZ",
    "czech republic": "CZ", "slovakia": "SK", "hungary": "HU", "romania": "RO", "bulgaria": "BG",
    "greece": "GR", "croatia": "HR", "slovenia": "SI", "estonia": "EE", "latvia": "LV", "lithuania": "LT",
    "united states": "US", "usa": "US", "us": "US", "u.s.": "US", "canada": "CA", "mexico": "MX",
    "brazil": "BR", "argentina": "AR", "chile": "CL", "colombia": "CO", "peru": "PE", "australia": "AU",
    "new zealand": "NZ", "japan": "JP", "south korea": "KR", "india": "IN", "singapore": "SG",
    "indonesia": "ID", "malaysia": "MY", "thailand": "TH", "vietnam": "VN", "philippines": "PH",
    "south africa": "ZA", "nigeria": "NG", "kenya": "KE", "egypt": "EG", "israel": "IL",
    "saudi arabia": "SA", "uae": "AE", "united arab emirates": "AE", "ukraine": "UA",
}  # fmt: skip

_CITIES = (
    "berlin hamburg munich cologne frankfurt vienna zurich geneva paris lyon madrid barcelona lisbon porto "
    "rome milan amsterdam rotterdam brussels antwerp dublin london manchester birmingham leeds glasgow "
    "edinburgh copenhagen stockholm oslo helsinki warsaw prague budapest athens chicago boston seattle "
    "houston dallas austin miami atlanta denver toronto montreal vancouver sydney melbourne brisbane "
    "auckland tokyo mumbai delhi bangalore chennai"
)

ENGLISH: Final = Lexicon(
    language="en",
    numbers={
        **{word: value for value, word in enumerate(_NUMBERS)},
        **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
        "dozen": 12,
        "couple of": 2,
    },
    scales={"hundred": 100, "thousand": 1000, "million": 1_000_000},
    unit_days=_UNITS,
    months=_months(),
    weekdays=_weekdays(),
    currencies={
        "us dollars": "USD", "australian dollars": "AUD", "canadian dollars": "CAD", "euros": "EUR",
        "euro": "EUR", "pounds sterling": "GBP", "pounds": "GBP", "quid": "GBP", "swiss francs": "CHF",
        "rupees": "INR", "yen": "JPY", "yuan": "CNY", "zloty": "PLN", "swedish kronor": "SEK",
        "danish kroner": "DKK", "norwegian kroner": "NOK", "rand": "ZAR", "reais": "BRL",
        "dollars": "$", "dollar": "$", "bucks": "$",
    },
    countries=_COUNTRIES,
    states=_STATES,
    cities=(*_CITIES.split(), "new york", "los angeles", "san francisco", "hong kong"),
)  # fmt: skip
