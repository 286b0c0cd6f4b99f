"""The rules a workspace has set, as one value with one digest. Rates are decimal strings, money is in minor units."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from policies.authority.risk import RiskThresholds
from policies.figures import Figure, FigureSource
from policies.proposal import digest_json

RULES_NAME = "workspace rules"
SENSITIVE = (
    "health",
    "ethnicity",
    "religion",
    "sexual orientation",
    "political opinion",
    "pregnancy",
    "minors under 16",
)
"""What nobody is targeted by unless a workspace says otherwise."""


class FrequencyCap(BaseModel):
    """At most `messages` marketing messages to one person within `days` days, over all channels. 0 means never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: int = Field(default=3, ge=0)
    days: int = Field(default=7, ge=1)


class Exclusion(BaseModel):
    """People of whom no campaign reaches any: a definition in the filter language and why, in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason_id: str
    definition: str
    words: str


class WorkspaceRules(BaseModel):
    """What holds for every campaign of a workspace unless its proposal is stricter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[Literal["email", "sms", "push", "in_app"], ...] = ("email",)
    discount_ceiling_percent: int = Field(default=40, ge=0, le=100)
    frequency_cap: FrequencyCap | None = FrequencyCap()
    quiet_from: str = "21:00"
    quiet_until: str = "08:00"
    sensitive: tuple[str, ...] = SENSITIVE
    holdout_share: str = "0.1"
    exploration_share: str = "0.02"
    confidence: str = "0.95"
    forecast_interval: str = "0.8"
    power: str = "0.8"
    approval_days: int = Field(default=7, ge=1, le=90)
    escalate_after_share: str = "0.5"
    risk: RiskThresholds = RiskThresholds()
    batch_people: int = Field(default=500, ge=1)
    batch_interval_hours: int = Field(default=12, ge=1)
    first_slot_local: str = "10:00"
    reward_delay_hours: int = Field(default=72, ge=0)
    reward_delay_note: str = "workspace default"
    observed_share: str = "1"
    observed_share_note: str = "every outcome is observed"
    gross_margin: str = "0.5"
    gross_margin_note: str = "workspace default"
    exclusions: tuple[Exclusion, ...] = ()
    link_base: str = "https://shop.invalid"
    spend_margin_minor: int = Field(default=20, ge=0)
    seed: int = Field(default=1, ge=0)

    @field_validator("escalate_after_share")
    @classmethod
    def _is_share(cls, text: str) -> str:
        try:
            share = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(f"escalate_after_share is {text!r}; write a decimal such as 0.5") from error
        if not (share.is_finite() and 0 < share <= 1):
            raise ValueError(f"escalate_after_share is {text}; it must be above 0 and at most 1")
        return text

    def digest(self) -> str:
        """Return sha256 over the rules in canonical JSON."""
        return _digest_of(self)

    def figure(self, field: str, unit: str, *, kind: Literal["rule", "setting"] = "rule") -> Figure:
        """Return one rule's value as a figure that cites these rules."""
        value = getattr(self, field)
        source = FigureSource(kind=kind, name=RULES_NAME, path=field, digest=self.digest())
        return Figure(value=value, unit=unit, source=source)


@lru_cache(maxsize=64)
def _digest_of(rules: WorkspaceRules) -> str:
    return digest_json(rules.model_dump(mode="json"))
