from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from sqlmodel import select

from policies.consent import Channel, Purpose, contactable
from store.bulk import table_of
from store.database import Database
from store.home import Home
from store.ids import SeededIds
from store.importing.csv_table import TextTable, read_csv_file
from store.importing.customers import CustomersImported, import_customers, sweep_imports
from store.repositories.customers import customer_columns, customers_table
from store.repositories.people import all_profiles
from store.tables.identity import Identity, PersonName
from store.tables.people import Consent, ImportRun, Person, ServedProfile, Suppression
from store.warehouse import Warehouse

Import = Callable[[str], CustomersImported]

FOUR = """
external_id,email,phone,timezone,locale,first_name,last_name,consent.email.marketing,consent_at,attr.last_purchase_on,attr.orders,attr.spend,attr.web,attr.postcode
c1,Ann@Shop.example,+1 555 010 0001,America/Los_Angeles,en-US,Ann,Quixote,yes,2026-01-02T03:04:05Z,2026-05-01,3,10.50,true,01234
c2,bob@shop.example,,,,Bob,,withdrawn,2026-01-02,,,,,
c3,,,,,,,,,2026-06-01,1,7,false,98765
c4,dan@shop.example,,,,,,suppressed,2026-01-02,,2,,true,00001
"""


def person_of(database: Database, external_id: str) -> str:
    with database.identity_read() as session:
        return session.exec(
            select(Identity.person_id).where(Identity.kind == "external_id", Identity.value == external_id)
        ).one()


def may_mail(database: Database, workspace: str) -> dict[str, bool]:
    with database.read() as session:
        profiles = all_profiles(session, workspace)
    mailable = contactable(profiles.packed_bits, Channel.EMAIL, Purpose.MARKETING)
    return dict(zip(profiles.person_ids.tolist(), mailable.tolist(), strict=True))


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = [table_of(t) for t in (Person, Consent, ServedProfile, Suppression, ImportRun)]
    with database.read() as session:
        found = {t.name: [tuple(r) for r in session.connection().execute(sa.select(t))] for t in tables}
    with database.identity_read() as session:
        for model in (Identity, PersonName):
            t = table_of(model)
            found[t.name] = sorted(tuple(r) for r in session.connection().execute(sa.select(t)))
    return found


def test_each_part_of_a_customer_goes_to_its_place(
    import_text: Import, database: Database, warehouse: Warehouse, workspace: str
) -> None:
    done = import_text(FOUR)
    assert (done.rows, done.new, done.updated) == (4, 4, 0)
    ann = person_of(database, "c1")
    with database.identity_read() as session:
        kinds = {
            row.kind: row.value for row in session.exec(select(Identity).where(Identity.person_id == ann))
        }
        name = session.get(PersonName, (workspace, ann))
    assert kinds == {"external_id": "c1", "email": "ann@shop.example", "phone": "+15550100001"}
    assert name is not None and (name.first_name, name.last_name) == ("Ann", "Quixote")
    with database.read() as session:
        consent = session.get(Consent, (ann, "email", "marketing", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)))
        profile = session.get(ServedProfile, ann)
    assert consent is not None and consent.status == "granted" and consent.source == "import"
    assert profile is not None and profile.timezone == "America/Los_Angeles"
    columns = customer_columns(
        warehouse, workspace, [ann], ["last_purchase_on", "orders", "spend", "web", "postcode"]
    )
    assert columns["last_purchase_on"][0] == np.datetime64(date(2026, 5, 1))
    assert (columns["orders"][0], columns["spend"][0], columns["web"][0]) == (3, 10.5, True)
    assert columns["postcode"][0] == "01234"


def test_only_a_stated_yes_is_contactable(import_text: Import, database: Database, workspace: str) -> None:
    import_text(FOUR)
    mailable = may_mail(database, workspace)
    assert {c: mailable[person_of(database, c)] for c in ("c1", "c2", "c3", "c4")} == {
        "c1": True,
        "c2": False,
        "c3": False,
        "c4": False,
    }
    with database.read() as session:
        stops = session.exec(select(Suppression)).all()
        said = session.exec(select(Consent)).all()
    assert [(stop.person_id, stop.channel) for stop in stops] == [(person_of(database, "c4"), "email")]
    assert person_of(database, "c3") not in {row.person_id for row in said}


def test_blank_zones_and_locales_take_the_defaults(import_text: Import, database: Database) -> None:
    import_text(FOUR)
    with database.read() as session:
        profile = session.get(ServedProfile, person_of(database, "c2"))
    assert profile is not None and (profile.timezone, profile.locale) == ("America/New_York", "en-US")


def test_importing_again_updates_and_keeps_the_person(
    import_text: Import, database: Database, warehouse: Warehouse, workspace: str
) -> None:
    import_text(FOUR)
    ann = person_of(database, "c1")
    done = import_text(
        """
        external_id,email,timezone,consent.email.marketing,consent_at,attr.orders
        c1,ann@new.example,Europe/Paris,no,2026-02-01,4
        c9,eve@shop.example,,yes,2026-02-01,1
        """
    )
    assert (done.new, done.updated) == (1, 1)
    assert person_of(database, "c1") == ann
    with database.identity_read() as session:
        kinds = {
            row.kind: row.value for row in session.exec(select(Identity).where(Identity.person_id == ann))
        }
        name = session.get(PersonName, (workspace, ann))
    assert kinds == {"external_id": "c1", "email": "ann@new.example", "phone": "+15550100001"}
    assert name is not None, "a column that the file lacks is left alone"
    with database.read() as session:
        profile = session.get(ServedProfile, ann)
    assert profile is not None and (profile.timezone, profile.profile_version) == ("Europe/Paris", 2)
    assert not may_mail(database, workspace)[ann]
    rows = warehouse.execute(customers_table(warehouse, workspace).order_by("person_id"))
    assert rows["person_id"].size == 5
    assert customer_columns(warehouse, workspace, [ann], ["orders"])["orders"].tolist() == [4]


def test_the_same_file_twice_changes_no_identity_and_no_consent(
    import_text: Import, database: Database
) -> None:
    import_text(FOUR)
    before = everything(database)
    import_text(FOUR)
    after = everything(database)
    for name in ("people", "consents", "suppressions", "identities", "person_names"):
        assert after[name] == before[name]
    assert len(after["imports"]) == 2


def test_an_old_file_does_not_bring_a_withdrawn_consent_back(
    import_text: Import, database: Database, workspace: str, start: datetime
) -> None:
    import_text(FOUR)
    ann = person_of(database, "c1")
    with database.write() as session:
        session.add(
            Consent(
                person_id=ann,
                channel="email",
                purpose="marketing",
                stated_at=start,
                workspace_id=workspace,
                status="withdrawn",
                source="unsubscribe",
            )
        )
    import_text(FOUR)
    assert not may_mail(database, workspace)[ann]


def test_a_person_id_says_nothing_about_who_it_is(import_text: Import, database: Database) -> None:
    import_text(FOUR)
    with database.read() as session:
        ids = [person.person_id for person in session.exec(select(Person))]
    assert len(set(ids)) == 4 and all(len(person_id) == 26 for person_id in ids)


def test_no_address_or_name_leaves_the_identity_database(
    import_text: Import, database: Database, home: Home
) -> None:
    import_text(FOUR)
    database.close()
    for path in (p for p in home.path.rglob("*") if p.is_file() and not p.name.startswith("identity.db")):
        content = path.read_bytes().lower()
        for personal in (b"shop.example", b"+1555", b"quixote"):
            assert personal not in content, f"{personal!r} in {path.name}"


def test_a_failure_between_the_two_commits_leaves_nothing(
    import_text: Import, database: Database, warehouse: Warehouse, workspace: str, home: Home
) -> None:
    import_text("external_id\nc0")
    before = everything(database)
    parts = warehouse.parts(workspace, "customers")
    with database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER stop BEFORE INSERT ON suppressions BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(sa.exc.IntegrityError):
        import_text(FOUR)
    assert everything(database) == before
    assert warehouse.parts(workspace, "customers") == parts
    assert list(home.history_dir.rglob("*.tmp")) == []


def test_what_a_killed_import_left_is_swept(
    import_text: Import, database: Database, warehouse: Warehouse, workspace: str, start: datetime
) -> None:
    import_text(FOUR)
    before = everything(database)
    with database.identity_write() as session:
        session.add(
            Identity(
                workspace_id=workspace,
                kind="email",
                value="x@y.example",
                person_id="X" * 26,
                created_at=start,
            )
        )
    orphan = warehouse.arrow(warehouse.table(workspace, "customers"))
    warehouse.append(workspace, "customers", "NEVERFINISHED", orphan)
    assert sweep_imports(database, warehouse, workspace) == 2
    assert everything(database) == before
    assert len(warehouse.parts(workspace, "customers")) == 1
    assert sweep_imports(database, warehouse, workspace) == 0


def test_the_commit_that_fails_last_takes_identities_back(
    database: Database,
    warehouse: Warehouse,
    workspace: str,
    ids: SeededIds,
    start: datetime,
    as_table: Callable[[str], TextTable],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("store.warehouse.StagedPart.publish", refuse)
    with pytest.raises(OSError, match="No space"):
        import_customers(
            database,
            warehouse,
            as_table(FOUR),
            workspace_id=workspace,
            ids=ids,
            at=start,
            default_timezone="America/New_York",
        )
    assert not any(everything(database).values())


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b'\xef\xbb\xbfexternal_id,attr.note\r\n c1 ,"two, three"\r\n\r\n')
    table = read_csv_file(path)
    assert table.rows == 1
    assert table.column("external_id") == ["c1"]
    assert table.column("attr.note") == ["two, three"]
    assert len(table.source_sha256) == 64
