"""What a brief may not ask for: each code with its rule and a lawful alternative, and the rulings that compare numbers."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field

RefusalCode = Literal[
    "consent_violation",
    "skip_approval",
    "self_approval",
    "discount_ceiling",
    "frequency_cap_violation",
    "quiet_hours_violation",
    "missing_unsubscribe",
    "sensitive_attribute_targeting",
    "protected_attribute_pricing",
    "minors_targeting",
    "unsubstantiated_claim",
    "false_urgency",
    "competitor_disparagement",
    "pii_disclosure",
]
REFUSAL_CODES: Final[tuple[RefusalCode, ...]] = get_args(RefusalCode)

Span = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class Refusal(BaseModel):
    """One forbidden ask: where it stands in the text, why it is refused, and what may be done instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: RefusalCode
    span: Span
    reason: str
    alternative: str


class FrequencyCap(BaseModel):
    """At most `messages` marketing messages a person in any `days` days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: int = Field(ge=0)
    days: int = Field(ge=1)


class RefusalRule(NamedTuple):
    """The standing rule behind a code, in sentences a marketer understands."""

    sentence: str
    rule: str
    alternative: str


REFUSAL_RULES: Final[dict[RefusalCode, RefusalRule]] = {
    "consent_violation": RefusalRule(
        "This would write to people who have not agreed to marketing, or have withdrawn.",
        "Marketing goes only to people with a valid consent for the channel and no suppression.",
        "Reach those with consent, and invite the others to opt in on the site or at checkout.",
    ),
    "skip_approval": RefusalRule(
        "This would launch without a countersignature.",
        "Every launch needs an approval of its exact content by an authorised person.",
        "The proposal is prepared now and put before an approver as urgent.",
    ),
    "self_approval": RefusalRule(
        "This would let the author, or the software, approve their own campaign.",
        "The approval comes from another, authorised person than the author.",
        "Name a colleague with the approver role; they receive the proposal at once.",
    ),
    "discount_ceiling": RefusalRule(
        "The discount is above the ceiling.",
        "No offer may exceed the discount ceiling of the workspace.",
        "Use a discount up to the ceiling, or propose a policy change to its owner.",
    ),
    "frequency_cap_violation": RefusalRule(
        "This would send more messages to a person than the frequency cap allows.",
        "A person receives no more marketing messages than the frequency cap.",
        "Spread the messages so that each person stays within the cap.",
    ),
    "quiet_hours_violation": RefusalRule(
        "This would send during the recipients' quiet hours.",
        "Nothing is sent during quiet hours in the recipient's own time zone.",
        "Send at the first allowed hour after quiet hours in each recipient's time zone.",
    ),
    "missing_unsubscribe": RefusalRule(
        "This would send marketing that people cannot easily unsubscribe from.",
        "Every marketing message carries a working, visible way to unsubscribe.",
        "Keep the link and add a preference page where people may choose fewer messages.",
    ),
    "sensitive_attribute_targeting": RefusalRule(
        "This would pick people by a sensitive personal attribute.",
        "Audiences are never built on sensitive attributes, stated or inferred.",
        "Pick people by what they bought or what they themselves subscribed to.",
    ),
    "protected_attribute_pricing": RefusalRule(
        "This would set prices by a protected attribute of the person.",
        "Prices and discounts do not depend on protected attributes such as gender, age or origin.",
        "Offer by behaviour, such as order count or loyalty tier, at the same price for everyone who qualifies.",
    ),
    "minors_targeting": RefusalRule(
        "This would address marketing to minors.",
        "Marketing is not addressed to people under age.",
        "Address the parents or adult customers who buy for them.",
    ),
    "unsubstantiated_claim": RefusalRule(
        "This would make a claim that no approved evidence supports.",
        "A claim in copy must be in the approved claims, with its evidence.",
        "Use an approved claim, or submit this one with its evidence for approval.",
    ),
    "false_urgency": RefusalRule(
        "This would press people with an urgency or scarcity that is not real.",
        "Deadlines, countdowns and stock figures in copy must be true.",
        "Use the real end date of the offer or the real stock.",
    ),
    "competitor_disparagement": RefusalRule(
        "This would disparage a competitor.",
        "Copy does not run down competitors or their products.",
        "Say what is good about our own product, with approved claims.",
    ),
    "pii_disclosure": RefusalRule(
        "This would disclose personal data.",
        "Personal data beyond a name in the greeting stays out of messages, exports and third hands.",
        "Use aggregates, or greet with the first name only.",
    ),
}


def refuse(code: RefusalCode, span: tuple[int, int], detail: str = "") -> Refusal:
    """Build the refusal of `code` for the text at `span`; `detail` is put before the standing sentence."""
    rule = REFUSAL_RULES[code]
    return Refusal(
        code=code,
        span=span,
        reason=" ".join(part for part in (detail, rule.sentence, rule.rule) if part),
        alternative=rule.alternative,
    )


def judge_discount(discount_pct: float, span: tuple[int, int], ceiling_pct: float | None) -> Refusal | None:
    """Refuse a discount (percent, 0..100) above the ceiling (percent); no ceiling or equality passes."""
    if ceiling_pct is None or discount_pct <= ceiling_pct:
        return None
    detail = f"{discount_pct:g} % is above the ceiling of {ceiling_pct:g} %."
    return refuse("discount_ceiling", span, detail)


def judge_frequency(
    messages: float,
    per_days: float,
    span: tuple[int, int],
    cap: FrequencyCap | None,
    *,
    repeats: bool = True,
) -> Refusal | None:
    """Refuse `messages` in `per_days` days a person where the cap's window would hold more than its count.

    A repeating pace puts m·D/d messages into a window of D days; one burst (`repeats=False`) of m within
    d <= D days puts m there, and over a longer stretch counts as a pace, because it can be spread.
    """
    if cap is None or per_days <= 0:
        return None
    burst = not repeats and per_days <= cap.days
    in_window = messages if burst else messages * cap.days / per_days
    if in_window <= cap.messages + 1e-9:
        return None
    detail = (
        f"{messages:g} in {per_days:g} days is about {in_window:.3g} in {cap.days} days; "
        f"the cap is {cap.messages} in {cap.days} days."
    )
    return refuse("frequency_cap_violation", span, detail)


def in_quiet_hours(moment: time, quiet_hours: tuple[time, time]) -> bool:
    """Say whether a local time lies in [start, end) of the quiet hours, which may pass midnight."""
    start, end = quiet_hours
    if start <= end:
        return start <= moment < end
    return moment >= start or moment < end


def judge_send_time(
    moment: time, span: tuple[int, int], quiet_hours: tuple[time, time] | None
) -> Refusal | None:
    """Refuse a local send time that lies in the quiet hours."""
    if quiet_hours is None or not in_quiet_hours(moment, quiet_hours):
        return None
    return refuse("quiet_hours_violation", span, _quiet_detail(f"{moment:%H:%M}", quiet_hours))


def judge_send_window(
    window: tuple[time, time], span: tuple[int, int], quiet_hours: tuple[time, time] | None
) -> Refusal | None:
    """Refuse a local send window [start, end) that overlaps the quiet hours."""
    if quiet_hours is None:
        return None
    start, end = window
    overlaps = in_quiet_hours(start, quiet_hours) or (start != end and in_quiet_hours(quiet_hours[0], window))
    if not overlaps:
        return None
    return refuse("quiet_hours_violation", span, _quiet_detail(f"{start:%H:%M} to {end:%H:%M}", quiet_hours))


def _quiet_detail(asked: str, quiet_hours: tuple[time, time]) -> str:
    return f"{asked} touches the quiet hours {quiet_hours[0]:%H:%M} to {quiet_hours[1]:%H:%M}."
