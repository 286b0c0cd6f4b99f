"""The risk class of a proposal: computed by rule from its facts, with the derivation that a person can check."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policies.errors import InvalidInputError


class RiskClass(StrEnum):
    """How much may go wrong; the highest class that any fact contributes is that of the proposal."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_ORDER: Final = tuple(RiskClass)


class RiskFactError(InvalidInputError):
    """A fact or a threshold that risk is computed from lies outside what can be meant."""

    code = "risk_fact_invalid"


class RiskThresholds(BaseModel):
    """From where on a fact makes the risk medium or high. People, minor units of money, whole percent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    medium_people: int = Field(default=10_000, ge=1)
    high_people: int = Field(default=100_000, ge=1)
    medium_spend_minor: int = Field(default=100_000, ge=1)
    high_spend_minor: int = Field(default=1_000_000, ge=1)
    medium_discount_percent: int = Field(default=15, ge=1, le=100)
    high_discount_percent: int = Field(default=30, ge=1, le=100)

    @model_validator(mode="after")
    def _rising(self) -> RiskThresholds:
        for name in ("people", "spend_minor", "discount_percent"):
            medium, high = getattr(self, f"medium_{name}"), getattr(self, f"high_{name}")
            if medium > high:
                raise ValueError(f"medium_{name} is {medium}, above high_{name}, which is {high}")
        return self


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What is known about a proposal: people, minor units, percent, creatives never approved, their unproven claims.

    `sensitive` names the sensitive topics that its audience is picked by.
    """

    reach: int = 0
    spend_minor: int = 0
    discount_percent: Decimal = Decimal(0)
    new_creatives: int = 0
    new_claims: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


class RiskFinding(BaseModel):
    """What one rule made of one fact. A threshold is None where any at all counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule_id: str
    fact: str
    value: int | str
    medium_from: int | None
    high_from: int | None
    contributes: RiskClass
    needs_legal: bool
    words: str


class RiskAssessment(BaseModel):
    """The class of a proposal and how it came about, one finding a rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    risk: RiskClass
    legal_required: bool
    findings: tuple[RiskFinding, ...]

    def value(self, fact: str) -> int | str:
        """Return the value of a fact by name."""
        return next(finding.value for finding in self.findings if finding.fact == fact)


class _Measured(NamedTuple):
    """A fact that is a number, its bounds, and the unit it is said in."""

    fact: str
    value: Decimal
    medium: int
    high: int
    words: str


def assess_risk(facts: RiskFacts, thresholds: RiskThresholds) -> RiskAssessment:
    """Decide the risk class of a proposal: the highest that any rule contributes; a bound is reached at its value.

    Unproven claims and sensitive data need a signature of legal. Raises RiskFactError for a negative fact or a
    discount above 100 percent.
    """
    findings = (*(_by_size(measured) for measured in _measured(facts, thresholds)), *_by_kind(facts))
    return RiskAssessment(
        risk=max((finding.contributes for finding in findings), key=_ORDER.index),
        legal_required=any(finding.needs_legal for finding in findings),
        findings=findings,
    )


def _measured(facts: RiskFacts, bounds: RiskThresholds) -> tuple[_Measured, ...]:
    return (
        _Measured("reach", Decimal(facts.reach), bounds.medium_people, bounds.high_people, "people"),
        _Measured(
            "spend",
            Decimal(facts.spend_minor),
            bounds.medium_spend_minor,
            bounds.high_spend_minor,
            "minor units may be spent",
        ),
        _Measured(
            "discount",
            facts.discount_percent,
            bounds.medium_discount_percent,
            bounds.high_discount_percent,
            "percent is the deepest discount",
        ),
    )


def _by_size(measured: _Measured) -> RiskFinding:
    value = measured.value
    if not value.is_finite() or value < 0 or (measured.fact == "discount" and value > 100):
        bound = "from 0 to 100" if measured.fact == "discount" else "0 or more"
        raise RiskFactError(f"the {measured.fact} is {value}; it must be {bound}", value=value)
    risk = (
        RiskClass.HIGH
        if value >= measured.high
        else RiskClass.MEDIUM
        if value >= measured.medium
        else RiskClass.LOW
    )
    whole = value == value.to_integral_value()
    return RiskFinding(
        rule_id=f"risk.{measured.fact}",
        fact=measured.fact,
        value=int(value) if whole else str(value),
        medium_from=measured.medium,
        high_from=measured.high,
        contributes=risk,
        needs_legal=False,
        words=f"{int(value) if whole else value:,} {measured.words}",
    )


def _by_kind(facts: RiskFacts) -> tuple[RiskFinding, ...]:
    if facts.new_creatives < 0:
        raise RiskFactError(
            f"the new creatives are {facts.new_creatives}; it must be 0 or more", value=facts.new_creatives
        )
    claims, topics = ", ".join(facts.new_claims), ", ".join(facts.sensitive)
    return (
        _finding(
            "new_creatives",
            facts.new_creatives,
            RiskClass.MEDIUM if facts.new_creatives else RiskClass.LOW,
            "messages were never approved before",
        ),
        _finding(
            "new_claims",
            claims,
            RiskClass.MEDIUM if claims else RiskClass.LOW,
            "is claimed without an approved claim behind it"
            if claims
            else "no claim without an approved one",
            needs_legal=bool(claims),
        ),
        _finding(
            "sensitive_data",
            topics,
            RiskClass.HIGH if topics else RiskClass.LOW,
            "decides who is in the audience"
            if topics
            else "no sensitive data decides who is in the audience",
            needs_legal=bool(topics),
        ),
    )


def _finding(
    fact: str, value: int | str, risk: RiskClass, words: str, *, needs_legal: bool = False
) -> RiskFinding:
    return RiskFinding(
        rule_id=f"risk.{fact}",
        fact=fact,
        value=value,
        medium_from=None,
        high_from=None,
        contributes=risk,
        needs_legal=needs_legal,
        words=words if value == "" else f"{value} {words}",
    )
