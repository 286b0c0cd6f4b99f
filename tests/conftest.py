"""What every test shares: few threads, and a migrated home that is copied, not made anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.clock import FixedClock, ReplayClock
from store.database import Database, migrate
from store.home import Home, HomeSettings, create_home, open_home
from store.ids import SeededIds
from tests.postgres_databases import POSTGRES_URL, PostgresDatabases

# nothing above imports numpy, so its threads are still to be made
for _name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
):
    os.environ.setdefault(_name, "1")

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOME_ID = "01M7XTESTHOME0000000000000"


def demo_settings() -> HomeSettings:
    return HomeSettings(
        home_id=HOME_ID,
        kind="demo",
        clock="replay",
        seed=7,
        created_at=START,
        currency="USD",
        timezone="America/New_York",
        allowed_channels=("file", "replay"),
    )


@pytest.fixture(scope="session")
def home_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated demo home with its replay clock at START; copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "home"
    database = create_home(path, demo_settings()).database()
    migrate(database)
    ReplayClock(database, HOME_ID).start(START)
    database.close()
    return path


@pytest.fixture
def home(home_template: Path, tmp_path: Path) -> Home:
    """A migrated demo home of this test's own."""
    shutil.copytree(home_template, tmp_path / "home")
    return open_home(tmp_path / "home")


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    """The databases of `home`, migrated and empty but for the clock."""
    opened = home.database()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    """Databases on the test server; a test that needs one is skipped where no server is named."""
    if not POSTGRES_URL:
        pytest.skip("COUNTERSIGN_TEST_POSTGRES_URL names no PostgreSQL server")
    databases = PostgresDatabases(POSTGRES_URL)
    yield databases
    databases.remove()


@pytest.fixture
def start() -> datetime:
    """The instant at which the test home's clock stands."""
    return START


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at START."""
    return FixedClock(START)


@pytest.fixture
def ids() -> SeededIds:
    """Ids that are the same in every run."""
    return SeededIds("tests", START)
