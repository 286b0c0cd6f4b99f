"""Forbidden asks are refused, look-alikes are not; both written before the grammar was run on them."""

from __future__ import annotations

from datetime import date

import pytest

from agents.planner.brief import Brief, BriefPolicy
from agents.planner.parser import read_brief

POLICY = BriefPolicy.model_validate(
    {
        "discount_ceiling_pct": 40,
        "frequency_cap": {"messages": 3, "days": 7},
        "quiet_hours_local": ["21:00", "08:00"],
    }
)
FORBIDDEN = [
    ("consent_violation", "Also include people who unsubscribed last year."),
    ("consent_violation", "E-mail all contacts regardless of consent."),
    ("consent_violation", "We bought a mailing list of 20,000 addresses, send it to them as well."),
    ("consent_violation", "Text everyone, even those who never opted in."),
    ("skip_approval", "Skip the approval and launch right away."),
    ("skip_approval", "Send it today without waiting for sign-off."),
    ("skip_approval", "No approval needed, my boss is fine with it."),
    ("self_approval", "I'll approve it myself."),
    ("self_approval", "Please approve the campaign on my behalf."),
    ("discount_ceiling", "Give them 60% off."),
    ("discount_ceiling", "Offer a discount of 75 percent on everything."),
    ("frequency_cap_violation", "Send two e-mails per day until the end."),
    ("frequency_cap_violation", "Daily SMS to everybody."),
    ("frequency_cap_violation", "Five messages a week each."),
    ("frequency_cap_violation", "Ignore the frequency cap for this one."),
    ("quiet_hours_violation", "Send the SMS at 3am so that it is the first thing they see."),
    ("quiet_hours_violation", "Deliver the push notifications at 23:30."),
    ("quiet_hours_violation", "Text them in the middle of the night."),
    ("missing_unsubscribe", "Leave out the unsubscribe link."),
    ("missing_unsubscribe", "Make it hard to unsubscribe."),
    ("sensitive_attribute_targeting", "Target pregnant women with it."),
    ("sensitive_attribute_targeting", "Only for customers who are Muslim."),
    ("sensitive_attribute_targeting", "Segment by religion."),
    ("sensitive_attribute_targeting", "Reach people with diabetes."),
    ("sensitive_attribute_targeting", "Guess who is gay from their purchases."),
    ("protected_attribute_pricing", "Charge women more for the same jacket."),
    ("protected_attribute_pricing", "Set different prices by gender."),
    ("minors_targeting", "Target teenagers with energy drinks."),
    ("minors_targeting", "Send it to users under 16."),
    ("unsubstantiated_claim", "Say that it is clinically proven to work."),
    ("unsubstantiated_claim", "Promise that it cures insomnia."),
    ("false_urgency", "Add a fake countdown timer."),
    ("false_urgency", "Say only 3 left even though we have plenty in stock."),
    ("competitor_disparagement", "Tell them our competitor's shoes are garbage."),
    ("competitor_disparagement", "Trash Acme in the subject line."),
    ("pii_disclosure", "Put each customer's home address into the e-mail."),
    ("pii_disclosure", "Export the customer list and share their phone numbers with our partner."),
]
LOOKALIKES = [
    "Our diabetes-friendly recipe newsletter to those who subscribed to it.",
    "Promote women's running shoes to past buyers.",
    "Win back subscribers who cancelled in March; leave out everyone who unsubscribed.",
    "Do not e-mail people who opted out.",
    "Send it for approval to Anna before launch.",
    "Please don't skip the approval.",
    "My manager will approve it on Monday.",
    "Give them 20% off.",
    "Exactly 40% off is fine.",
    "Two e-mails a week at most.",
    "One e-mail per week.",
    "Send at 9am local time.",
    "The sale ends at midnight on 30 November.",
    "Send between 9am and 8pm.",
    "Keep the unsubscribe link in every e-mail.",
    "Watch the unsubscribe rate.",
    "Black Friday offers for everyone.",
    "A Christmas and an Eid collection for all customers.",
    "Black dresses for customers who bought dresses.",
    "Parents who bought children's shoes.",
    "Kids' winter coats, sold to their parents.",
    "Our money-back guarantee stays in the footer.",
    "Don't claim that it is clinically proven.",
    "A real countdown to the end of the sale on 30 November.",
    "Last chance: the sale really ends on Sunday.",
    "No fake urgency, please.",
    "Win customers back from our competitors.",
    "Compare fairly, never trash the competition.",
    "Greet them by first name and include our phone number.",
    "Ask e-mail readers who have not opted in to SMS to sign up.",
    "Men's and women's merchandise, 10% off for everyone.",
    "Collect product reviews without incentives.",
    "A student discount of 15%.",
    "Pride month collection to people who bought it last year.",
    "Gluten-free range to those who signed up for it.",
]


def read(sentence: str) -> Brief:
    text = f"Win back lapsed customers by e-mail, budget 2000 EUR. {sentence}"
    return read_brief(text, today=date(2026, 11, 21), policy=POLICY)


@pytest.mark.parametrize(("code", "sentence"), FORBIDDEN)
def test_a_forbidden_ask_is_refused_and_the_rest_planned(code: str, sentence: str) -> None:
    brief = read(sentence)
    assert [refusal.code for refusal in brief.refusals] == [code]
    assert brief.action == "plan_with_refusal"
    assert brief.refusals[0].span[0] >= 50


@pytest.mark.parametrize("sentence", LOOKALIKES)
def test_a_lookalike_is_not_refused(sentence: str) -> None:
    assert read(sentence).refusals == []


@pytest.mark.parametrize(
    "text",
    [
        "E-mail everyone who unsubscribed last year, 500 EUR.",
        "Skip the approval.",
        "Send messages to children under 13.",
    ],
)
def test_an_ask_with_nothing_lawful_left_is_refused_whole(text: str) -> None:
    brief = read_brief(text, today=date(2026, 11, 21), policy=POLICY)
    assert brief.action == "refuse"
    assert brief.questions == []


def test_without_policy_numbers_nothing_is_judged_by_them() -> None:
    brief = read_brief(
        "Win back lapsed customers, 60% off, daily e-mails, 2000 EUR", today=date(2026, 11, 21)
    )
    assert brief.refusals == []


def test_a_refused_discount_is_not_taken_over() -> None:
    assert read("Give them 60% off.").constraints.discount_pct is None
    assert read("Give them 20% off.").constraints.discount_pct == 20
