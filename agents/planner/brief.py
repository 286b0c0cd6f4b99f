"""The brief record: what a marketer stated, where it was read, what is refused and what must be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_serializer,
)

from policies.errors import InvalidInputError
from policies.refusals import FrequencyCap, Refusal, Span
from policies.workspace_rules import SENSITIVE

Action = Literal["plan", "plan_with_refusal", "clarify", "refuse"]
Channel = Literal["email", "sms", "push", "in_app"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
ObjectiveCode = Literal[
    "winback",
    "activation",
    "repeat_purchase",
    "product_promotion",
    "product_launch",
    "seasonal_promotion",
    "retention",
    "renewal",
    "cart_recovery",
    "conversion",
    "trial_conversion",
    "upsell",
    "cross_sell",
    "aov_growth",
    "loyalty",
    "engagement",
    "event_registration",
    "opt_in_growth",
    "review_collection",
    "app_install",
    "acquisition",
    "pricing",
    "multi",
]
OBJECTIVE_CODES: tuple[ObjectiveCode, ...] = get_args(ObjectiveCode)
Tone = Literal["bold", "warm", "plain", "playful", "formal"]
SlotSource = Literal["rule", "label", "model", "person"]
Currency = Annotated[str, Field(min_length=3, max_length=3)]
MODEL_NAME = "embedded-rules/1"


def _as_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


# Decimal inside, a plain JSON number outside: the contract compares amounts to the cent.
# The schema says "number" without the pattern pydantic would add: some model servers refuse patterns.
Number = Annotated[
    Decimal,
    Field(allow_inf_nan=False),
    PlainSerializer(_as_number, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
Amount = Annotated[Number, Field(ge=0)]


class BriefError(InvalidInputError):
    """A brief, or an answer to a question about it, cannot be read at all."""

    code = "brief_unreadable"


class EmptyBriefError(BriefError):
    """The brief holds no text."""

    code = "brief_empty"


class BriefTooLongError(BriefError):
    """The brief is longer than a brief may be."""

    code = "brief_too_long"


class AnswerNotUnderstoodError(BriefError):
    """The answer does not say what the question asked for."""

    code = "answer_not_understood"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sparse(_Record):
    """A record that shows only what was stated: absent keys are not printed as null."""

    @model_serializer(mode="wrap")
    def _stated_only(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        stated: dict[str, object] = handler(self)
        return {key: value for key, value in stated.items() if value is not None}


class Kpi(_Sparse):
    """What success is counted in; rates are fractions, `relative_lift` 0.10 means ten percent more."""

    name: str
    baseline: Number | None = None
    target: Number | None = None
    relative_lift: Number | None = None


class Budget(_Sparse):
    """Money in major units; `max` says that the amount was stated as an upper limit."""

    amount: Amount
    currency: Currency | None = None
    period: Literal["day", "week", "month", "quarter", "year"] | None = None
    per_day: Amount | None = None
    split: dict[str, Number] | None = None
    max: bool | None = None

    @model_serializer(mode="wrap")
    def _stated_only(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        stated: dict[str, object] = handler(self)
        return {key: value for key, value in stated.items() if value is not None or key == "currency"}


class CountRange(_Sparse):
    """A count between `min` and `max`, either open."""

    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)


class Audience(_Sparse):
    """Whom to reach: filters that hold together; `exclude` holds filters of people to leave out."""

    all: bool | None = None
    days_since_purchase_min: int | None = None
    days_since_purchase_max: int | None = None
    order_count: int | CountRange | None = None
    bought_category: str | list[str] | None = None
    within_days: int | None = None
    browsed_not_bought: bool | str | None = None
    cart_abandoned_days_max: int | None = None
    wishlisted: bool | str | None = None
    tier: str | list[str] | None = None
    plan: str | None = None
    plan_expires: str | None = None
    trial_ends_within_days: int | None = None
    onboarding_step_lt: int | None = None
    logins_per_month_gt: int | None = None
    countries: list[str] | None = None
    states: list[str] | None = None
    city: str | list[str] | None = None
    type: str | None = None
    newsletter: bool | None = None
    new_customer: bool | None = None
    points_expiring: bool | None = None
    web_customer: bool | None = None
    app_installed: bool | None = None
    cancelled_from: date | None = None
    cancelled_to: date | None = None
    delivered_within_days: int | None = None
    churn_decile: int | None = None
    churn_score_gt: Number | None = None
    clv_percentile_min: Number | None = None
    segment: str | None = None
    exclude: Audience | None = None
    other: list[str] | None = None

    @field_validator("plan_expires")
    @classmethod
    def _is_a_month(cls, month: str | None) -> str | None:
        if month is not None:
            date.fromisoformat(f"{month}-01")
        return month


class Constraints(_Sparse):
    """Conditions on the plan: `*_pct` are percent (20 = 20 %), `holdout` and `*_rate_max` are fractions (0.10)."""

    discount_pct: Number | None = None
    max_discount_pct: Number | None = None
    product: str | None = None
    send_window_local: tuple[str, str] | None = None
    delays_h: list[int] | None = None
    reminder_date: date | None = None
    holdout: Annotated[Number, Field(ge=0, le=1)] | None = None
    variants: int | None = None
    optimise: str | None = None
    excluded_channels: list[Channel] | None = None
    max_messages_per_person: int | None = None
    max_messages_per_person_week: int | None = None
    weekdays_only: bool | None = None
    sms_after_unopened_h: int | None = None
    stop_rule: str | None = None
    guardrail_unsubscribe_rate_max: Number | None = None
    max_cpa: Amount | None = None
    max_cac: Amount | None = None
    min_roas: Number | None = None
    priority_products: list[str] | None = None
    always_on: bool | None = None
    tone: Tone | None = None
    other: list[str] | None = None


class Question(_Record):
    """Something planning needs and the brief does not say; the suggestion is shown beside it."""

    field: str
    question: str
    suggestion: str


class Slot(_Record):
    """Where a stated field was read: `span` are [start, end) characters of the text that `source` read.

    With source `person` the span lies in the answer, not in the brief.
    """

    source: SlotSource
    span: Span
    confidence: float = Field(ge=0, le=1)


class Brief(_Record):
    """One marketer's brief as stated; `null` means the brief does not say."""

    action: Action
    objective: ObjectiveCode | None = None
    kpi: Kpi | None = None
    audience: Audience | None = None
    budget: Budget | None = None
    start: date | None = None
    end: date | None = None
    channels: list[Channel] | None = None
    constraints: Constraints = Constraints()
    refusals: list[Refusal] = []
    questions: list[Question] = []
    slots: dict[str, Slot] = {}
    model: str = MODEL_NAME

    @field_validator("channels")
    @classmethod
    def _as_a_set(cls, channels: Sequence[Channel] | None) -> list[Channel] | None:
        return None if channels is None else in_order(channels)


def in_order(channels: Sequence[Channel]) -> list[Channel]:
    """Return a set of channels in the one order in which they are written."""
    return [channel for channel in CHANNELS if channel in channels]


class BriefPolicy(BaseModel):
    """The bounds a brief is read against; a bound left out is not judged."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    discount_ceiling_pct: float | None = None
    frequency_cap: FrequencyCap | None = None
    quiet_hours_local: tuple[time, time] | None = None
    channels: tuple[Channel, ...] = CHANNELS
    sensitive: tuple[str, ...] = SENSITIVE
