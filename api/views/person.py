"""A person's timeline: imports, what they said, choices, messages, outcomes. Ids and words; nothing that names them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from api.records.choices import Logged
from api.records.people import PersonRows
from api.report.wording import arm_words, first_upper, share, words
from api.views.numbers import View
from policies.consent import Channel, ConsentStatus, Purpose, status_of, suppressed_on
from policies.figures import money
from policies.layers import RULE_INDEX, RULES


class MomentView(View):
    """One thing that happened: `kind` is import, consent, suppression, choice, decision, send, outcome or event."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    campaign_id: str | None = None


class StandingView(View):
    """What counts for marketing on one channel now: granted, withdrawn or unknown, and whether it is stopped for good."""

    channel: str
    status: str
    suppressed: bool


class PersonView(View):
    """A person under their id, the newest moment first."""

    person_id: str
    added_at: datetime
    forgotten_at: datetime | None
    source: str
    synthetic: bool
    timezone: str | None
    locale: str | None
    profile_version: int | None
    channels: tuple[StandingView, ...]
    moments: tuple[MomentView, ...]


def person_view(rows: PersonRows, choices: list[Logged], names: dict[str, str]) -> PersonView:
    """Join what is kept of a person; `choices` are those of batches, `names` the actions' by id."""
    profile, source = rows.profile, rows.source
    moments = [*_said(rows), *_chosen(rows, choices, names), *_happened(rows)]
    return PersonView(
        person_id=rows.person.person_id,
        added_at=rows.person.created_at,
        forgotten_at=rows.person.forgotten_at,
        source="" if source is None else source.source_name,
        synthetic=source is not None and source.synthetic,
        timezone=None if profile is None else profile.timezone,
        locale=None if profile is None else profile.locale,
        profile_version=None if profile is None else profile.profile_version,
        channels=() if profile is None else _standing(profile.consent_bits, profile.suppression_bits),
        moments=tuple(sorted(moments, key=lambda moment: moment.at, reverse=True)),
    )


def _standing(consent: int, suppression: int) -> tuple[StandingView, ...]:
    bits, stopped = np.array([consent], dtype=np.int64), np.array([suppression], dtype=np.int64)
    made = []
    for channel in Channel:
        status = ConsentStatus(int(status_of(bits, channel, Purpose.MARKETING)[0]))
        shut = bool(suppressed_on(stopped, channel)[0])
        if status is not ConsentStatus.UNKNOWN or shut:
            made.append(
                StandingView(channel=channel.name.lower(), status=status.name.lower(), suppressed=shut)
            )
    return tuple(made)


def _said(rows: PersonRows) -> Iterator[MomentView]:
    made = rows.person.created_at
    source = "" if rows.source is None else rows.source.source_name
    yield MomentView(at=made, kind="import", words="Added", detail=source)
    if rows.person.forgotten_at is not None:
        yield MomentView(at=rows.person.forgotten_at, kind="suppression", words="Forgotten at their request")
    for said in rows.consents:
        yield MomentView(
            at=said.stated_at,
            kind="consent",
            words=f"{first_upper(said.status)} {words(said.purpose)} by {words(said.channel)}",
            detail=said.source,
        )
    for stop in rows.suppressions:
        channel = "every channel" if stop.channel == "*" else words(stop.channel)
        yield MomentView(
            at=stop.suppressed_at,
            kind="suppression",
            words=f"Stopped on {channel}",
            detail=words(stop.reason),
        )


def _chosen(rows: PersonRows, choices: list[Logged], names: dict[str, str]) -> Iterator[MomentView]:
    by_id = {campaign.campaign_id: campaign.name for campaign in rows.campaigns.values()}
    for row in choices:
        held = f", {words(row['layer'])}" if row["layer"] else f", drawn at {share(row['arm_probability'])}"
        yield MomentView(
            at=row["chosen_at"],
            kind="choice",
            words=f"Chosen: {arm_words(row['arm'], names)}",
            detail=f"{by_id.get(row['campaign_id'], '')}, {words(row['group'])}{held}",
            campaign_id=row["campaign_id"],
        )
    for choice in rows.decisions:
        record = choice.record
        item = record.get("item") or "the fallback"
        yield MomentView(
            at=choice.chosen_at,
            kind="decision",
            words=f"Decided: {item} at {record.get('placement')}",
            detail=f"{choice.collection_id}, {words(str(record.get('group')))}",
        )


def _happened(rows: PersonRows) -> Iterator[MomentView]:
    for send in rows.sends:
        campaign = rows.campaigns.get(send.launch_id or "")
        known = RULE_INDEX.get(send.rule or "")
        rule = "" if known is None else RULES[known].words
        yield MomentView(
            at=send.sent_at or send.created_at,
            kind="send",
            words=f"{first_upper(send.channel)}: {words(send.status)}",
            detail=", ".join(filter(None, (campaign.name if campaign else send.source, rule))),
            campaign_id=campaign.campaign_id if campaign else None,
        )
    for outcome in rows.outcomes:
        amount = str(outcome.value)
        if outcome.unit.startswith("minor:"):
            amount = money(outcome.value, outcome.unit.removeprefix("minor:"))
        campaign = rows.campaigns.get(outcome.launch_id or "")
        yield MomentView(
            at=outcome.observed_at,
            kind="outcome",
            words=f"{first_upper(words(outcome.name))}: {amount}",
            detail=outcome.source,
            campaign_id=campaign.campaign_id if campaign else None,
        )
    for event in rows.events:
        yield MomentView(at=event.occurred_at, kind="event", words=first_upper(words(event.name)))
