"""People as choices and gates see them: consents, suppressions, served profiles and audience snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlmodel import Session

from policies.consent import Channel, ConsentStatus, Purpose, pack
from policies.errors import InvalidInputError, NotFoundError
from store.bulk import in_chunks, insert_rows, table_of
from store.driver import Prepared
from store.tables.people import Consent, ServedProfile, Snapshot, Suppression
from store.warehouse import Warehouse, person_id_array

SNAPSHOTS = "snapshots"
ALL_CHANNELS = "*"
MOST_ASKED_BY_ID = 20_000
_snapshots = table_of(Snapshot).c
_TAKEN = Prepared(
    sa.select(_snapshots.people).where(
        _snapshots.workspace_id == sa.bindparam("workspace"), _snapshots.sha256 == sa.bindparam("sha256")
    )
)


class UnknownPersonError(NotFoundError):
    """A person id that this workspace does not have."""

    code = "person_unknown"


class SnapshotMissingError(NotFoundError):
    """No audience snapshot has this hash, or its file does not match it."""

    code = "snapshot_missing"


class SuppressionChannelError(InvalidInputError):
    """A suppression names a channel that does not exist."""

    code = "suppression_channel_unknown"


class Bits(NamedTuple):
    """One person's packed statuses and packed hard suppressions (see policies/consent.py; `|` joins them)."""

    consent: int
    suppression: int


class Profiles(NamedTuple):
    """Served profiles as columns, each (n,), in the order that was asked for."""

    person_ids: NDArray[np.str_]
    timezones: NDArray[np.str_]
    consent_bits: NDArray[np.int64]
    suppression_bits: NDArray[np.int64]
    profile_versions: NDArray[np.int64]

    @property
    def packed_bits(self) -> NDArray[np.int64]:
        """Statuses and suppressions in one integer each, as `policies.consent.contactable` reads them."""
        return self.consent_bits | self.suppression_bits


def served_profiles(session: Session, workspace_id: str, person_ids: Sequence[str]) -> Profiles:
    """The served profiles of these people, in this order; raises UnknownPersonError naming the first missing."""
    wanted = person_id_array(person_ids)
    table = table_of(ServedProfile)
    if wanted.size > MOST_ASKED_BY_ID:
        found = all_profiles(session, workspace_id)
    else:
        rows = [
            row
            for chunk in in_chunks(wanted.tolist())
            for row in _read_profiles(session, workspace_id, table.c.person_id.in_(chunk))
        ]
        found = _profiles(sorted(rows))
    place = np.searchsorted(found.person_ids, wanted)
    missing = place == found.person_ids.size
    place[missing] = 0
    if found.person_ids.size:
        missing |= found.person_ids[place] != wanted
    if missing.any():
        first = str(wanted[missing][0])
        raise UnknownPersonError(f"This workspace has no person {first}.", value=first)
    return Profiles(
        wanted,
        found.timezones[place],
        found.consent_bits[place],
        found.suppression_bits[place],
        found.profile_versions[place],
    )


def all_profiles(session: Session, workspace_id: str) -> Profiles:
    """Every served profile of a workspace, sorted by person id."""
    return _profiles(sorted(_read_profiles(session, workspace_id, sa.true())))


def _read_profiles(
    session: Session, workspace_id: str, where: sa.ColumnElement[bool]
) -> list[tuple[str, str, int, int, int]]:
    c = table_of(ServedProfile).c
    query = sa.select(c.person_id, c.timezone, c.consent_bits, c.suppression_bits, c.profile_version)
    rows = session.connection().execute(query.where(c.workspace_id == workspace_id, where))
    return [tuple(row) for row in rows.fetchall()]


def _profiles(rows: list[tuple[str, str, int, int, int]]) -> Profiles:
    columns = tuple(zip(*rows, strict=True)) or ((), (), (), (), ())
    person_ids, timezones, consent, suppression, versions = columns
    return Profiles(
        person_id_array(person_ids),
        np.asarray(timezones, dtype=np.str_),
        np.asarray(consent, dtype=np.int64),
        np.asarray(suppression, dtype=np.int64),
        np.asarray(versions, dtype=np.int64),
    )


def consent_bits_from_history(session: Session, person_ids: Sequence[str]) -> dict[str, Bits]:
    """What these people's statements and suppressions add up to: the latest statement a channel and purpose counts,
    and of two at the same time the withdrawal.
    """
    statuses: dict[str, dict[tuple[Channel, Purpose], ConsentStatus]] = {person: {} for person in person_ids}
    stopped: dict[str, set[Channel]] = {person: set() for person in person_ids}
    said, stops = table_of(Consent).c, table_of(Suppression).c
    connection = session.connection()
    for chunk in in_chunks(person_ids):
        statements = sa.select(said.person_id, said.channel, said.purpose, said.status)
        # ascending, so the latest is written last; "granted" sorts before "withdrawn"
        for person, channel, purpose, status in connection.execute(
            statements.where(said.person_id.in_(chunk)).order_by(said.stated_at, said.status)
        ):
            statuses[person][Channel[channel.upper()], Purpose[purpose.upper()]] = ConsentStatus[
                status.upper()
            ]
        for person, channel in connection.execute(
            sa.select(stops.person_id, stops.channel).where(stops.person_id.in_(chunk))
        ):
            stopped[person] |= set(Channel) if channel == ALL_CHANNELS else {Channel[channel.upper()]}
    return {person: Bits(pack(statuses[person]), pack({}, stopped[person])) for person in person_ids}


def suppress(
    session: Session, workspace_id: str, person_id: str, channel: str, reason: str, *, at: datetime
) -> None:
    """Stop a channel (`*`: all) for a person at once, whatever consent says; doing it again changes nothing."""
    names = [item.name.lower() for item in Channel]
    if channel != ALL_CHANNELS and channel not in names:
        raise SuppressionChannelError(
            f"There is no channel {channel!r} to suppress; use one of {', '.join(names)}, or * for all.",
            value=channel,
        )
    profile = session.get(ServedProfile, person_id, with_for_update=True, populate_existing=True)
    if profile is None or profile.workspace_id != workspace_id:
        raise UnknownPersonError(f"This workspace has no person {person_id}.", value=person_id)
    insert_rows(
        session,
        Suppression,
        [
            {
                "person_id": person_id,
                "channel": channel,
                "workspace_id": workspace_id,
                "reason": reason,
                "suppressed_at": at,
            }
        ],
        keep=True,
    )
    stopped = tuple(Channel) if channel == ALL_CHANNELS else (Channel[channel.upper()],)
    bits = profile.suppression_bits | pack({}, stopped)
    if bits != profile.suppression_bits:
        profile.suppression_bits = bits
        profile.profile_version += 1
        session.add(profile)


def snapshot_sha256(person_ids: Collection[str]) -> str:
    """The hash an audience is bound by: sha256 of its sorted person ids joined by line feeds."""
    return hashlib.sha256("\n".join(sorted(person_ids)).encode()).hexdigest()


def take_snapshot(
    session: Session,
    warehouse: Warehouse,
    *,
    workspace_id: str,
    definition: str,
    person_ids: Sequence[str] | NDArray[Any],
    sha256: str,
    at: datetime,
) -> None:
    """Keep an audience under its hash: the hash as a row, the ids (n,) in the given order as a Parquet part.

    Taking the same people again keeps the snapshot that is there. InvalidInputError where the hash is another audience's.
    """
    if _TAKEN.one(session, workspace=workspace_id, sha256=sha256) is not None:
        return
    import pyarrow as pa

    if snapshot_sha256([str(person) for person in person_ids]) != sha256:
        raise InvalidInputError(
            f"the hash {sha256[:12]}… is not that of these {len(person_ids)} people", value=sha256
        )
    data = pa.table({"person_id": pa.array([str(person) for person in person_ids], pa.string())})
    path = warehouse.append(workspace_id, SNAPSHOTS, sha256, data)
    row = {
        "workspace_id": workspace_id,
        "sha256": sha256,
        "definition": definition,
        "people": len(person_ids),
        "path": path.name,
        "taken_at": at,
    }
    insert_rows(session, Snapshot, [row])


def snapshot_people(
    session: Session, warehouse: Warehouse, workspace_id: str, sha256: str
) -> NDArray[np.str_]:
    """The person ids of a snapshot in their kept order.

    A file that holds anybody else, or fewer, is not the one that was bound: SnapshotMissingError.
    """
    import pyarrow.parquet as pq

    found = session.get(Snapshot, (workspace_id, sha256))
    paths = [path for path in warehouse.parts(workspace_id, SNAPSHOTS) if found and path.name == found.path]
    if found is None or not paths:
        raise SnapshotMissingError(f"There is no audience snapshot {sha256}.", value=sha256)
    with paths[0].open("rb") as stream:
        person_ids: list[str] = pq.read_table(stream, columns=["person_id"])["person_id"].to_pylist()
    if snapshot_sha256(person_ids) != sha256:
        raise SnapshotMissingError(f"The file of audience snapshot {sha256} was changed.", value=sha256)
    return person_id_array(person_ids)
