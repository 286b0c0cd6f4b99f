"""What the rules of policies refuse, each with the value and the remedy in its message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pytest

from policies.authority import (
    Person,
    Resource,
    Role,
    SignatureFacts,
    authorise,
    read_roles,
    required_signatures,
)
from policies.authority.decide import require_authority
from policies.budget import Ledger, affordable, confirm, release, require_budget, reserve
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.consent import ConsentStatus, read_column, read_word, read_words
from policies.contact import FrequencyCaps, QuietHours, quiet_until, require_zone, resolve_cap
from policies.errors import CountersignError, InvalidInputError
from policies.gate import GateFacts, GateRules, judge, open_arms
from policies.layers import Category
from policies.offers import amount_as_percent, check_discount

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LEDGER = Ledger("stock", 10)
NIGHT = QuietHours(time(21), time(8))


def one_message(**changes: object) -> GateFacts:
    no, yes, zero = np.array([False]), np.array([True]), np.array([0])
    facts = GateFacts(
        workspace_stopped=False,
        approval_valid=True,
        campaign_paused=False,
        money_left_minor=0,
        tests_sent=0,
        person=zero,
        send_key=zero,
        legal_blocked=no,
        consent=np.array([ConsentStatus.GRANTED], dtype=np.int8),
        suppressed=no,
        held_out=no,
        eligible=yes,
        test_recipient=no,
        timezone=np.array(["UTC"]),
        contacts_day=zero,
        contacts_week=zero,
        contacts_month=zero,
        cost_minor=zero,
        already_sent=no,
        not_before=zero,
        not_after=zero,
        chosen=yes,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


RULES = GateRules(Category.MARKETING, NIGHT, "UTC", FrequencyCaps(None, None, None))
NAIVE = datetime(2026, 12, 1)  # noqa: DTZ001

REFUSED: dict[str, tuple[Callable[[], object], str, str]] = {
    "consent word": (lambda: read_word("maybe"), "consent_word_unknown", "maybe"),
    "consent word in a column": (lambda: read_words(["yes", "jein"]), "consent_word_unknown", "Row 2"),
    "consent column": (lambda: read_column("consent.fax.marketing"), "consent_column_unknown", "fax"),
    "consent column without purpose": (
        lambda: read_column("consent.email"),
        "consent_column_unknown",
        "marketing",
    ),
    "quiet hours of no length": (lambda: QuietHours(time(8), time(8)), "quiet_hours_invalid", "08:00"),
    "quiet hours with a zone": (
        lambda: QuietHours(time(8, tzinfo=UTC), time(9, tzinfo=UTC)),
        "quiet_hours_invalid",
        "without a time zone",
    ),
    "fallback zone": (
        lambda: quiet_until(NOW, ["UTC"], NIGHT, fallback="Moon"),
        "timezone_unknown",
        "Moon",
    ),
    "workspace zone": (lambda: require_zone(""), "timezone_unknown", "Europe/Berlin"),
    "naive time": (lambda: judge(one_message(), RULES, NAIVE), "time_without_zone", "UTC"),
    "negative cap": (lambda: resolve_cap(-1, None), "cap_invalid", "-1"),
    "cap that is no number": (lambda: resolve_cap(True, None), "cap_invalid", "True"),
    "bad default cap": (lambda: resolve_cap(None, None) or resolve_cap(-2, 3), "cap_invalid", "-2"),
    "discount above 100": (lambda: check_discount([Decimal(101)], Decimal(50)), "discount_invalid", "101"),
    "negative ceiling": (lambda: check_discount([], Decimal(-1)), "discount_invalid", "-1"),
    "discount that is no number": (
        lambda: check_discount([Decimal("NaN")], Decimal(50)),
        "discount_invalid",
        "NaN",
    ),
    "price of zero": (lambda: amount_as_percent(1, 0), "discount_invalid", "above zero"),
    "amount above the price": (lambda: amount_as_percent(11, 10), "discount_invalid", "11"),
    "zero budget": (lambda: require_budget(0, "USD"), "budget_invalid", "0 USD"),
    "negative budget": (lambda: require_budget(-5, "USD"), "budget_invalid", "-5"),
    "negative cost": (lambda: affordable(1, -1, 10), "budget_invalid", "-1"),
    "negative limit": (lambda: Ledger("stock", -1), "budget_invalid", "-1"),
    "empty reservation": (
        lambda: reserve(LEDGER, "a", 0, now=NOW, expires_at=NOW + timedelta(1)),
        "budget_invalid",
        "above zero",
    ),
    "reservation over at once": (
        lambda: reserve(LEDGER, "a", 1, now=NOW, expires_at=NOW),
        "budget_invalid",
        "not after now",
    ),
    "reservation in naive time": (
        lambda: reserve(LEDGER, "a", 1, now=NAIVE, expires_at=NOW),
        "time_without_zone",
        "2026-12-01",
    ),
    "unknown reservation": (lambda: release(LEDGER, "zz"), "reservation_not_found", "zz"),
    "more used than reserved": (
        lambda: confirm(reserve(LEDGER, "a", 2, now=NOW, expires_at=NOW + timedelta(1)), "a", 3, now=NOW),
        "budget_invalid",
        "3 units",
    ),
    "impossible event": (
        lambda: next_state(CampaignState.DRAFT, CampaignEvent.APPROVE, sent_any=False),
        "campaign_transition_not_allowed",
        "edit, stop, submit",
    ),
    "resume to a state without pause": (
        lambda: next_state(
            CampaignState.PAUSED, CampaignEvent.RESUME, sent_any=False, paused_from=CampaignState.APPROVED
        ),
        "campaign_transition_not_allowed",
        "approved",
    ),
    "unknown role": (lambda: read_roles(["marketer", "ceo"]), "role_unknown", "ceo"),
    "unknown action": (
        lambda: authorise(Person("u", frozenset(Role)), "launch", Resource("campaign")),
        "action_unknown",
        "launch",
    ),
    "context that the rules do not know": (
        lambda: authorise(Person("u", frozenset(Role)), "view", Resource("campaign"), {"force": True}),
        "authority_rules_broken",
        "Nothing is allowed",
    ),
    "denied": (
        lambda: require_authority(
            Person("u", frozenset({Role.LEGAL})), "manage_users", Resource("workspace")
        ),
        "not_authorised",
        "no rule lets legal manage users",
    ),
    "kind without signatures": (
        lambda: required_signatures("transaction", SignatureFacts()),
        "signature_rule_missing",
        "transaction",
    ),
    "facts of different length": (
        lambda: one_message(eligible=np.array([True, True])),
        "gate_facts_invalid",
        "eligible",
    ),
    "facts of the wrong shape": (
        lambda: one_message(cost_minor=np.array([[1]])),
        "gate_facts_invalid",
        "cost_minor",
    ),
    "numbers for yes or no": (
        lambda: one_message(suppressed=np.array([0])),
        "gate_facts_invalid",
        "yes or no",
    ),
    "fractions for money": (
        lambda: one_message(cost_minor=np.array([0.2])),
        "gate_facts_invalid",
        "whole numbers",
    ),
    "approval as text": (lambda: one_message(approval_valid="false"), "gate_facts_invalid", "'false'"),
    "negative cost of a message": (
        lambda: one_message(cost_minor=np.array([-1])),
        "gate_facts_invalid",
        "-1 minor units",
    ),
    "negative money left": (lambda: one_message(money_left_minor=-7), "gate_facts_invalid", "-7"),
    "no arms": (
        lambda: open_arms(one_message(), RULES, NOW, np.array([], dtype=np.int64)),
        "gate_facts_invalid",
        "arm",
    ),
    "negative cost of an arm": (
        lambda: open_arms(one_message(), RULES, NOW, np.array([20, -1])),
        "gate_facts_invalid",
        "-1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_with_its_value_and_the_remedy(name: str) -> None:
    call, code, named = REFUSED[name]
    with pytest.raises(CountersignError) as refused:
        call()
    assert refused.value.code == code
    assert named in refused.value.message


def test_bad_input_is_told_apart_from_conflicts() -> None:
    with pytest.raises(InvalidInputError):
        read_word("perhaps")
