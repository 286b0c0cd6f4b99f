"""On what an audience may be written to: what its people said, counted as it stands now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from policies.consent import Channel, ConsentStatus, Purpose, status_of, suppressed_on
from store.bulk import table_of
from store.repositories.people import SnapshotMissingError, snapshot_people
from store.tables import Consent, ServedProfile
from store.warehouse import Warehouse

PURPOSE = Purpose.MARKETING
_profiles = table_of(ServedProfile).c
_BITS = sa.select(_profiles.person_id, _profiles.consent_bits, _profiles.suppression_bits).where(
    _profiles.workspace_id == sa.bindparam("workspace")
)


class ConsentCount(NamedTuple):
    """An audience by what each of its people last said about a channel; the parts add up to `people`.

    `suppressed` are stopped whatever they said; `gone` have been forgotten since the snapshot was taken.
    """

    channel: str
    people: int
    granted: int
    withdrawn: int
    unknown: int
    suppressed: int
    gone: int


class ConsentSource(NamedTuple):
    """Statements of a workspace about a channel by where they came from, with the days of the first and the last."""

    channel: str
    source: str
    status: str
    statements: int
    first: datetime
    last: datetime


def consent_counts(
    session: Session, warehouse: Warehouse, workspace_id: str, snapshot_sha256: str, channels: list[str]
) -> list[ConsentCount] | None:
    """Count an audience's consent to marketing on each channel now; None where its snapshot cannot be read any more."""
    try:
        people = snapshot_people(session, warehouse, workspace_id, snapshot_sha256)
    except SnapshotMissingError:
        return None
    inside = set(people.tolist())
    rows = session.connection().execute(_BITS, {"workspace": workspace_id})
    bits = Counter((consent, stopped) for person_id, consent, stopped in rows if person_id in inside)
    return [_count(name, len(people), bits) for name in channels]


def workspace_consents(session: Session, workspace_id: str, channels: list[str]) -> list[ConsentCount]:
    """Count everybody of a workspace by what they last said about marketing on each channel."""
    columns = (_profiles.consent_bits, _profiles.suppression_bits)
    query = sa.select(*columns, sa.func.count()).where(_profiles.workspace_id == workspace_id)
    rows = session.connection().execute(query.group_by(*columns))
    bits = {(consent, stopped): people for consent, stopped, people in rows}
    return [_count(name, sum(bits.values()), bits) for name in channels]


def consent_sources(session: Session, workspace_id: str, channels: list[str]) -> list[ConsentSource]:
    """Return where the workspace's statements about marketing on these channels came from, by channel and source."""
    said = table_of(Consent).c
    columns = (said.channel, said.source, said.status)
    query = (
        sa.select(*columns, sa.func.count(), sa.func.min(said.stated_at), sa.func.max(said.stated_at))
        .where(
            said.workspace_id == workspace_id,
            said.channel.in_(channels),
            said.purpose == PURPOSE.name.lower(),
        )
        .group_by(*columns)
        .order_by(*columns)
    )
    return [ConsentSource(*row) for row in session.connection().execute(query)]


def _count(name: str, people: int, bits: Mapping[tuple[int, int], int]) -> ConsentCount:
    """`bits` counts people by their packed statuses and packed suppressions, of which there are few."""
    channel = Channel[name.upper()]
    packed = np.array(list(bits), dtype=np.int64).reshape(-1, 2)
    counts = np.fromiter(bits.values(), dtype=np.int64, count=len(bits))
    stopped = suppressed_on(packed[:, 1], channel)
    statuses = status_of(packed[:, 0], channel, PURPOSE)
    by_status = {status: int(counts[~stopped & (statuses == status)].sum()) for status in ConsentStatus}
    return ConsentCount(
        channel=name,
        people=people,
        granted=by_status[ConsentStatus.GRANTED],
        withdrawn=by_status[ConsentStatus.WITHDRAWN],
        unknown=by_status[ConsentStatus.UNKNOWN],
        suppressed=int(counts[stopped].sum()),
        gone=people - int(counts.sum()),
    )
