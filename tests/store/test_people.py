from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from policies.consent import Channel, ConsentStatus, Purpose, contactable, pack, suppressed_on
from policies.errors import InvalidInputError
from store.bulk import insert_rows
from store.database import Database
from store.home import Home
from store.ids import SeededIds
from store.repositories.people import (
    SnapshotMissingError,
    SuppressionChannelError,
    UnknownPersonError,
    all_profiles,
    consent_bits_from_history,
    served_profiles,
    snapshot_people,
    snapshot_sha256,
    suppress,
    take_snapshot,
)
from store.repositories.workspaces import create_workspace
from store.tables.people import Consent, Person, ServedProfile, Snapshot, Suppression
from store.warehouse import Warehouse

PEOPLE = ("P2", "P1", "P3")
YES = pack({(Channel.EMAIL, Purpose.MARKETING): ConsentStatus.GRANTED})


@pytest.fixture
def workspace(database: Database, ids: SeededIds, start: datetime) -> str:
    with database.write() as session:
        made = create_workspace(session, ids=ids, at=start, name="shop", currency="USD", timezone="UTC")
        workspace_id = made.workspace_id
        session.flush()
        add_people(session, workspace_id, start)
    return workspace_id


def add_people(session: Session, workspace_id: str, at: datetime) -> None:
    people = [
        {
            "person_id": p,
            "workspace_id": workspace_id,
            "import_id": None,
            "created_at": at,
            "forgotten_at": None,
        }
        for p in PEOPLE
    ]
    insert_rows(session, Person, people)
    profiles = [
        {
            "features_definition": "none",
            "features": {},
            "expires_at": None,
            "locale": "en-US",
            "timezone": f"Etc/GMT+{person[1]}",
            "profile_version": 1,
            "suppression_bits": 0,
            "consent_bits": YES,
            "workspace_id": workspace_id,
            "person_id": person,
        }
        for person in PEOPLE
    ]
    insert_rows(session, ServedProfile, profiles)


def test_profiles_come_in_the_order_that_was_asked_for(database: Database, workspace: str) -> None:
    with database.read() as session:
        found = served_profiles(session, workspace, ["P3", "P1", "P3"])
        assert found.person_ids.tolist() == ["P3", "P1", "P3"]
        assert found.timezones.tolist() == ["Etc/GMT+3", "Etc/GMT+1", "Etc/GMT+3"]
        assert found.consent_bits.tolist() == [YES, YES, YES]
        assert all_profiles(session, workspace).person_ids.tolist() == ["P1", "P2", "P3"]
        assert served_profiles(session, workspace, []).person_ids.size == 0


@pytest.mark.parametrize("person", ["P0", "P9", "P22", ""])
def test_an_unknown_person_is_named(person: str, database: Database, workspace: str) -> None:
    with database.read() as session, pytest.raises(UnknownPersonError) as caught:
        served_profiles(session, workspace, ["P1", person])
    assert caught.value.value == person


def test_another_workspace_sees_none_of_these_people(database: Database, workspace: str) -> None:
    with database.read() as session, pytest.raises(UnknownPersonError):
        served_profiles(session, "elsewhere", ["P1"])


def test_a_suppression_counts_at_once_and_once(database: Database, workspace: str, start: datetime) -> None:
    for _ in range(2):
        with database.write() as session:
            suppress(session, workspace, "P1", "email", "complained", at=start)
    with database.read() as session:
        found = served_profiles(session, workspace, ["P1", "P2"])
        rows = session.get(Suppression, ("P1", "email"))
    assert contactable(found.packed_bits, Channel.EMAIL, Purpose.MARKETING).tolist() == [False, True]
    assert found.profile_versions.tolist() == [2, 1]
    assert rows is not None and rows.reason == "complained"


def test_a_suppression_of_all_channels_stops_each(
    database: Database, workspace: str, start: datetime
) -> None:
    with database.write() as session:
        suppress(session, workspace, "P1", "*", "asked", at=start)
    with database.read() as session:
        bits = served_profiles(session, workspace, ["P1"]).suppression_bits
        from_history = consent_bits_from_history(session, ["P1"])["P1"]
    assert all(suppressed_on(bits, channel)[0] for channel in Channel)
    assert from_history.suppression == bits[0]


def test_bad_suppressions_are_named(database: Database, workspace: str, start: datetime) -> None:
    with database.write() as session:
        with pytest.raises(SuppressionChannelError, match="'fax'"):
            suppress(session, workspace, "P1", "fax", "x", at=start)
        with pytest.raises(UnknownPersonError, match="P9"):
            suppress(session, workspace, "P9", "email", "x", at=start)
        with pytest.raises(UnknownPersonError):
            suppress(session, "elsewhere", "P1", "email", "x", at=start)


def test_of_two_statements_the_latest_counts_and_at_the_same_time_the_withdrawal(
    database: Database, workspace: str, start: datetime
) -> None:
    said = [
        ("P1", "email", start, "withdrawn"),
        ("P1", "email", start.replace(year=2027), "granted"),
        ("P2", "email", start, "granted"),
        ("P2", "sms", start, "withdrawn"),
    ]
    rows = [
        {
            "status": status,
            "person_id": person,
            "channel": channel,
            "purpose": "marketing",
            "stated_at": at,
            "workspace_id": workspace,
            "source": "test",
        }
        for person, channel, at, status in said
    ]
    with database.write() as session:
        insert_rows(session, Consent, rows)
    with database.read() as session:
        bits = consent_bits_from_history(session, ["P1", "P2", "P3"])
    assert bits["P1"].consent == YES
    assert bits["P2"].consent == YES | pack({(Channel.SMS, Purpose.MARKETING): ConsentStatus.WITHDRAWN})
    assert bits["P3"] == (0, 0)


def taken(session: Session, warehouse: Warehouse, workspace: str, people: Sequence[str], at: datetime) -> str:
    digest = snapshot_sha256(people)
    take_snapshot(
        session,
        warehouse,
        workspace_id=workspace,
        definition="all",
        person_ids=people,
        sha256=digest,
        at=at,
    )
    return digest


def test_a_snapshot_under_the_hash_of_other_people_is_refused(
    database: Database, workspace: str, home: Home, start: datetime
) -> None:
    with database.write() as session, pytest.raises(InvalidInputError, match="not that of these 3 people"):
        take_snapshot(
            session,
            Warehouse(home.history_dir),
            workspace_id=workspace,
            definition="all",
            person_ids=PEOPLE,
            sha256="0" * 64,
            at=start,
        )


def test_a_snapshot_is_bound_by_the_hash_of_its_sorted_ids(
    database: Database, workspace: str, home: Home, start: datetime
) -> None:
    warehouse = Warehouse(home.history_dir)
    with database.write() as session:
        digest = taken(session, warehouse, workspace, PEOPLE, start)
        assert digest == hashlib.sha256(b"P1\nP2\nP3").hexdigest()
        assert taken(session, warehouse, workspace, sorted(PEOPLE), start) == digest
        found = session.get(Snapshot, (workspace, digest))
        assert found is not None and found.people == 3
    with database.read() as session:
        assert snapshot_people(session, warehouse, workspace, digest).tolist() == list(PEOPLE)
        with pytest.raises(SnapshotMissingError, match="0000"):
            snapshot_people(session, warehouse, workspace, "0000")


@pytest.mark.parametrize("people", [["P1", "P3"], ["P1", "P3", "P4"], ["P1", "P2", "P3", "P4"], []])
def test_a_snapshot_whose_file_holds_anybody_else_or_fewer_is_refused(
    database: Database, workspace: str, home: Home, start: datetime, people: list[str]
) -> None:
    import pyarrow as pa

    warehouse = Warehouse(home.history_dir)
    with database.write() as session:
        digest = taken(session, warehouse, workspace, PEOPLE, start)
    warehouse.append(workspace, "snapshots", digest, pa.table({"person_id": pa.array(people, pa.string())}))
    with database.read() as session, pytest.raises(SnapshotMissingError, match="was changed"):
        snapshot_people(session, warehouse, workspace, digest)


def test_a_snapshot_file_that_is_gone_is_named(
    database: Database, workspace: str, home: Home, start: datetime
) -> None:
    warehouse = Warehouse(home.history_dir)
    with database.write() as session:
        digest = taken(session, warehouse, workspace, PEOPLE, start)
    for path in warehouse.parts(workspace, "snapshots"):
        Path(path).unlink()
    with database.read() as session, pytest.raises(SnapshotMissingError):
        snapshot_people(session, warehouse, workspace, digest)
