"""Briefs of many shapes, each with what it states: written before the parser was run on them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from agents.planner.brief import BriefPolicy
from agents.planner.parser import read_brief

TODAY = date(2026, 11, 21)
POLICY = BriefPolicy.model_validate(
    {
        "discount_ceiling_pct": 40,
        "frequency_cap": {"messages": 3, "days": 7},
        "quiet_hours_local": ["21:00", "08:00"],
        "channels": ["email", "sms", "push", "in_app"],
    }
)
EXAMPLE = (
    "Bring back customers who have not bought for 6+ months with our men's and women's merchandise e-mails. "
    "Budget $2,000, e-mail only, 1-14 December, hold out 10 %. More visits, without hurting spend."
)

# text, then (action, objective, audience, (amount, currency), start, end, channels, asked fields)
Row = tuple[
    str,
    str,
    str | None,
    dict[str, Any] | None,
    tuple[str, str | None] | None,
    str | None,
    str | None,
    list[str] | None,
    set[str],
]
BRIEFS: list[Row] = [
    (EXAMPLE, "plan", "winback", {"days_since_purchase_min": 180}, ("2000", "USD"), "2026-12-01", "2026-12-14", ["email"], set()),
    ("Win back anyone who hasn't ordered in half a year. 3k eur, SMS and e-mail, from Monday until 20 Dec.",
     "plan", "winback", {"days_since_purchase_min": 180}, ("3000", "EUR"), "2026-11-23", "2026-12-20", ["email", "sms"], set()),
    ("Abandoned carts from the last 3 days: remind them by push notification. Spend up to £450. Start tomorrow, run for one week.",
     "plan", "cart_recovery", {"cart_abandoned_days_max": 3}, ("450", "GBP"), "2026-11-22", "2026-11-28", ["push"], set()),
    ("Black Friday push to our gold members, budget CHF 4'000, Fri 27 Nov, email and text messages",
     "plan", "seasonal_promotion", {"tier": "gold"}, ("4000", "CHF"), "2026-11-27", "2026-11-27", ["email", "sms"], set()),
    ("We want trial users whose trial ends in the next 7 days to convert to paid. Budget 1.200,50 EUR. No SMS.",
     "plan", "trial_conversion", {"trial_ends_within_days": 7, "type": "trial_user"}, ("1200.50", "EUR"), None, None, None, set()),
    ("Ask customers whose order was delivered in the last 14 days for reviews. USD 800 in total, e-mail, whole of December",
     "plan", "review_collection", {"delivered_within_days": 14}, ("800", "USD"), "2026-12-01", "2026-12-31", ["email"], set()),
    ("Get one-time buyers to a second purchase, 5k, actually 4k euros, e-mail, 2026-12-05 to 2026-12-19",
     "plan", "repeat_purchase", {"order_count": 1}, ("4000", "EUR"), "2026-12-05", "2026-12-19", ["email"], set()),
    ("Reduce churn among pro customers at risk; budget: 1.2 lakh rupees; until the end of Q1; in-app only",
     "plan", "retention", {"plan": "pro"}, ("120000", "INR"), None, "2027-03-31", ["in_app"], set()),
    ("Fill our webinar: 250 registrations from newsletter subscribers. 900 dollars. Between 1 and 10 December, email.",
     "plan", "event_registration", {"newsletter": True}, ("900", "USD"), "2026-12-01", "2026-12-10", ["email"], set()),
    ("Renewal campaign for subscriptions expiring in January, $5,500 max, e-mail plus push, starting 1 December for two weeks",
     "plan", "renewal", {"plan_expires": "2027-01"}, ("5500", "USD"), "2026-12-01", "2026-12-14", ["email", "push"], set()),
    ("Everyone except VIPs gets the Christmas sale e-mail. 2,500 EUR, 10-24 December.",
     "plan", "seasonal_promotion", {"all": True, "exclude": {"tier": "vip"}}, ("2500", "EUR"), "2026-12-10", "2026-12-24", ["email"], set()),
    ("Launch our new trail running collection to people who bought running shoes in the last year. Budget of two thousand pounds. Email.",
     "plan", "product_launch", {"bought_category": "running shoes", "within_days": 365}, ("2000", "GBP"), None, None, ["email"], set()),
    ("Upsell customers on the free plan to premium. $100 a day, next 2 weeks, in-app messages, don't text anyone",
     "plan", "upsell", {"plan": "free"}, ("100", "USD"), "2026-11-21", "2026-12-05", ["in_app"], set()),
    ("Raise average order value from $60 to $75 for web customers in Germany and Austria; €3.000; next month; e-mail",
     "plan", "aov_growth", {"web_customer": True, "countries": ["DE", "AT"]}, ("3000", "EUR"), "2026-12-01", "2026-12-31", ["email"], set()),
    ("App installs! People without the app in the UK. GBP 750. SMS only. Black Friday to Cyber Monday.",
     "plan", "app_install", {"app_installed": False, "countries": ["GB"]}, ("750", "GBP"), "2026-11-27", "2026-11-30", ["sms"], set()),
    ("Cross-sell accessories, 2m yen? no, make it 1.5m yen, all customers, e-mail, 28 Dec - 3 Jan",
     "plan", "cross_sell", {"all": True}, ("1500000", "JPY"), "2026-12-28", "2027-01-03", ["email"], set()),
    ("Grow SMS opt-ins among newsletter subscribers by e-mail, budget 600 EUR, this week",
     "plan", "opt_in_growth", {"newsletter": True}, ("600", "EUR"), "2026-11-21", "2026-11-22", ["email"], set()),
    ("Activate new customers with a welcome series. Budget: 1,000.00 USD. Always-on, from 1 January.",
     "plan", "activation", {"new_customer": True}, ("1000", "USD"), "2027-01-01", None, None, set()),
    ("Win back and upsell our lapsed customers, both equally. Budget 4000 EUR, email.",
     "clarify", "multi", {"segment": "lapsed"}, ("4000", "EUR"), None, None, ["email"], {"priority_of_goals"}),
    ("asdf qwer", "clarify", None, None, None, None, None, None, {"objective", "audience", "budget"}),
    ("Do something nice soon.", "clarify", None, None, None, None, None, None, {"objective", "audience", "budget"}),
    ("Win back lapsed customers by e-mail.", "clarify", "winback", {"segment": "lapsed"}, None, None, None, ["email"], {"budget"}),
    ("I have 2000 euros.", "clarify", None, None, ("2000", "EUR"), None, None, None, {"objective", "audience"}),
    ("Win back dormant shoppers, budget 3k, e-mail", "plan", "winback", {"segment": "dormant"}, ("3000", None), None, None, ["email"], {"currency"}),
    ("Win back dormant shoppers by WhatsApp, budget 3k EUR", "clarify", "winback", {"segment": "dormant"}, ("3000", "EUR"), None, None, None, {"unsupported_channel:whatsapp"}),
    ("Reorder reminder, $700, e-mail only and text customers too", "clarify", "repeat_purchase", None, ("700", "USD"), None, None, None, {"channels"}),
    ("Cart recovery, $700, email, from 20 December to 10 December", "clarify", "cart_recovery", None, ("700", "USD"), None, None, ["email"], {"dates"}),
    ("Promote our spring jackets to women's wear buyers, 20% off but no discounts, €900, email",
     "clarify", "product_promotion", None, ("900", "EUR"), None, None, ["email"], {"discount"}),
    ("Thank our loyal customers with a 10% voucher. Budget $1,500 - sorry, $1,250. By e-mail, on 5 December.",
     "plan", "loyalty", {"segment": "loyal"}, ("1250", "USD"), "2026-12-05", "2026-12-05", ["email"], set()),
    ("Acquire new customers in France. Budget 2.500 € per month. CPA max 15 €. E-mail. From 1 March 2027 to 31 May 2027.",
     "plan", "acquisition", {"countries": ["FR"]}, ("2500", "EUR"), "2027-03-01", "2027-05-31", ["email"], set()),
    ("Price test on the pro plan: two price points, AUD 2,000, in-app and email, before Christmas",
     "plan", "pricing", {"plan": "pro"}, ("2000", "AUD"), None, "2026-12-24", ["email", "in_app"], set()),
    ("customers last bought 6 to 12 months ago, usd 1 500, e-mail but not SMS or push, 1/12/2026 - 8/12/2026",
     "plan", None, {"days_since_purchase_min": 180, "days_since_purchase_max": 360}, ("1500", "USD"), "2026-12-01", "2026-12-08", ["email"], set()),
]  # fmt: skip


@pytest.mark.parametrize("row", BRIEFS, ids=[row[0][:40] for row in BRIEFS])
def test_brief_is_read_as_stated(row: Row) -> None:
    text, action, objective, audience, budget, start, end, channels, asked = row
    brief = read_brief(text, today=TODAY, policy=POLICY)
    read = brief.model_dump(mode="json")
    assert brief.objective == objective
    assert read["audience"] == audience
    money = None if brief.budget is None else (brief.budget.amount, brief.budget.currency)
    assert money == (None if budget is None else (Decimal(budget[0]), budget[1]))
    assert (read["start"], read["end"]) == (start, end)
    assert read["channels"] == channels
    assert {question.field for question in brief.questions} == asked
    assert brief.action == action
    assert brief.refusals == []


def test_the_example_brief_states_its_constraints_and_where_they_stand() -> None:
    brief = read_brief(EXAMPLE, today=TODAY, policy=POLICY)
    said = {name: EXAMPLE[slot.span[0] : slot.span[1]] for name, slot in brief.slots.items()}
    assert brief.kpi is not None and brief.kpi.name == "visits"
    assert brief.constraints.holdout == Decimal("0.1")
    assert brief.constraints.other == ["without hurting spend"]
    assert said["budget"] == "$2,000"
    assert said["start"] == said["end"] == "1-14 December"
    assert said["constraints.holdout"] == "hold out 10 %"
    assert said["constraints.other"] == "without hurting spend"
    assert said["channels"] == "e-mail"
    assert {slot.source for slot in brief.slots.values()} == {"rule"}
    assert brief.model == "embedded-rules/1"


def test_a_bare_dollar_is_the_dollar_of_the_home() -> None:
    for home, read in (("AUD", "AUD"), ("EUR", "USD"), (None, "USD")):
        brief = read_brief("win back lapsed customers, budget $900", today=TODAY, home_currency=home)
        assert brief.budget is not None and brief.budget.currency == read


def test_a_home_currency_is_not_asked_for_and_not_filled_in() -> None:
    brief = read_brief("win back lapsed customers, budget 900", today=TODAY, home_currency="EUR")
    assert brief.budget is not None and brief.budget.currency is None
    assert brief.action == "plan" and brief.questions == []
