"""A home on PostgreSQL: nothing but files of data stays in its directory, and several processes may have it open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

import store.postgres
from api.settings import Settings
from api.setup import NewHome, init_home
from api.wiring import open_app
from policies.errors import CountersignError
from store.clock import WallClock
from store.home import HomeOwnedError, owner_of
from store.home_settings import HomeSettingsError
from store.postgres import (
    DatabaseTakenError,
    PostgresAddressError,
    PostgresMissingError,
    PostgresUnreachableError,
)
from tests.postgres_databases import PostgresDatabases

NOBODY = "postgresql://countersign:secret@127.0.0.1:1/shop"


@dataclass(frozen=True)
class Place:
    """Where a home is to be, and its database."""

    path: Path
    address: str | None

    def init(self) -> NewHome:
        """Make a standard home, as `countersign init` does."""
        return init_home(
            self.path,
            clock=WallClock(),
            seed=1,
            name="Shop",
            currency="USD",
            timezone="UTC",
            admin="Root",
            second="Grace",
            second_role="campaign_manager",
            database_url=self.address,
        )


@pytest.fixture
def place(postgres: PostgresDatabases, tmp_path: Path) -> Place:
    return Place(tmp_path / "home", postgres.empty())


def schemas(address: str) -> set[str]:
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    return set(sa.inspect(engine).get_schema_names())


def test_tables_identities_checkpoints_and_jobs_are_on_the_server(place: Place) -> None:
    made = place.init()

    async def work() -> None:
        async with open_app(made.home, Settings(_env_file=None)) as app:
            await app.engine.settle()
            assert app.audit.verify(app.database, made.workspace_id).ok

    asyncio.run(work())
    assert place.address is not None
    assert {"public", "identity", "checkpoints", "dbos"} <= schemas(place.address)
    assert not list(place.path.glob("*.db"))


async def test_several_processes_may_have_a_home_on_postgresql_open(place: Place) -> None:
    home = place.init().home
    settings = Settings(_env_file=None)
    async with open_app(home, settings) as first, open_app(home, settings) as second:
        first.lock.publish("http://127.0.0.1:1")
        assert owner_of(home) is None
        assert first.threads is not second.threads


async def test_one_process_has_a_home_of_files_open(tmp_path: Path) -> None:
    home = Place(tmp_path / "home", None).init().home
    async with open_app(home, Settings(_env_file=None)):
        with pytest.raises(HomeOwnedError):
            await open_app(home, Settings(_env_file=None)).__aenter__()


def test_a_database_that_holds_a_home_is_not_given_to_another(place: Place, tmp_path: Path) -> None:
    place.init()
    with pytest.raises(DatabaseTakenError, match="createdb"):
        Place(tmp_path / "other", place.address).init()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("mysql://shop@127.0.0.1/shop", PostgresAddressError),
        ("postgresql://127.0.0.1", PostgresAddressError),
        ("not an address", PostgresAddressError),
        ("postgresql://127.0.0.1:port/shop", PostgresAddressError),
        ("", PostgresAddressError),
    ],
)
def test_an_address_of_something_else_makes_no_home(
    tmp_path: Path, address: str, error: type[CountersignError]
) -> None:
    with pytest.raises(error, match="postgresql\\+psycopg://user@host"):
        Place(tmp_path / "home", address).init()
    assert not (tmp_path / "home").exists()


def test_a_server_that_does_not_answer_makes_no_home_and_its_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnreachableError, match="cannot be opened") as refused:
        Place(tmp_path / "home", NOBODY).init()
    assert "secret" not in refused.value.message and "secret" not in str(refused.value.value)
    assert not (tmp_path / "home").exists()


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.postgres, "find_spec", lambda _name: None)
    with pytest.raises(PostgresMissingError, match=r"countersign\[postgres\]"):
        Place(tmp_path / "home", NOBODY).init()
    assert not (tmp_path / "home").exists()


async def test_a_home_whose_server_is_gone_says_so(tmp_path: Path) -> None:
    home = Place(tmp_path / "home", None).init().home
    gone = home.settings.model_copy(update={"checkpoints_url": NOBODY})
    home.settings = gone
    with pytest.raises(PostgresUnreachableError):
        await open_app(home, Settings(_env_file=None)).__aenter__()
    assert owner_of(home) is None


def test_checkpoints_cannot_be_put_into_another_file(tmp_path: Path) -> None:
    from api.setup import checked_settings

    home = Place(tmp_path / "home", None).init().home
    values = home.settings.model_dump()
    with pytest.raises(HomeSettingsError, match="checkpoints_url"):
        checked_settings(**values | {"checkpoints_url": "sqlite:////elsewhere/checkpoints.db"})
