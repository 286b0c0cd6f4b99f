"""The policy oracle: a second implementation of the send gate, one message at a time, in plain Python.

Written from the design, the glossary and the sentences of the rules: the layers in their order, who is exempt from which
by the message's category, and messages taken in order as they use up contacts, money and send keys. It shares no code
with `policies`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

from evals.worlds.local_time import known_zone, quiet_ends

TEST_LIMIT = 20


class Fact(NamedTuple):
    """What is known of one message. `said` is what the person said on channel and purpose: yes, no or nothing."""

    person: int
    key: int
    legal_block: bool
    said: str
    suppressed: bool
    held_out: bool
    eligible: bool
    test_recipient: bool
    timezone: str
    contacts: tuple[int, int, int]
    cost: int
    sent_before: bool
    not_before: int
    not_after: int
    chosen: bool


class Setting(NamedTuple):
    """What holds for the whole batch. `caps` are contacts in a day, week and month; None is no cap."""

    category: str
    now: datetime
    quiet: tuple[time, time] | None
    fallback_zone: str
    caps: tuple[int | None, int | None, int | None]
    stopped: bool
    approved: bool
    paused: bool
    money: int | None
    tests_sent: int


class Ruling(NamedTuple):
    """What becomes of a message: send, hold or drop, the rule that said so ("" when sent), until when it is held."""

    decision: str
    rule: str
    until: int = 0


SENT = Ruling("send", "")


def rule_on(facts: Sequence[Fact], setting: Setting) -> list[Ruling]:
    """Return what becomes of each message, taken in order."""
    ledger = _Ledger(setting)
    rulings = []
    for place, fact in enumerate(facts, start=1):
        ruling = _standing(fact, setting, place) or ledger.objects(fact) or _late(fact, setting)
        if ruling is None:
            ledger.take(fact)
        rulings.append(ruling or SENT)
    return rulings


def _drop(name: str) -> Ruling:
    return Ruling("drop", f"gate.{name}")


def _standing(fact: Fact, setting: Setting, place: int) -> Ruling | None:
    """The layers up to quiet hours."""
    testing = setting.category == "test"
    marketing = setting.category == "marketing"
    if setting.stopped:
        return _drop("workspace_stopped")
    if fact.legal_block:
        return _drop("legal_block")
    if not testing:
        if fact.said == "no":
            return _drop("consent_withdrawn")
        if fact.said != "yes" and marketing:
            return _drop("consent_unknown")
    if fact.suppressed:
        return _drop("suppressed")
    if not testing:
        if not setting.approved:
            return _drop("not_approved")
        if setting.paused:
            return Ruling("hold", "gate.campaign_paused")
        if marketing and fact.held_out:
            return _drop("held_out")
        if not fact.eligible:
            return _drop("not_eligible")
    elif not fact.test_recipient:
        return _drop("test_recipient")
    elif setting.tests_sent + place > TEST_LIMIT:
        return _drop("test_limit")
    if setting.category in ("marketing", "service") and setting.quiet is not None:
        zone = fact.timezone if known_zone(fact.timezone) else setting.fallback_zone
        until = quiet_ends(setting.now, zone, *setting.quiet)
        if until:
            return Ruling("hold", "gate.quiet_hours", until)
    return None


class _Ledger:
    """Contacts, money and send keys that messages before have used up."""

    def __init__(self, setting: Setting) -> None:
        self.capped = setting.category == "marketing"
        self.caps = setting.caps
        self.money = None if setting.category == "test" else setting.money
        self.contacts: dict[int, int] = defaultdict(int)
        self.keys: set[int] = set()

    def objects(self, fact: Fact) -> Ruling | None:
        """Caps, budget, dedup."""
        if self.capped:
            for name, had, cap in zip(("day", "week", "month"), fact.contacts, self.caps, strict=True):
                if cap is not None and had + self.contacts[fact.person] >= cap:
                    return _drop(f"cap_{name}")
        if self.money is not None and fact.cost > self.money:
            return _drop("budget_short")
        if fact.sent_before:
            return _drop("already_sent")
        if fact.key in self.keys:
            return _drop("twice_in_batch")
        return None

    def take(self, fact: Fact) -> None:
        """A message left."""
        self.contacts[fact.person] += 1
        self.keys.add(fact.key)
        if self.money is not None:
            self.money -= fact.cost


def _late(fact: Fact, setting: Setting) -> Ruling | None:
    """Explicit time, then the optimiser, which chooses for marketing only."""
    now = int(setting.now.timestamp())
    if fact.not_after and fact.not_after < now:
        return _drop("expired")
    if fact.not_before > now:
        return Ruling("hold", "gate.not_yet", fact.not_before)
    if setting.category == "marketing" and not fact.chosen:
        return _drop("chose_none")
    return None
