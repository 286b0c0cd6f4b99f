"""The send gate against a second, slow implementation, and its layers one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.consent import ConsentStatus
from policies.contact import FrequencyCaps, QuietHours
from policies.gate import GateFacts, GateRules, judge, open_arms
from policies.layers import APPLIES, RULES, Category, Decision, Layer
from policies.order import fitting, open_costs

NOW = datetime(2026, 12, 3, 5, 30, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())
NIGHT = QuietHours(time(21, 0), time(8, 0))
NO_CAPS = FrequencyCaps(None, None, None)
MARKETING = GateRules(Category.MARKETING, NIGHT, "Europe/Berlin", NO_CAPS)
# At 05:30 UTC it is day in Tokyo and UTC+9 is past eight; night in Berlin and in the fallback.
ZONES = ["Asia/Tokyo", "Europe/Berlin", "America/New_York", "", "Mars/Base"]


def facts(n: int = 1, **changes: object) -> GateFacts:
    """Messages that every layer lets through, with some facts changed."""
    no, yes, zero = np.zeros(n, dtype=bool), np.ones(n, dtype=bool), np.zeros(n, dtype=np.int64)
    permitted = GateFacts(
        workspace_stopped=False,
        approval_valid=True,
        campaign_paused=False,
        money_left_minor=None,
        tests_sent=0,
        person=np.arange(n),
        send_key=np.arange(n),
        legal_blocked=no,
        consent=np.full(n, ConsentStatus.GRANTED, dtype=np.int8),
        suppressed=no,
        held_out=no,
        eligible=yes,
        test_recipient=no,
        timezone=np.array(["Asia/Tokyo"] * n, dtype=np.str_),
        contacts_day=zero,
        contacts_week=zero,
        contacts_month=zero,
        cost_minor=zero,
        already_sent=no,
        not_before=zero,
        not_after=zero,
        chosen=yes,
    )
    return replace(permitted, **changes)  # type: ignore[arg-type]


def flags(*values: bool) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(values, dtype=bool)


def numbers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


# One objection for each rule: what to change about a permitted message, and under which category.
OBJECTIONS: dict[str, tuple[Category, dict[str, object]]] = {
    "gate.workspace_stopped": (Category.MARKETING, {"workspace_stopped": True}),
    "gate.legal_block": (Category.MARKETING, {"legal_blocked": flags(True)}),
    "gate.consent_withdrawn": (Category.MARKETING, {"consent": np.array([2], dtype=np.int8)}),
    "gate.consent_unknown": (Category.MARKETING, {"consent": np.array([0], dtype=np.int8)}),
    "gate.suppressed": (Category.MARKETING, {"suppressed": flags(True)}),
    "gate.not_approved": (Category.MARKETING, {"approval_valid": False}),
    "gate.campaign_paused": (Category.MARKETING, {"campaign_paused": True}),
    "gate.held_out": (Category.MARKETING, {"held_out": flags(True)}),
    "gate.not_eligible": (Category.MARKETING, {"eligible": flags(False)}),
    "gate.test_recipient": (Category.TEST, {"test_recipient": flags(False)}),
    "gate.test_limit": (Category.TEST, {"test_recipient": flags(True), "tests_sent": 20}),
    "gate.quiet_hours": (Category.MARKETING, {"timezone": np.array(["Europe/Berlin"])}),
    "gate.cap_day": (Category.MARKETING, {"contacts_day": numbers(3)}),
    "gate.cap_week": (Category.MARKETING, {"contacts_week": numbers(5)}),
    "gate.cap_month": (Category.MARKETING, {"contacts_month": numbers(9)}),
    "gate.budget_short": (Category.MARKETING, {"cost_minor": numbers(20), "money_left_minor": 19}),
    "gate.already_sent": (Category.MARKETING, {"already_sent": flags(True)}),
    "gate.expired": (Category.MARKETING, {"not_after": numbers(NOW_SECONDS - 1)}),
    "gate.not_yet": (Category.MARKETING, {"not_before": numbers(NOW_SECONDS + 60)}),
    "gate.chose_none": (Category.MARKETING, {"chosen": flags(False)}),
}


@pytest.mark.promise
@pytest.mark.parametrize("rule_id", sorted(OBJECTIONS))
def test_each_rule_stops_its_message_and_is_kept(rule_id: str) -> None:
    category, changes = OBJECTIONS[rule_id]
    rules = replace(MARKETING, category=category, caps=FrequencyCaps(3, 5, 9))
    verdicts = judge(facts(**changes), rules, NOW)
    rule = next(item for item in RULES if item.rule_id == rule_id)
    assert verdicts.rule_id(0) == rule_id
    assert verdicts.layer[0] == rule.layer
    assert verdicts.decision[0] == rule.decision != Decision.SEND


def test_every_rule_has_a_test_of_its_own() -> None:
    assert {rule.rule_id for rule in RULES} == OBJECTIONS.keys() | {"gate.twice_in_batch"}


def test_rules_stand_in_the_order_of_their_layers() -> None:
    assert [rule.layer for rule in RULES] == sorted(rule.layer for rule in RULES)


def test_a_message_nobody_objects_to_is_sent() -> None:
    verdicts = judge(facts(2), MARKETING, NOW)
    assert verdicts.counts() == {"send": 2}
    assert verdicts.layer.tolist() == [-1, -1]
    assert verdicts.hold_until.tolist() == [0, 0]


@pytest.mark.promise
@pytest.mark.parametrize("first", range(len(Layer)))
def test_the_first_layer_that_objects_decides(first: int) -> None:
    changes: dict[str, object] = {}
    for rule in RULES:
        category, change = OBJECTIONS.get(rule.rule_id, (None, {}))
        if rule.layer >= first and category is Category.MARKETING:
            changes = {**change, **changes}
    verdicts = judge(facts(**changes), replace(MARKETING, caps=FrequencyCaps(3, 5, 9)), NOW)
    assert verdicts.layer[0] == first


def test_quiet_hours_hold_until_the_local_morning() -> None:
    verdicts = judge(facts(timezone=np.array(["Europe/Berlin"])), MARKETING, NOW)
    assert verdicts.hold_until[0] == datetime(2026, 12, 3, 8, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def test_a_held_message_is_sent_when_judged_again_at_its_hold() -> None:
    message = facts(timezone=np.array(["America/New_York"]))
    first = judge(message, MARKETING, NOW)
    due = datetime.fromtimestamp(int(first.hold_until[0]), tz=UTC)
    assert judge(message, MARKETING, due - timedelta(seconds=1)).decision[0] == Decision.HOLD
    assert judge(message, MARKETING, due).decision[0] == Decision.SEND


def test_the_first_and_the_last_second_of_an_explicit_time_are_inside_it() -> None:
    message = facts(not_before=numbers(NOW_SECONDS), not_after=numbers(NOW_SECONDS))
    assert judge(message, MARKETING, NOW).counts() == {"send": 1}


def test_a_paused_campaign_holds_without_an_end() -> None:
    verdicts = judge(facts(campaign_paused=True), MARKETING, NOW)
    assert (verdicts.decision[0], verdicts.hold_until[0]) == (Decision.HOLD, 0)


def test_bad_time_zones_are_counted_and_use_the_fallback() -> None:
    verdicts = judge(facts(5, timezone=np.array(ZONES)), MARKETING, NOW)
    assert verdicts.timezone_fallback.tolist() == [False, False, False, True, True]
    assert verdicts.hold_until[3] == verdicts.hold_until[4] == verdicts.hold_until[1] > 0


def test_transactional_skips_caps_quiet_hours_holdout_and_bandits_but_never_suppression() -> None:
    skipped = {Layer.CONTACT_CAPS, Layer.QUIET_HOURS, Layer.HOLDOUT, Layer.OPTIMISER}
    assert frozenset(Layer) - APPLIES[Category.TRANSACTIONAL] == skipped
    message = facts(
        consent=np.array([ConsentStatus.UNKNOWN], dtype=np.int8),
        held_out=flags(True),
        timezone=np.array(["Europe/Berlin"]),
        contacts_day=numbers(99),
        chosen=flags(False),
    )
    rules = GateRules(Category.TRANSACTIONAL, NIGHT, "UTC", FrequencyCaps(0, 0, 0))
    assert judge(message, rules, NOW).counts() == {"send": 1}
    assert judge(replace(message, suppressed=flags(True)), rules, NOW).counts() == {"gate.suppressed": 1}


@pytest.mark.promise
@pytest.mark.parametrize("category", [item for item in Category if item is not Category.TEST])
def test_no_category_of_customer_message_leaves_without_a_valid_approval(category: Category) -> None:
    verdicts = judge(facts(3, approval_valid=False), replace(MARKETING, category=category), NOW)
    assert verdicts.counts() == {"gate.not_approved": 3}


@pytest.mark.promise
@pytest.mark.parametrize("category", Category)
def test_suppression_and_dedup_apply_to_every_category(category: Category) -> None:
    assert {Layer.SUPPRESSION, Layer.DEDUP, Layer.WORKSPACE_STOPPED, Layer.LEGAL} <= APPLIES[category]


@pytest.mark.promise
def test_a_test_send_reaches_no_customer_and_at_most_twenty_recipients() -> None:
    rules = replace(MARKETING, category=Category.TEST)
    recipients = np.ones(30, dtype=bool)
    recipients[:2] = False
    verdicts = judge(facts(30, test_recipient=recipients, approval_valid=False), rules, NOW)
    assert verdicts.counts() == {"gate.test_recipient": 2, "gate.test_limit": 10, "send": 18}


def test_cap_blocks_third_push_in_a_day_inside_one_batch() -> None:
    message = facts(4, person=numbers(7, 7, 7, 8))
    verdicts = judge(message, replace(MARKETING, caps=FrequencyCaps(2, None, None)), NOW)
    assert [verdicts.rule_id(i) for i in range(4)] == [None, None, "gate.cap_day", None]


def test_a_message_that_is_not_sent_uses_up_no_cap_and_no_money() -> None:
    message = facts(
        3,
        person=numbers(7, 7, 7),
        chosen=flags(False, True, True),
        cost_minor=numbers(20, 20, 20),
        money_left_minor=20,
    )
    verdicts = judge(message, replace(MARKETING, caps=FrequencyCaps(1, None, None)), NOW)
    assert [verdicts.rule_id(i) for i in range(3)] == ["gate.chose_none", None, "gate.cap_day"]


def test_a_cap_of_zero_lets_nobody_be_contacted() -> None:
    verdicts = judge(facts(2), replace(MARKETING, caps=FrequencyCaps(None, 0, None)), NOW)
    assert verdicts.counts() == {"gate.cap_week": 2}


def test_budget_stops_at_the_last_affordable_message() -> None:
    message = facts(5, cost_minor=np.full(5, 20), money_left_minor=79)
    assert judge(message, MARKETING, NOW).sends.tolist() == [True, True, True, False, False]


def test_a_cheaper_message_after_one_too_dear_is_still_sent() -> None:
    message = facts(4, cost_minor=numbers(60, 50, 40, 0), money_left_minor=100)
    assert judge(message, MARKETING, NOW).sends.tolist() == [True, False, True, True]


@pytest.mark.promise
def test_the_same_send_key_twice_in_a_batch_is_sent_once() -> None:
    verdicts = judge(facts(3, send_key=numbers(4, 5, 4)), MARKETING, NOW)
    assert [verdicts.rule_id(i) for i in range(3)] == [None, None, "gate.twice_in_batch"]


@pytest.mark.promise
def test_a_held_message_leaves_its_send_key_free_for_the_next() -> None:
    message = facts(2, send_key=numbers(4, 4), timezone=np.array(["Europe/Berlin", "Asia/Tokyo"]))
    assert judge(message, MARKETING, NOW).decision.tolist() == [Decision.HOLD, Decision.SEND]


def test_an_empty_batch_has_no_verdicts() -> None:
    assert judge(facts(0), MARKETING, NOW).counts() == {}


# --- a second implementation: one message at a time, as a chain of questions -------------------------------


def slow_quiet_end(zone_name: str, window: QuietHours, fallback: str) -> int:
    """Walk the clock minute by minute until the wall reads outside the window."""
    try:
        zone = ZoneInfo(zone_name)
    except (KeyError, ValueError):
        zone = ZoneInfo(fallback)
    moment = NOW
    while True:
        wall = moment.astimezone(zone).time()
        crossing = window.start > window.end
        inside = (
            (wall >= window.start or wall < window.end) if crossing else (window.start <= wall < window.end)
        )
        if not inside:
            return 0 if moment == NOW else int(moment.timestamp())
        moment += timedelta(minutes=1)


class SlowGate:
    """Judges messages one by one, remembering only what it sent."""

    def __init__(self, batch: GateFacts, rules: GateRules) -> None:
        self.batch, self.rules = batch, rules
        self.left = batch.money_left_minor
        self.sent_to: list[int] = []
        self.sent_keys: list[int] = []

    def judge(self, i: int) -> tuple[str | None, int]:
        rule_id, hold = self.first_objection(i)
        if rule_id is None:
            self.sent_to.append(int(self.batch.person[i]))
            self.sent_keys.append(int(self.batch.send_key[i]))
            if self.left is not None and self.rules.category is not Category.TEST:
                self.left -= int(self.batch.cost_minor[i])
        return rule_id, hold

    def first_objection(self, i: int) -> tuple[str | None, int]:
        b, c = self.batch, self.rules.category
        marketing, test = c is Category.MARKETING, c is Category.TEST
        if b.workspace_stopped:
            return "gate.workspace_stopped", 0
        if b.legal_blocked[i]:
            return "gate.legal_block", 0
        if not test and b.consent[i] == ConsentStatus.WITHDRAWN:
            return "gate.consent_withdrawn", 0
        if marketing and b.consent[i] != ConsentStatus.GRANTED:
            return "gate.consent_unknown", 0
        if b.suppressed[i]:
            return "gate.suppressed", 0
        if not test and not b.approval_valid:
            return "gate.not_approved", 0
        if not test and b.campaign_paused:
            return "gate.campaign_paused", 0
        if marketing and b.held_out[i]:
            return "gate.held_out", 0
        if not test and not b.eligible[i]:
            return "gate.not_eligible", 0
        if test and not b.test_recipient[i]:
            return "gate.test_recipient", 0
        if test and b.tests_sent + i + 1 > 20:
            return "gate.test_limit", 0
        if c in (Category.MARKETING, Category.SERVICE) and self.rules.quiet_hours is not None:
            end = slow_quiet_end(str(b.timezone[i]), self.rules.quiet_hours, self.rules.fallback_timezone)
            if end:
                return "gate.quiet_hours", end
        return self.later_objection(i)

    def later_objection(self, i: int) -> tuple[str | None, int]:
        b, c = self.batch, self.rules.category
        if c is Category.MARKETING:
            earlier = self.sent_to.count(int(b.person[i]))
            for name, counts, cap in (
                ("gate.cap_day", b.contacts_day, self.rules.caps.day),
                ("gate.cap_week", b.contacts_week, self.rules.caps.week),
                ("gate.cap_month", b.contacts_month, self.rules.caps.month),
            ):
                if cap is not None and counts[i] + earlier >= cap:
                    return name, 0
        if c is not Category.TEST and self.left is not None and b.cost_minor[i] > self.left:
            return "gate.budget_short", 0
        if b.already_sent[i]:
            return "gate.already_sent", 0
        if int(b.send_key[i]) in self.sent_keys:
            return "gate.twice_in_batch", 0
        if b.not_after[i] and b.not_after[i] < NOW_SECONDS:
            return "gate.expired", 0
        if b.not_before[i] > NOW_SECONDS:
            return "gate.not_yet", int(b.not_before[i])
        if c is Category.MARKETING and not b.chosen[i]:
            return "gate.chose_none", 0
        return None, 0


def random_facts(seed: int) -> tuple[GateFacts, GateRules]:
    """A batch in which every layer objects now and then, and persons and keys sometimes come twice."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    rare: Callable[[], np.ndarray[tuple[int], np.dtype[np.bool_]]] = lambda: rng.random(n) < 0.06  # noqa: E731
    crowd = int(rng.choice([3, 20, 10_000]))
    batch = facts(
        n,
        workspace_stopped=bool(rng.random() < 0.03),
        approval_valid=bool(rng.random() > 0.03),
        campaign_paused=bool(rng.random() < 0.03),
        money_left_minor=None if rng.random() < 0.3 else int(rng.integers(0, 300)),
        tests_sent=int(rng.integers(0, 12)),
        person=rng.integers(0, crowd, n),
        send_key=rng.integers(0, crowd * 2, n),
        legal_blocked=rare(),
        consent=rng.choice(3, n, p=[0.1, 0.8, 0.1]).astype(np.int8),
        suppressed=rare(),
        held_out=rare(),
        eligible=~rare(),
        test_recipient=~rare(),
        timezone=rng.choice(ZONES, n, p=[0.8, 0.05, 0.05, 0.05, 0.05]),
        contacts_day=rng.integers(0, 3, n),
        contacts_week=rng.integers(0, 5, n),
        contacts_month=rng.integers(0, 9, n),
        cost_minor=rng.choice([0, 7, 20, 50], n),
        already_sent=rare(),
        not_before=np.where(rare(), NOW_SECONDS + rng.integers(-5, 500, n), 0),
        not_after=np.where(rare(), NOW_SECONDS + rng.integers(-500, 5, n), 0),
        chosen=~rare(),
    )
    caps = [None if rng.random() < 0.4 else int(rng.integers(0, 10)) for _ in range(3)]
    window = (
        None if rng.random() < 0.2 else NIGHT if rng.random() < 0.7 else QuietHours(time(5, 0), time(7, 30))
    )
    category = list(Category)[int(rng.choice(4, p=[0.6, 0.15, 0.15, 0.1]))]
    return batch, GateRules(category, window, "Europe/Berlin", FrequencyCaps(*caps))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=120, deadline=None, derandomize=True, database=None)
def test_batch_verdicts_equal_those_of_a_slow_second_implementation(seed: int) -> None:
    batch, rules = random_facts(seed)
    verdicts = judge(batch, rules, NOW)
    slow = SlowGate(batch, rules)
    expected = [slow.judge(i) for i in range(len(batch))]
    assert [(verdicts.rule_id(i), int(verdicts.hold_until[i])) for i in range(len(batch))] == expected


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_a_batch_equals_messages_judged_one_by_one(seed: int) -> None:
    batch, rules = random_facts(seed)
    together = judge(batch, rules, NOW)
    sent_to: dict[int, int] = {}
    sent_keys: set[int] = set()
    left = batch.money_left_minor
    for i in range(len(batch)):
        one = batch.take(np.array([i]))
        extra = sent_to.get(int(one.person[0]), 0)
        now_known = replace(
            one,
            money_left_minor=left,
            tests_sent=batch.tests_sent + i,
            contacts_day=one.contacts_day + extra,
            contacts_week=one.contacts_week + extra,
            contacts_month=one.contacts_month + extra,
            already_sent=one.already_sent | (int(one.send_key[0]) in sent_keys),
        )
        alone = judge(now_known, rules, NOW)
        assert (alone.decision[0], alone.layer[0], alone.hold_until[0]) == (
            together.decision[i],
            together.layer[i],
            together.hold_until[i],
        )
        if alone.sends[0]:
            sent_to[int(one.person[0])] = extra + 1
            sent_keys.add(int(one.send_key[0]))
            if left is not None and Layer.BUDGET in APPLIES[rules.category]:
                left -= int(one.cost_minor[0])


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 400))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_money_is_spent_greedily_in_order(costs: list[int], left: int) -> None:
    expected, remaining = [], left
    for cost in costs:
        expected.append(cost <= remaining)
        remaining -= cost if cost <= remaining else 0
    assert fitting(np.array(costs, dtype=np.int64), left).tolist() == expected


# --- the mask before the choice -------------------------------------------------------------------------------


@given(st.integers(0, 30), st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 500))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_open_arms_never_overspend_whatever_is_drawn(persons: int, costs: list[int], left: int) -> None:
    mask = open_costs(persons, np.array(costs), left)
    remaining = left
    for row in mask:
        assert row.tolist() == [cost <= remaining for cost in costs]
        remaining -= max((cost for cost, is_open in zip(costs, row, strict=True) if is_open), default=0)
    assert remaining >= 0


def test_without_a_budget_every_arm_is_open() -> None:
    assert open_costs(3, np.array([5, 900]), None).all()


def test_the_mask_is_closed_exactly_where_the_gate_would_stop_the_message() -> None:
    for seed in range(40):
        batch, rules = random_facts(seed)
        batch = replace(batch, money_left_minor=None)
        opened = open_arms(batch, rules, NOW, numbers(20, 0))
        verdicts = judge(replace(batch, chosen=np.ones(len(batch), dtype=bool)), rules, NOW)
        assert (opened.mask.all(axis=1) == verdicts.sends).all()
        assert (opened.verdicts.rule == verdicts.rule).all()


def test_the_mask_reads_the_costs_of_the_arms_and_not_those_of_an_earlier_choice() -> None:
    batch = facts(2, money_left_minor=50, cost_minor=numbers(900, 900), chosen=flags(False, False))
    assert open_arms(batch, MARKETING, NOW, numbers(20)).mask.all()


def test_persons_past_the_money_are_told_so() -> None:
    opened = open_arms(facts(4, money_left_minor=50), MARKETING, NOW, numbers(20, 30))
    assert opened.mask.tolist() == [[True, True], [True, False], [False, False], [False, False]]
    assert opened.verdicts.counts() == {"send": 2, "gate.budget_short": 2}


def test_every_choice_from_the_mask_passes_the_gate_afterwards() -> None:
    rng = np.random.default_rng(5)
    costs = numbers(20, 50)
    batch = facts(30, money_left_minor=700)
    opened = open_arms(batch, MARKETING, NOW, costs)
    for _ in range(50):
        drawn = rng.integers(0, 3, 30)
        may = np.concatenate([opened.mask, np.ones((30, 1), dtype=bool)], axis=1)
        arm = np.where(may[np.arange(30), drawn], drawn, 2)
        cost = np.append(costs, 0)[arm]
        verdicts = judge(replace(batch, cost_minor=cost, chosen=arm < 2), MARKETING, NOW)
        assert (verdicts.sends == (arm < 2)).all()
