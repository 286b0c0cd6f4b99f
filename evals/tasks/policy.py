"""Plans and bounds judged twice: by the product's rules and by the oracle."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from fractions import Fraction

import numpy as np

from evals.harness.case import Case
from evals.tasks.outcome import TaskOutcome
from evals.worlds import bounds
from evals.worlds.oracle import Fact, Ruling, Setting, rule_on
from evals.worlds.plans import make_plan
from policies import gate, refusals
from policies.consent import ConsentStatus
from policies.contact import FrequencyCaps, QuietHours
from policies.gate_facts import GateFacts
from policies.layers import RULES, Category, Decision
from policies.offers import check_discount

_SAID = {"yes": ConsentStatus.GRANTED, "no": ConsentStatus.WITHDRAWN, "nothing": ConsentStatus.UNKNOWN}
MOST_TOLD = 5


async def judge_plan(case: Case, seed: int) -> TaskOutcome:  # noqa: ARG001  # a plan has a seed of its own
    """Judge one generated plan by the send gate and by the oracle; tell where they differ, and what was decided."""
    plan = make_plan(int(str(case.data["seed"])), int(str(case.data["people"])))
    expected = rule_on(plan.facts, plan.setting)
    found = rulings_of(plan.facts, plan.setting)
    wrong = [
        f"message {i}: gate {ours}, oracle {theirs}"
        for i, (ours, theirs) in enumerate(zip(found, expected, strict=True))
        if ours != theirs
    ]
    return TaskOutcome(
        output={
            "messages": len(found),
            "sent": sum(ruling.decision == "send" for ruling in found),
            "differences": len(wrong),
            "told": list(wrong[:MOST_TOLD]),
            "rules": sorted({ruling.rule for ruling in expected if ruling.rule}),
        }
    )


def rulings_of(facts: tuple[Fact, ...], setting: Setting) -> list[Ruling]:
    """Return what the product's gate makes of each message, in the oracle's words."""
    rules = gate.GateRules(
        category=Category(setting.category),
        quiet_hours=None if setting.quiet is None else QuietHours(*setting.quiet),
        fallback_timezone=setting.fallback_zone,
        caps=FrequencyCaps(*setting.caps),
    )
    verdicts = gate.judge(_facts(facts, setting), rules, setting.now)
    return [
        Ruling(
            Decision(int(verdicts.decision[i])).name.lower(),
            "" if verdicts.rule[i] < 0 else RULES[int(verdicts.rule[i])].rule_id,
            int(verdicts.hold_until[i]),
        )
        for i in range(len(facts))
    ]


def _facts(facts: tuple[Fact, ...], setting: Setting) -> GateFacts:
    def flags(name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([getattr(fact, name) for fact in facts], dtype=np.bool_)

    def numbers(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    day, week, month = zip(*(fact.contacts for fact in facts), strict=True)
    return GateFacts(
        workspace_stopped=setting.stopped,
        approval_valid=setting.approved,
        campaign_paused=setting.paused,
        money_left_minor=setting.money,
        tests_sent=setting.tests_sent,
        person=numbers([fact.person for fact in facts]),
        send_key=numbers([fact.key for fact in facts]),
        legal_blocked=flags("legal_block"),
        consent=np.array([_SAID[fact.said] for fact in facts], dtype=np.int8),
        suppressed=flags("suppressed"),
        held_out=flags("held_out"),
        eligible=flags("eligible"),
        test_recipient=flags("test_recipient"),
        timezone=np.array([fact.timezone for fact in facts]),
        contacts_day=numbers(list(day)),
        contacts_week=numbers(list(week)),
        contacts_month=numbers(list(month)),
        cost_minor=numbers([fact.cost for fact in facts]),
        already_sent=flags("sent_before"),
        not_before=numbers([fact.not_before for fact in facts]),
        not_after=numbers([fact.not_after for fact in facts]),
        chosen=flags("chosen"),
    )


BOUNDS = 240


def bound_cases(count: int = BOUNDS) -> list[Case]:
    """Return cases on the bounds that briefs are refused by, a seed each."""
    kinds = ("discount", "frequency", "moment", "window")
    return [
        Case(id=f"bound-{n:03d}", kind="bound", data={"seed": n, "bound": kinds[n % 4]}) for n in range(count)
    ]


async def judge_bound(case: Case, seed: int) -> TaskOutcome:  # noqa: ARG001  # a bound has a seed of its own
    """Judge one drawn number by the product's refusals and by the oracle's fractions."""
    rng = np.random.default_rng([int(str(case.data["seed"])), 9])
    ours, theirs, about = _BOUNDS[str(case.data["bound"])](rng)
    told = [] if ours == theirs else [f"{about}: product {ours}, oracle {theirs}"]
    return TaskOutcome(
        output={"messages": 1, "sent": 0, "differences": len(told), "told": list(told), "rules": []}
    )


def _discount(rng: np.random.Generator) -> tuple[bool, bool, str]:
    tenths = rng.integers(0, 700, int(rng.integers(1, 4))).tolist()
    ceiling = int(rng.choice([0, 10, 40, 50, 100]))
    if rng.random() < 0.3:
        tenths = [ceiling * 10]
    percents = [Decimal(t) / 10 for t in tenths]
    ours = not check_discount(percents, Decimal(ceiling)).within
    theirs = bounds.discount_refused([Fraction(t, 10) for t in tenths], Fraction(ceiling))
    if len(tenths) == 1:
        ours = ours or refusals.judge_discount(tenths[0] / 10, (0, 1), ceiling) is not None
    return ours, theirs, f"discounts {percents} under {ceiling} %"


def _frequency(rng: np.random.Generator) -> tuple[bool, bool, str]:
    messages, days = int(rng.integers(1, 15)), int(rng.integers(1, 40))
    cap, window = int(rng.integers(0, 6)), int(rng.integers(1, 31))
    repeats = bool(rng.random() < 0.5)
    found = refusals.judge_frequency(
        messages, days, (0, 1), refusals.FrequencyCap(messages=cap, days=window), repeats=repeats
    )
    theirs = bounds.frequency_refused(messages, days, cap, window, repeats=repeats)
    return found is not None, theirs, f"{messages} in {days} days, cap {cap} in {window}, repeats {repeats}"


def _moment(rng: np.random.Generator) -> tuple[bool, bool, str]:
    moment, quiet = _clock(rng), _quiet(rng)
    ours = refusals.judge_send_time(moment, (0, 1), quiet) is not None
    return ours, bounds.time_refused(moment, quiet), f"{moment} in quiet {quiet}"


def _window(rng: np.random.Generator) -> tuple[bool, bool, str]:
    window, quiet = (_clock(rng), _clock(rng)), _quiet(rng)
    ours = refusals.judge_send_window(window, (0, 1), quiet) is not None
    return ours, bounds.window_refused(window, quiet), f"{window} against quiet {quiet}"


def _clock(rng: np.random.Generator) -> time:
    return time(int(rng.integers(24)), int(rng.choice([0, 15, 30, 45, 59])))


def _quiet(rng: np.random.Generator) -> tuple[time, time]:
    pairs = (("21:00", "08:00"), ("22:30", "07:15"), ("12:00", "14:00"), ("00:00", "06:00"))
    start, end = pairs[int(rng.integers(len(pairs)))]
    return time.fromisoformat(start), time.fromisoformat(end)


_BOUNDS = {"discount": _discount, "frequency": _frequency, "moment": _moment, "window": _window}
