"""The one send gate: facts in, verdicts out, for a batch of any size; one message is a batch of one.

It is asked twice with the same facts: before the choice, where `open_arms` turns the verdicts into the mask of
arms that may be drawn, and before the provider call, where `judge` has the last word. It reads no clock and
holds no state, and its tables stand in `policies.layers`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.consent import ConsentStatus, Purpose, permits
from policies.contact import FrequencyCaps, QuietHours, cap_reached, quiet_until, require_aware
from policies.gate_facts import GateFacts, GateFactsError
from policies.layers import (
    APPLIES,
    NO_LAYER,
    NO_RULE,
    RULE_INDEX,
    RULES,
    TEST_MESSAGE_LIMIT,
    Category,
    Decision,
    Layer,
)
from policies.order import Batch, Settled, open_costs, settle

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

__all__ = ["GateFacts", "GateFactsError", "GateRules", "OpenArms", "Verdicts", "judge", "open_arms"]


@dataclass(frozen=True, slots=True)
class GateRules:
    """The rules that hold for one batch: its category, quiet hours, caps as resolved, and fallback zone."""

    category: Category
    quiet_hours: QuietHours | None
    fallback_timezone: str
    caps: FrequencyCaps


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What becomes of each of n messages, and why.

    `decision` holds `Decision`, `layer` holds `Layer` (-1 when sent), `rule` the place in `RULES` (-1 when sent),
    `hold_until` epoch seconds (0 = none: not held, or held until somebody resumes).
    """

    decision: NDArray[np.int8]
    layer: NDArray[np.int8]
    rule: NDArray[np.int16]
    hold_until: IntArray
    timezone_fallback: BoolArray

    @property
    def sends(self) -> BoolArray:
        """Which messages (n,) may leave now."""
        sends: BoolArray = self.decision == Decision.SEND
        return sends

    def rule_id(self, index: int) -> str | None:
        """The id of the rule that stopped one message; None when it is sent."""
        rule = int(self.rule[index])
        return None if rule == NO_RULE else RULES[rule].rule_id

    def counts(self) -> dict[str, int]:
        """How many messages each rule stopped, by rule id, and how many are sent, as "send"."""
        found = Counter(self.rule.tolist())
        return {"send" if rule == NO_RULE else RULES[rule].rule_id: found[rule] for rule in sorted(found)}


class OpenArms(NamedTuple):
    """Which arms may be drawn for whom: `mask` (n, K), and the verdicts on the persons (n,)."""

    mask: BoolArray
    verdicts: Verdicts


def judge(facts: GateFacts, rules: GateRules, now: datetime) -> Verdicts:
    """Decide for each message whether it is sent now, held or dropped, and keep the layer that decided.

    Layers are asked in the order of `Layer`, those that apply to the category; the first that objects decides.
    Messages are taken in order: one that is sent counts towards the caps of its person, the money left and the
    send keys seen, for all after it. The budget is greedy: a message too dear for what is left is dropped, a
    cheaper one after it may still be sent. `now` is aware. Raises NaiveTimeError and TimezoneError.
    """
    return _judge(facts, rules, now, APPLIES[rules.category])


def open_arms(facts: GateFacts, rules: GateRules, now: datetime, arm_costs_minor: IntArray) -> OpenArms:
    """Decide which arms may be drawn for whom, before the choice; the arm of doing nothing is the caller's own.

    `arm_costs_minor` (K,) are the costs of the messaging arms, at least one. The layers are those of `judge`
    without the optimiser, whose turn is next, so `cost_minor` and `chosen` of the facts are not read. An arm is
    open where its cost fits what is left if all persons before had drawn their dearest open arm: so the mask
    depends on no draw, propensities stay exact, and no draw of this batch can overspend. Raises GateFactsError
    for costs below zero or no arm.
    """
    if arm_costs_minor.ndim != 1 or not len(arm_costs_minor) or arm_costs_minor.min() < 0:
        raise GateFactsError(
            f"The arms' costs are {arm_costs_minor.tolist()}; give one cost of zero or more for each arm.",
            value=arm_costs_minor.tolist(),
        )
    applies = APPLIES[rules.category]
    left = facts.money_left_minor if Layer.BUDGET in applies else None
    verdicts = _judge(facts, rules, now, applies - {Layer.OPTIMISER, Layer.BUDGET})
    reached = verdicts.sends
    mask = np.zeros((len(facts), len(arm_costs_minor)), dtype=np.bool_)
    mask[reached] = open_costs(int(reached.sum()), arm_costs_minor, left)
    _stop(verdicts, np.logical_not(mask.any(axis=1)), "gate.budget_short")
    return OpenArms(mask, verdicts)


def _judge(facts: GateFacts, rules: GateRules, now: datetime, applies: frozenset[Layer]) -> Verdicts:
    instant = require_aware(now, "The time to judge the messages at")
    n = len(facts)
    hold = quiet_until(instant, facts.timezone, rules.quiet_hours, fallback=rules.fallback_timezone)
    verdicts = Verdicts(
        decision=np.full(n, Decision.SEND, dtype=np.int8),
        layer=np.full(n, NO_LAYER, dtype=np.int8),
        rule=np.full(n, NO_RULE, dtype=np.int16),
        hold_until=np.zeros(n, dtype=np.int64),
        timezone_fallback=hold.fallback_used,
    )
    early = {
        **_standing_objections(facts, rules.category),
        "gate.quiet_hours": hold.until > 0,
    }
    late = _timing_objections(facts, int(instant.timestamp()))
    asked = {rule_id for rule_id, index in RULE_INDEX.items() if RULES[index].layer in applies}
    blocked_early = _any_of(early, asked, n)
    settled = _settle(facts, rules, applies, reached=~blocked_early, passes=~_any_of(late, asked, n))
    objections = {**early, **_counting_objections(facts, rules.caps, settled), **late}
    due = {"gate.quiet_hours": hold.until, "gate.not_yet": facts.not_before}
    for rule in RULES:
        if rule.rule_id in asked:
            _stop(verdicts, objections[rule.rule_id], rule.rule_id, due.get(rule.rule_id))
    return verdicts


def _standing_objections(facts: GateFacts, category: Category) -> dict[str, BoolArray]:
    """What stands against each message whatever else is in the batch, by rule id."""
    n = len(facts)
    purpose = _PURPOSES[category]
    refused = ~permits(facts.consent, purpose)
    testing = category is Category.TEST
    never = np.zeros(n, dtype=np.bool_)
    return {
        "gate.workspace_stopped": np.full(n, facts.workspace_stopped),
        "gate.legal_block": facts.legal_blocked,
        "gate.consent_withdrawn": refused & (facts.consent == ConsentStatus.WITHDRAWN),
        "gate.consent_unknown": refused & (facts.consent != ConsentStatus.WITHDRAWN),
        "gate.suppressed": facts.suppressed,
        "gate.not_approved": np.full(n, not facts.approval_valid),
        "gate.campaign_paused": np.full(n, facts.campaign_paused),
        "gate.held_out": facts.held_out,
        "gate.not_eligible": never if testing else ~facts.eligible,
        "gate.test_recipient": ~facts.test_recipient if testing else never,
        # Counts every test asked for, sent or not: a limit that a retry cannot stretch.
        "gate.test_limit": facts.tests_sent + np.arange(1, n + 1) > TEST_MESSAGE_LIMIT if testing else never,
    }


_PURPOSES: Final = {
    Category.MARKETING: Purpose.MARKETING,
    Category.TRANSACTIONAL: Purpose.TRANSACTIONAL,
    Category.SERVICE: Purpose.SERVICE,
    Category.TEST: Purpose.SERVICE,
}


def _timing_objections(facts: GateFacts, instant: int) -> dict[str, BoolArray]:
    return {
        "gate.expired": (facts.not_after > 0) & (facts.not_after < instant),
        "gate.not_yet": facts.not_before > instant,
        "gate.chose_none": ~facts.chosen,
    }


def _settle(
    facts: GateFacts, rules: GateRules, applies: frozenset[Layer], *, reached: BoolArray, passes: BoolArray
) -> Settled:
    """Take the messages in order through the layers that count: caps, budget, dedup."""
    room = None
    if Layer.CONTACT_CAPS in applies:
        left = [
            cap - counts for counts, cap in zip(_contacts(facts), rules.caps, strict=True) if cap is not None
        ]
        room = np.minimum.reduce(left) if left else None
    return settle(
        Batch(
            reached=reached,
            passes=passes & ~facts.already_sent,
            person=facts.person,
            room=room,
            cost=facts.cost_minor,
            left=facts.money_left_minor if Layer.BUDGET in applies else None,
            key=facts.send_key,
        )
    )


def _counting_objections(facts: GateFacts, caps: FrequencyCaps, settled: Settled) -> dict[str, BoolArray]:
    day, week, month = (
        cap_reached(counts + settled.contacts_before, cap)
        for counts, cap in zip(_contacts(facts), caps, strict=True)
    )
    return {
        "gate.cap_day": day,
        "gate.cap_week": week,
        "gate.cap_month": month,
        "gate.budget_short": facts.cost_minor > settled.left_before,
        "gate.already_sent": facts.already_sent,
        "gate.twice_in_batch": settled.repeated,
    }


def _contacts(facts: GateFacts) -> tuple[IntArray, IntArray, IntArray]:
    return facts.contacts_day, facts.contacts_week, facts.contacts_month


def _any_of(objections: dict[str, BoolArray], asked: set[str], n: int) -> BoolArray:
    found = np.zeros(n, dtype=np.bool_)
    for rule_id, objects in objections.items():
        if rule_id in asked:
            found |= objects
    return found


def _stop(verdicts: Verdicts, objects: BoolArray, rule_id: str, due: IntArray | None = None) -> None:
    """Write a rule's verdict for those it objects to and nobody objected to before."""
    rule = RULES[RULE_INDEX[rule_id]]
    hit = objects & (verdicts.decision == Decision.SEND)
    verdicts.decision[hit] = rule.decision
    verdicts.layer[hit] = rule.layer
    verdicts.rule[hit] = RULE_INDEX[rule_id]
    if due is not None:
        verdicts.hold_until[hit] = due[hit]
