"""The example's home, made once from the real file: every published figure, and what the example promises about itself."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import chisquare
from sqlmodel import select

from policies.consent import Channel, Purpose, status_of, suppressed_on
from store.database import Database, migrate
from store.ids import SeededIds
from store.importing.example import DEFAULT_EXAMPLES, ExampleError, read_example
from store.importing.hillstrom import (
    SCOPE,
    HillstromSummary,
    Log,
    customers_table,
    load_log,
    months_before,
    prepare_hillstrom,
)
from store.repositories.customers import customer_columns
from store.repositories.customers import customers_table as stored_customers
from store.repositories.people import all_profiles
from store.repositories.workspaces import create_workspace
from store.tables.catalogue import ActionRow, Document
from store.tables.people import ImportRun
from store.warehouse import Warehouse
from tools.audience.fields import schema_of
from tools.audience.filters import parse_filter
from tools.audience.funnel import Funnel, Removal, run_funnel
from tools.audience.matching import matching
from tools.audience.segments import propose_segments

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
START = date(2026, 12, 1)
FOLDER = DEFAULT_EXAMPLES / "hillstrom"


@dataclass(frozen=True)
class Made:
    path: Path
    database: Database
    warehouse: Warehouse
    workspace: str
    summary: HillstromSummary
    steps: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    path = tmp_path_factory.mktemp("hillstrom")
    database = Database(f"sqlite:///{path}/operational.db", f"sqlite:///{path}/identity.db")
    migrate(database)
    ids = SeededIds("7", AT)
    with database.write() as session:
        workspace = create_workspace(
            session, ids=ids, at=AT, name="hillstrom", currency="USD", timezone="America/New_York"
        ).workspace_id
    warehouse = Warehouse(path / "history")
    steps: list[str] = []
    summary = prepare_hillstrom(
        database,
        warehouse,
        path / "replay",
        workspace_id=workspace,
        seed=7,
        ids=ids,
        at=AT,
        on_progress=steps.append,
    )
    yield Made(path, database, warehouse, workspace, summary, steps)
    database.close()
    warehouse.close()


@pytest.fixture(scope="module")
def log() -> Log:
    return load_log(FOLDER, read_example(FOLDER))


def audience(made: Made) -> tuple[Funnel, list[str]]:
    schema = schema_of(made.warehouse.kinds(made.workspace, "customers"))
    customers = stored_customers(made.warehouse, made.workspace)
    rows = made.warehouse.execute(
        customers.select(
            "person_id",
            matches=parse_filter("days_since_purchase >= 180", schema).expression(customers, START),
            reached=parse_filter(SCOPE, schema).expression(customers, START),
        ).order_by("person_id")
    )
    with made.database.read() as session:
        profiles = all_profiles(session, made.workspace)
    assert profiles.person_ids.tolist() == rows["person_id"].tolist()
    status = status_of(profiles.consent_bits, Channel.EMAIL, Purpose.MARKETING)
    stopped = suppressed_on(profiles.suppression_bits, Channel.EMAIL)
    funnel, net = run_funnel(
        rows["matches"],
        [
            Removal("outside_scope", "", ~rows["reached"]),
            Removal("suppressed", "", stopped),
            Removal("consent_withdrawn", "", status == 2),
            Removal("consent_blank", "", status == 0),
        ],
    )
    return funnel, profiles.person_ids[net].tolist()


def test_arms_and_conversions_are_as_published(made: Made) -> None:
    assert made.summary.arms == {"mens_merchandise": 21307, "womens_merchandise": 21387, "none": 21306}
    assert made.summary.conversions == {"mens_merchandise": 267, "womens_merchandise": 189, "none": 122}


def test_the_split_of_the_real_experiment_is_sound(made: Made) -> None:
    assert chisquare(list(made.summary.arms.values())).pvalue == pytest.approx(0.90, abs=0.005)


def test_means_are_as_published(log: Log) -> None:
    means = {
        name: np.mean([float(v) for v in log.columns[name]]) for name in ("visit", "conversion", "spend")
    }
    assert means == pytest.approx({"visit": 0.146781, "conversion": 0.009031, "spend": 1.050908}, abs=5e-7)


def test_180_days_at_the_campaign_start_are_six_months_of_recency_exactly(made: Made, log: Log) -> None:
    funnel, _ = audience(made)
    assert funnel.gross == sum(int(r) >= 6 for r in log.columns["recency"]) == 32_020


def test_the_funnel_leads_from_32020_to_about_15000(made: Made) -> None:
    funnel, net = audience(made)
    removed = {step.code: step.removed for step in funnel.steps}
    assert funnel.net == len(net) == funnel.gross - sum(removed.values())
    assert abs(funnel.steps[0].left - 16_010) < 250
    assert 14_800 < funnel.net < 15_300
    assert all(count > 50 for count in removed.values())


def test_halves_are_equal_and_the_world_is_in_no_history(made: Made) -> None:
    assert (made.summary.history, made.summary.world) == (32_000, 32_000)
    logged = made.warehouse.execute(made.warehouse.table(made.workspace, "logged_experiment"))
    world = set(pq.read_table(made.path / "replay" / "world.parquet")["person_id"].to_pylist())
    assert len(logged["person_id"]) == len(world) == 32_000
    assert not world & set(logged["person_id"])
    assert logged["propensity"] == pytest.approx(1 / 3)
    halves = customer_columns(made.warehouse, made.workspace, sorted(world), ["half"])["half"]
    assert set(halves) == {"world"}


def test_history_and_world_together_hold_every_real_outcome(made: Made, log: Log) -> None:
    logged = made.warehouse.execute(made.warehouse.table(made.workspace, "logged_experiment"))
    world = pq.read_table(made.path / "replay" / "world.parquet")
    spend = int(logged["spend_minor"].sum()) + sum(world["spend_minor"].to_pylist())
    assert spend == round(sum(float(v) for v in log.columns["spend"]) * 100)
    visits = int(logged["visit"].sum()) + sum(world["visit"].to_pylist())
    assert visits == log.columns["visit"].count("1")


def test_consent_shares_are_as_declared(made: Made) -> None:
    shares = {word: count / 64_000 for word, count in made.summary.consents.items()}
    assert shares == pytest.approx(
        {"yes": 0.94, "withdrawn": 0.03, "blank": 0.02, "suppressed": 0.01}, abs=0.003
    )


def test_what_is_synthetic_is_labelled(made: Made) -> None:
    with made.database.read() as session:
        runs = {run.kind: run for run in session.exec(select(ImportRun))}
        documents = session.exec(select(Document)).all()
        costs = {
            (row.action_id, row.message_cost_minor, row.currency) for row in session.exec(select(ActionRow))
        }
    assert runs["customers"].synthetic and not runs["logged_experiment"].synthetic
    assert (
        runs["customers"].source_sha256
        == hashlib.sha256((FOLDER / "hillstrom.csv.gz").read_bytes()).hexdigest()
    )
    assert len(documents) == 3 and all("Synthetic" in document.text for document in documents)
    assert costs == {("mens_merchandise", 20, "USD"), ("womens_merchandise", 20, "USD")}
    assert any("synthetic" in step for step in made.steps)


def test_no_address_and_no_source_file_stand_outside_the_identity_database(made: Made) -> None:
    made.database.close()
    files = [path for path in made.path.rglob("*") if path.is_file()]
    assert any(path.name == "world.parquet" for path in files)
    for path in files:
        assert path.suffix not in (".csv", ".gz")
        if not path.name.startswith("identity.db"):
            assert b"example.invalid" not in path.read_bytes(), path.name


def test_proposed_segments_count_the_same_in_the_warehouse(made: Made) -> None:
    _, net = audience(made)
    names = ["bought_mens", "bought_womens", "past_year_spend", "last_purchase_on"]
    columns = customer_columns(made.warehouse, made.workspace, net, names)
    schema = schema_of(made.warehouse.kinds(made.workspace, "customers"))
    customers = stored_customers(made.warehouse, made.workspace)
    everyone = made.warehouse.execute(customers.select("person_id").order_by("person_id"))["person_id"]
    inside = np.isin(everyone.astype(np.str_), net)
    for plan in propose_segments(columns, schema, START):
        marks = {s.id: s.filter.expression(customers, START) for s in plan.segments}
        found = made.warehouse.execute(customers.select("person_id", **marks).order_by("person_id"))
        assert {s.id: s.people for s in plan.segments} == {s: int(found[s][inside].sum()) for s in marks}
        assert sum(s.people for s in plan.segments) == len(net)
    assert [s.id for s in propose_segments(columns, schema, START)[0].segments] == [
        "both_lines",
        "mens_only",
        "womens_only",
    ]


def test_filters_in_memory_and_in_the_warehouse_agree_on_64000_people(made: Made) -> None:
    schema = schema_of(made.warehouse.kinds(made.workspace, "customers"))
    customers = stored_customers(made.warehouse, made.workspace).order_by("person_id")
    columns = made.warehouse.execute(customers)
    for text in (
        "days_since_purchase in [30, 61, 183] or not (area = 'urban' and past_year_spend > 99.5)",
        "last_channel not in ['web'] and new_customer = true and last_purchase_on <= 2026-03-01",
    ):
        wanted = parse_filter(text, schema)
        found = made.warehouse.execute(customers.select(found=wanted.expression(customers, START)))["found"]
        assert found.sum() == matching(wanted, columns, START).sum() > 0


def test_a_seed_makes_the_same_people_and_another_seed_others(log: Log) -> None:
    example = read_example(FOLDER)
    one, same, other = (customers_table(log, example, seed) for seed in (1, 1, 2))
    assert one.columns == same.columns
    for name in ("timezone", "consent.email.marketing", "attr.half"):
        assert one.columns[name] != other.columns[name]
    assert one.columns["attr.past_year_spend"] == other.columns["attr.past_year_spend"]


@pytest.mark.parametrize(
    ("months", "day"),
    [(1, "2026-11-30"), (3, "2026-09-30"), (10, "2026-02-28"), (12, "2025-12-31"), (34, "2024-02-29")],
)
def test_months_are_calendar_months(months: int, day: str) -> None:
    assert months_before(date(2026, 12, 31), months).isoformat() == day


def test_the_brief_is_the_one_the_readme_types() -> None:
    brief = (FOLDER / "brief.txt").read_text(encoding="utf-8")
    assert "$2,000" in brief and "hold out 10 %" in brief


def test_the_source_is_named_with_its_check_statistics() -> None:
    source = " ".join((FOLDER / "SOURCE.md").read_text(encoding="utf-8").split())
    for words in ("Kevin Hillstrom", "20 March 2008", "0.146781", "0.009031", "1.050908", "synthetic"):
        assert words in source


def test_a_changed_data_file_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "hillstrom"
    shutil.copytree(FOLDER, folder)
    example = read_example(folder)
    content = bytearray((folder / "hillstrom.csv.gz").read_bytes())
    content[4] ^= 1  # the time stamp of the gzip header: the rows stay as they are
    (folder / "hillstrom.csv.gz").write_bytes(bytes(content))
    with pytest.raises(ExampleError, match="sha256 is"):
        load_log(folder, example)
    (folder / "hillstrom.csv.gz").unlink()
    with pytest.raises(ExampleError, match=r"hillstrom\.csv\.gz is missing"):
        load_log(folder, example)


def test_a_missing_or_broken_declaration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="no example at"):
        read_example(tmp_path)
    (tmp_path / "example.toml").write_text("name = 'x'\n", encoding="utf-8")
    with pytest.raises(ExampleError, match="cannot be used"):
        read_example(tmp_path)
