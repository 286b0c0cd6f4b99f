"""The facts that the send gate judges by, read fresh from the operational database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from delivery.terms import Terms
from policies.consent import Channel, Purpose, status_of, suppressed_on
from policies.contact import FrequencyCaps, QuietHours
from policies.gate import GateRules
from policies.gate_facts import GateFacts
from policies.layers import Category
from policies.workspace_rules import WorkspaceRules
from store.repositories import sends as send_rows
from store.tables import Workspace

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CATEGORY = Category.MARKETING


@dataclass(frozen=True)
class Asked:
    """Messages that the gate is asked about, each column (n,): to whom, at which cost, and who is held out."""

    person_ids: Sequence[str]
    channel: str
    held_out: BoolArray
    cost_minor: IntArray
    money_left_minor: int | None


def gate_rules(rules: WorkspaceRules, fallback_timezone: str, *, quiet: bool = True) -> GateRules:
    """Return the workspace's rules for marketing messages.

    Without `quiet` the hours of the day are left out: they decide when a message leaves, not whether it is chosen.
    """
    start, end = time.fromisoformat(rules.quiet_from), time.fromisoformat(rules.quiet_until)
    window = QuietHours(start, end) if quiet and start != end else None
    cap, days = (None, 0) if rules.frequency_cap is None else (rules.frequency_cap.messages, _days(rules))
    caps = FrequencyCaps(
        day=cap if 0 < days <= 1 else None,
        week=cap if 1 < days <= 7 else None,
        month=cap if days > 7 else None,
    )
    return GateRules(CATEGORY, window, fallback_timezone, caps)


@dataclass(frozen=True)
class Standing:
    """What holds for all messages asked about: the workspace and its rules, and where their source stands.

    Messages of `own_launch` do not count towards caps; `reached` says which of these people had this message by another way.
    """

    workspace: Workspace
    rules: WorkspaceRules
    approval_valid: bool
    paused: bool
    own_launch: str
    reached: Callable[[Sequence[str]], Collection[str]]


def read_facts(
    session: Session, terms: Terms, asked: Asked, now: datetime, *, hold: bool = False
) -> GateFacts:
    """Return the gate's facts about a launch's messages as they stand now; see `facts_of`."""

    def reached(people: Sequence[str]) -> Collection[str]:
        return send_rows.reached_before(
            session,
            terms.workspace.workspace_id,
            terms.campaign.campaign_id,
            asked.channel,
            people,
            not_step=terms.step,
        )

    standing = Standing(
        terms.workspace,
        terms.rules,
        approval_valid=terms.stopped_by is None,
        paused=terms.paused,
        own_launch=terms.launch.launch_id,
        reached=reached,
    )
    return facts_of(session, standing, asked, now, hold=hold)


def facts_of(
    session: Session, standing: Standing, asked: Asked, now: datetime, *, hold: bool = False
) -> GateFacts:
    """Return the gate's facts about these messages as they stand now; somebody unknown or forgotten is not eligible.

    With `hold` what was said by and about these people stands still until the commit, and their contacts are counted after
    that: two launches never see each other's message too late.
    """
    people = list(asked.person_ids)
    n = len(people)
    found = send_rows.gate_profiles(session, standing.workspace.workspace_id, people, hold=hold)
    profiles = [found.get(person) for person in people]
    bits = np.array([0 if p is None else p.consent_bits for p in profiles], dtype=np.int64)
    channel = Channel[asked.channel.upper()]
    contacts = _contacts(session, standing, people, now)
    before = standing.reached(people)
    nobody, zeros = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int64)
    return GateFacts(
        workspace_stopped=standing.workspace.stopped_at is not None,
        approval_valid=standing.approval_valid,
        campaign_paused=standing.paused,
        money_left_minor=asked.money_left_minor,
        tests_sent=0,
        person=np.arange(n, dtype=np.int64),
        send_key=np.arange(n, dtype=np.int64),
        legal_blocked=nobody,
        consent=status_of(bits, channel, Purpose.MARKETING),
        suppressed=suppressed_on(bits, channel),
        held_out=asked.held_out,
        eligible=np.array([p is not None and not p.forgotten for p in profiles], dtype=np.bool_),
        test_recipient=nobody,
        timezone=np.array(["" if p is None else p.timezone for p in profiles], dtype=np.str_),
        contacts_day=contacts,
        contacts_week=contacts,
        contacts_month=contacts,
        cost_minor=asked.cost_minor,
        already_sent=np.array([person in before for person in people], dtype=np.bool_),
        not_before=zeros,
        not_after=zeros,
        chosen=np.ones(n, dtype=np.bool_),
    )


def _contacts(session: Session, standing: Standing, people: list[str], now: datetime) -> IntArray:
    """Contacts within the window of the workspace's one cap, which is why all three counts may be the same."""
    if standing.rules.frequency_cap is None:
        return np.zeros(len(people), dtype=np.int64)
    since = now - timedelta(days=_days(standing.rules))
    counts = send_rows.contacts_since(
        session, standing.workspace.workspace_id, people, since, not_launch=standing.own_launch
    )
    return np.array([counts.get(person, 0) for person in people], dtype=np.int64)


def _days(rules: WorkspaceRules) -> int:
    return 0 if rules.frequency_cap is None else rules.frequency_cap.days
