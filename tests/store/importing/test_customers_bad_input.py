from __future__ import annotations

import gzip
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from store.database import Database
from store.importing.csv_table import TextTable, read_csv_file
from store.importing.customers import CustomersImported
from store.importing.errors import FileUnreadableError, ImportRefusedError
from store.tables.identity import Identity
from store.tables.people import ImportRun, Person
from store.warehouse import PersonalColumnError, Warehouse

Import = Callable[[str], CustomersImported]


@pytest.mark.parametrize(
    ("text", "row", "column", "words"),
    [
        ("external_id,emial\nc1,x", 0, "emial", "did you mean 'email'?"),
        ("external_id,consent.fax.marketing\nc1,yes", 0, "consent.fax.marketing", "is not consent.<channel>"),
        ("email\na@b.example", 0, "external_id", "is missing"),
        ("external_id,email,email\nc1,a@b.example,", 0, "email", "stands there twice"),
        ("external_id,attr.Shoe Size\nc1,4", 0, "attr.Shoe Size", "small letters"),
        ("external_id,attr.email\nc1,x", 0, "attr.email", "personal"),
        ("external_id,attr.import_id\nc1,x", 0, "attr.import_id", "column of its own"),
        ("external_id,email\nc1,a@b.example\nc2", 2, "", "has 1 cells, the header has 2"),
        ("external_id,email\nc1,not-an-address", 1, "email", "n… (14 characters) is not an e-mail address"),
        ("external_id,email\nc1,a@b.example\nc2,A@B.example", 2, "email", "already stands in row 1"),
        ("external_id,phone\nc1,0555 123", 1, "phone", "is not a phone number"),
        ("external_id,timezone\nc1,Mars/Olympus", 1, "timezone", "'Mars/Olympus' is not a time zone"),
        ("external_id,timezone\nc1,../etc", 1, "timezone", "is not a time zone"),
        ("external_id,locale\nc1,English", 1, "locale", "'English' is not a locale"),
        (
            "external_id,consent.email.marketing,consent_at\nc1,perhaps,2026-01-01",
            1,
            "",
            '"perhaps" has no agreed meaning',
        ),
        ("external_id,consent.email.marketing\nc1,yes", 1, "consent_at", "needs the time it was given"),
        ("external_id,consent_at\nc1,yesterday", 1, "consent_at", "'yesterday' is not a time"),
        ("external_id,email\nc1,\nc1,", 2, "external_id", "already stands in row 1"),
        ("external_id,email\n ,a@b.example", 1, "external_id", "is blank"),
        ("external_id", 1, "", "no row below the header"),
    ],
)
def test_a_bad_cell_is_named_with_its_row_and_nothing_is_written(
    text: str,
    row: int,
    column: str,
    words: str,
    import_text: Import,
    database: Database,
    warehouse: Warehouse,
) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        import_text(text)
    problem = caught.value.problems[0]
    assert problem.row == row
    assert column in problem.column
    assert words in str(problem)
    assert "nothing was changed" in caught.value.message
    with database.read() as session, database.identity_read() as identity:
        assert not session.exec(select(Person)).all() and not session.exec(select(ImportRun)).all()
        assert not identity.exec(select(Identity)).all()


def test_every_problem_of_a_file_is_told_at_once(import_text: Import) -> None:
    lines = "\n".join(f"c{n},nobody,Mars/Olympus" for n in range(300))
    with pytest.raises(ImportRefusedError) as caught:
        import_text(f"external_id,email,timezone\n{lines}")
    assert caught.value.count == 300 + 299 + 300
    assert len(caught.value.problems) == 200
    assert "899 problems" in caught.value.message and "and 891 more" in caught.value.message


def test_an_address_is_never_repeated_in_an_error(import_text: Import) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        import_text("external_id,email,phone\nsecret-id,quixote@nowhere,555-1234\nsecret-id,,")
    for personal in ("quixote", "555-1234", "secret-id"):
        assert personal not in f"{caught.value.message} {caught.value.value} {caught.value.problems}"


def test_an_address_of_another_customer_is_refused(import_text: Import, database: Database) -> None:
    import_text("external_id,email\nc1,ann@shop.example")
    with pytest.raises(ImportRefusedError, match="already belongs to another customer"):
        import_text("external_id,email\nc2,ann@shop.example")
    with database.read() as session:
        assert len(session.exec(select(Person)).all()) == 1


def test_two_customers_may_swap_their_addresses(import_text: Import, database: Database) -> None:
    import_text("external_id,email\nc1,ann@shop.example\nc2,bob@shop.example")
    import_text("external_id,email\nc1,bob@shop.example\nc2,ann@shop.example")
    with database.identity_read() as identity:
        assert len(identity.exec(select(Identity).where(Identity.kind == "email")).all()) == 2


def test_an_attribute_full_of_addresses_is_refused_and_nothing_is_written(
    import_text: Import, database: Database
) -> None:
    with pytest.raises(PersonalColumnError, match="contact"):
        import_text("external_id,attr.contact\nc1,ann@shop.example")
    with database.read() as session, database.identity_read() as identity:
        assert not session.exec(select(Person)).all()
        assert not identity.exec(select(Identity)).all()


def test_an_attribute_that_changes_its_kind_is_refused(import_text: Import) -> None:
    import_text("external_id,attr.orders\nc1,3")
    import_text("external_id,attr.orders\nc2,3.5")
    with pytest.raises(ImportRefusedError, match="it holds text values"):
        import_text("external_id,attr.orders\nc3,many")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("latin.csv", "external_id\nJosé".encode("latin-1"), "not UTF-8"),
        ("open.csv", b'external_id,email\nc1,"never closed\n', "row 1"),
        ("cut.csv.gz", gzip.compress(b"external_id\nc1\n", mtime=0)[:-6], "cannot be read"),
        ("plain.csv.gz", b"external_id\nc1\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileUnreadableError, match=words):
        read_csv_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError, match=r"no file 'nowhere.csv'"):
        read_csv_file(tmp_path / "nowhere.csv")


def test_text_like_a_formula_stays_text(as_table: Callable[[str], TextTable]) -> None:
    assert as_table("external_id,attr.note\nc1,=1+1").column("attr.note") == ["=1+1"]


def test_a_consent_dated_after_the_import_is_refused_by_row(import_text: Import, start: datetime) -> None:
    later = (start + timedelta(seconds=1)).isoformat()
    with pytest.raises(ImportRefusedError) as caught:
        import_text(
            "external_id,consent.email.marketing,consent_at\n"
            f"c1,yes,{start.isoformat()}\nc2,yes,{later}\nc3,withdrawn,2099-01-01T00:00:00Z"
        )
    assert [problem.row for problem in caught.value.problems] == [2, 3]
    assert later in caught.value.message and start.isoformat() in caught.value.message


def test_a_consent_dated_at_the_end_of_time_is_no_time(import_text: Import) -> None:
    with pytest.raises(ImportRefusedError, match="is not a time"):
        import_text("external_id,consent.email.marketing,consent_at\nc1,yes,0001-01-01T00:00:00+14:00")


def test_an_address_as_the_source_of_consent_is_refused_and_not_repeated(import_text: Import) -> None:
    with pytest.raises(ImportRefusedError, match="row 1, column consent_source") as caught:
        import_text("external_id,consent_source\nc1,ann@example.invalid")
    assert "ann" not in caught.value.message and "ann" not in str(caught.value.problems)


def test_more_columns_than_the_bound_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv.gz"
    path.write_bytes(gzip.compress(b"a," * 60_000))
    began = time.perf_counter()
    with pytest.raises(FileUnreadableError, match="60,001 columns; at most 1,000"):
        read_csv_file(path)
    assert time.perf_counter() - began < 1.0


def test_a_column_named_twice_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a,a\n1,2,3,4\n")
    with pytest.raises(
        ImportRefusedError, match=r"1 problem\. header, column a: the column 'a' stands there twice"
    ):
        read_csv_file(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"external_id\n" + b"c1\n" * 80_000, "holds more than 100,000 characters"),
        (b"a" * 100_000_000, "a line longer than 1,000,000 characters"),
    ],
)
def test_a_small_file_that_unpacks_without_end_is_refused_in_little_memory(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    try:
        with pytest.raises(FileUnreadableError, match=words):
            read_csv_file(path, largest=100_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


def test_a_compressed_file_is_known_by_its_first_bytes_and_called_by_its_given_name(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(gzip.compress(b"external_id\nc1\n"))
    table = read_csv_file(path, "people.csv")
    assert (table.source_name, table.rows) == ("people.csv", 1)
