"""The fields a filter may name: what each means, its kind, and where it stands in the customers table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from tools.audience.errors import UnknownFieldError

Kind = Literal["integer", "number", "text", "flag", "date", "days_since"]
"""`days_since` counts whole days from a date column to the audience's as-of date."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing known about a customer.

    `words` completes a sentence about the customer: "{words} is at least 100" for values; for a flag it is the
    whole statement and `words_false` its opposite; for `days_since` it is the verb ("last bought").
    """

    name: str
    kind: Kind
    meaning: str
    column: str
    words: str
    words_false: str = ""
    values: tuple[str, ...] = ()


def _days(name: str, column: str, words: str, meaning: str) -> Field:
    return Field(name, "days_since", meaning, column, words)


def _flag(name: str, words: str, words_false: str) -> Field:
    return Field(name, "flag", words, name, words, words_false)


def _value(name: str, kind: Kind, words: str) -> Field:
    return Field(name, kind, words, name, words)


KNOWN_FIELDS: tuple[Field, ...] = (
    _days("days_since_purchase", "last_purchase_on", "last bought", "whole days since the last purchase"),
    _value("last_purchase_on", "date", "the day of the last purchase"),
    _value("order_count", "integer", "the number of orders"),
    _value("past_year_spend", "number", "spend in the past year"),
    _flag(
        "bought_mens",
        "bought men's merchandise in the past year",
        "did not buy men's merchandise in the past year",
    ),
    _flag(
        "bought_womens",
        "bought women's merchandise in the past year",
        "did not buy women's merchandise in the past year",
    ),
    _flag(
        "new_customer",
        "first bought within the past twelve months",
        "first bought more than twelve months ago",
    ),
    _value("area", "text", "the area of the address"),
    _value("last_channel", "text", "the channel of purchase"),
    _value("country", "text", "the country"),
    _value("state", "text", "the state"),
    _value("city", "text", "the city"),
    _value("timezone", "text", "the time zone"),
    _value("locale", "text", "the language and region"),
    _value("tier", "text", "the loyalty tier"),
    _value("plan", "text", "the plan"),
    _flag("web_customer", "buys on the web", "does not buy on the web"),
    _flag("app_installed", "has the app", "does not have the app"),
    _flag("newsletter", "reads the newsletter", "does not read the newsletter"),
    _value("clv_percentile", "number", "the percentile of customer value"),
    _value("churn_score", "number", "the churn score"),
    _value("churn_decile", "integer", "the churn decile"),
    _value("half", "text", "the half of the data"),
)

_HIDDEN_COLUMNS = frozenset({"person_id", "import_id", "imported_at"})


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one workspace's customers, by name."""

    fields: Mapping[str, Field]

    def field(self, name: str) -> Field:
        """The field called `name`; raises UnknownFieldError with the known names and the closest."""
        found = self.fields.get(name)
        if found is not None:
            return found
        known = sorted(self.fields)
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UnknownFieldError(
            f"Customers have no field {name!r}.{hint} Known fields: {', '.join(known)}.", value=name
        )


def schema_of(columns: Mapping[str, Kind], values: Mapping[str, tuple[str, ...]] | None = None) -> Schema:
    """Decide which fields a filter may name, from the columns that the customers table really has.

    columns: column name -> kind as stored. values: the distinct values of text columns with few of them; a
    filter may then name no other. A date column that a `days_since` field is computed from brings that field.
    """
    seen = values or {}
    fields: dict[str, Field] = {}
    for known in KNOWN_FIELDS:
        if known.column in columns:
            kind = known.kind if known.kind == "days_since" else columns[known.column]
            fields[known.name] = replace(known, kind=kind, values=seen.get(known.column, ()))
    for column, kind in columns.items():
        if column in _HIDDEN_COLUMNS or column in fields:
            continue
        words = column.replace("_", " ")
        fields[column] = Field(
            column,
            kind,
            f"{words} (from the customers file)",
            column,
            words,
            f"not {words}",
            seen.get(column, ()),
        )
    return Schema(fields)
