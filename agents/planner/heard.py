"""What a language model reads in a brief: each value with the words it was read from, in a closed schema."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agents.planner.brief import Channel, ObjectiveCode

AudienceKey = Literal[
    "days_since_purchase_min",
    "days_since_purchase_max",
    "order_count",
    "cart_abandoned_days_max",
    "trial_ends_within_days",
    "delivered_within_days",
    "bought_category",
    "tier",
    "plan",
    "city",
    "segment",
]


class HearTask(BaseModel):
    """The marketer's words, and the day that relative dates count from."""

    model_config = ConfigDict(frozen=True)

    text: str
    today: date
    currency: str


class _Quoted(BaseModel):
    model_config = ConfigDict(frozen=True)

    quote: str = Field(
        min_length=1, max_length=400, description="the words it is read from, copied as they stand"
    )


class HeardObjective(_Quoted):
    code: ObjectiveCode


class HeardBudget(_Quoted):
    amount: float = Field(gt=0, le=1e12, allow_inf_nan=False)
    currency: str | None = Field(default=None, description="ISO code, null where none is stated")

    @field_validator("currency")
    @classmethod
    def _is_a_code(cls, code: str | None) -> str | None:
        if code is not None and not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise ValueError("a currency is an ISO code of three letters, or null")
        return None if code is None else code.upper()


class HeardDay(_Quoted):
    day: date


class HeardChannel(_Quoted):
    channel: Channel


class HeardFilter(_Quoted):
    """One filter of the audience. N months are 30·N days."""

    key: AudienceKey
    value: int | str


class Heard(BaseModel):
    """What the text states; null or empty where it does not say."""

    model_config = ConfigDict(frozen=True)

    objective: HeardObjective | None = None
    budget: HeardBudget | None = None
    start: HeardDay | None = None
    end: HeardDay | None = None
    channels: tuple[HeardChannel, ...] = Field(default=(), max_length=8)
    audience: tuple[HeardFilter, ...] = Field(default=(), max_length=12)


class HeardBy(BaseModel):
    """What was heard and which model heard it; without one, no model gave a usable answer."""

    model_config = ConfigDict(frozen=True)

    model: str | None = None
    heard: Heard = Heard()
