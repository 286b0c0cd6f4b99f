from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlmodel import select

from store.database import Database
from store.home import Home
from store.ids import SeededIds
from store.importing.csv_table import TextTable
from store.importing.customers import CustomersImported
from store.importing.errors import ImportRefusedError
from store.importing.experiments import (
    ExperimentImported,
    ExperimentKnownError,
    LoggedExperiment,
    import_experiment,
)
from store.tables.measures import Experiment
from store.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[3]
MAY_NAME_THE_WORLD = {
    "store/importing/replay_world.py",
    "store/importing/experiments.py",
    "delivery/channels/replay.py",
}

CUSTOMERS = "external_id,attr.half\nc1,history\nc2,world\nc3,world\nc4,history"
LOG = """
external_id,arm,propensity,visit,conversion,spend
c1,mens,1/3,1,1,12.34
c2,none,1/3,1,0,0
c3,mens,0.5,0,0,0.00
c4,none,0.5,0,0,0
"""
DECLARED = LoggedExperiment(
    name="test of 2008",
    starts_on=date(2008, 3, 1),
    ends_on=date(2008, 3, 15),
    source="somebody",
    note="",
    outcome_label="outcome of 2008",
)

Run = Callable[[str], ExperimentImported]


@pytest.fixture
def run(
    database: Database,
    warehouse: Warehouse,
    home: Home,
    workspace: str,
    ids: SeededIds,
    start: datetime,
    as_table: Callable[[str], TextTable],
    import_text: Callable[[str], CustomersImported],
) -> Run:
    """Imports customers, then a log given as CSV text."""
    import_text(CUSTOMERS)

    def do(text: str) -> ExperimentImported:
        table = as_table(text)
        return import_experiment(
            database, warehouse, home.replay_dir, table, DECLARED, workspace_id=workspace, ids=ids, at=start
        )

    return do


def test_history_is_for_learning_and_the_world_is_sealed(
    run: Run, database: Database, warehouse: Warehouse, workspace: str, home: Home
) -> None:
    done = run(LOG)
    assert (done.history, done.world, dict(done.arms)) == (2, 2, {"mens": 2, "none": 2})
    logged = warehouse.execute(warehouse.table(workspace, "logged_experiment").order_by("person_id"))
    assert sorted(zip(logged["arm"], logged["spend_minor"], strict=True)) == [("mens", 1234), ("none", 0)]
    assert logged["propensity"].tolist() == pytest.approx([1 / 3, 0.5])
    assert set(logged["experiment"]) == {done.experiment_id}
    world = pq.read_table(home.replay_dir / "world.parquet")
    assert world.column_names == ["person_id", "arm", "visit", "conversion", "spend_minor"]
    assert sorted(zip(world["arm"].to_pylist(), world["visit"].to_pylist(), strict=True)) == [
        ("mens", 0),
        ("none", 1),
    ]
    assert not set(world["person_id"].to_pylist()) & set(logged["person_id"])
    with database.read() as session:
        row = session.get(Experiment, done.experiment_id)
    assert row is not None and row.campaign_id is None
    assert row.design["outcome_label"] == "outcome of 2008"


def test_without_halves_everything_is_history(
    database: Database,
    warehouse: Warehouse,
    home: Home,
    workspace: str,
    ids: SeededIds,
    start: datetime,
    as_table: Callable[[str], TextTable],
    import_text: Callable[[str], CustomersImported],
) -> None:
    import_text("external_id\nc1\nc2\nc3\nc4")
    done = import_experiment(
        database,
        warehouse,
        home.replay_dir,
        as_table(LOG),
        DECLARED,
        workspace_id=workspace,
        ids=ids,
        at=start,
    )
    assert (done.history, done.world) == (4, 0)
    assert not (home.replay_dir / "world.parquet").exists()


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("c1,Mens E-Mail,1/3,0,0,0", "arm", "is not an arm"),
        ("c1,mens,0,0,0,0", "propensity", "above 0"),
        ("c1,mens,1.5,0,0,0", "propensity", "at most 1"),
        ("c1,mens,1/0,0,0,0", "propensity", "'1/0' is not a probability"),
        ("c1,mens,1/3,2,0,0", "visit", "'2' is not 0 or 1"),
        ("c1,mens,1/3,0,,0", "conversion", "'' is not 0 or 1"),
        ("c1,mens,1/3,0,0,-1", "spend", "is not an amount"),
        ("c1,mens,1/3,0,0,1.234", "spend", "two decimals"),
        ("c1,mens,1/3,0,0,NaN", "spend", "'NaN' is not an amount"),
        ("c9,mens,1/3,0,0,0", "external_id", "nobody was imported"),
    ],
)
def test_a_log_with_a_bad_cell_is_refused_whole(
    line: str, column: str, words: str, run: Run, warehouse: Warehouse, workspace: str, home: Home
) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        run(f"external_id,arm,propensity,visit,conversion,spend\n{line}")
    assert caught.value.problems[0].column == column
    assert words in caught.value.message
    assert warehouse.parts(workspace, "logged_experiment") == ()
    assert list(home.replay_dir.iterdir()) == []


def test_an_experiment_is_read_in_once(
    run: Run, database: Database, warehouse: Warehouse, workspace: str
) -> None:
    run(LOG)
    with pytest.raises(ExperimentKnownError, match="test of 2008"):
        run(LOG)
    assert len(warehouse.parts(workspace, "logged_experiment")) == 1
    with database.read() as session:
        assert len(session.exec(select(Experiment)).all()) == 1


def _names_the_world(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "world.parquet" in node.value:
            return True
        if (
            isinstance(node, ast.Name | ast.alias)
            and getattr(node, "id", getattr(node, "name", "")) == "WORLD_FILE"
        ):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "store.importing.replay_world":
            return True
        if isinstance(node, ast.Import) and any(a.name == "store.importing.replay_world" for a in node.names):
            return True
    return False


@pytest.mark.promise
def test_only_the_importer_and_the_replay_channel_name_the_worlds_file() -> None:
    packages = ("policies", "tools", "store", "delivery", "agents", "api", "evals", "bench")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if _names_the_world(path)}
    assert "store/importing/replay_world.py" in found
    assert found <= MAY_NAME_THE_WORLD


def test_the_guard_of_the_world_sees_each_way_to_name_it(tmp_path: Path) -> None:
    ways = (
        "path = folder / 'world.parquet'",
        "from store.importing.replay_world import stage_world",
        "import store.importing.replay_world",
        "open(WORLD_FILE)",
    )
    for way in ways:
        (tmp_path / "a.py").write_text(way)
        assert _names_the_world(tmp_path / "a.py"), way
    (tmp_path / "a.py").write_text("half = 'world'")
    assert not _names_the_world(tmp_path / "a.py")
