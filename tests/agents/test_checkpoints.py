"""The checkpoint database on both kinds of server: what is read back, and who may open it at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agents.checkpoints import Checkpoints, open_checkpoints
from store.postgres import PostgresAddressError
from tests.postgres_databases import PostgresDatabases
from tests.shop_copies import BACKENDS

made: list[str] = []


@dataclass
class Planted:
    """A type that somebody would like us to make while reading a checkpoint."""

    name: str

    def __post_init__(self) -> None:
        made.append(self.name)


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "checkpoints.db"
    address: str = request.getfixturevalue("postgres").empty()
    return address


async def put(saver: Checkpoints, value: object) -> None:
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"value": value}
    checkpoint["channel_versions"] = {"value": "1"}
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    await saver.aput(config, checkpoint, {"source": "loop", "step": 1, "parents": {}}, {"value": "1"})


async def value_of(saver: Checkpoints) -> object:
    found = await saver.aget_tuple({"configurable": {"thread_id": "t", "checkpoint_ns": ""}})
    assert found is not None
    return found.checkpoint["channel_values"]["value"]


async def test_plain_values_come_back_as_they_were(place: Path | str) -> None:
    value = {"digest": "a" * 64, "violations": 2, "parent": None, "share": 0.25, "names": ["x", "y"]}
    async with open_checkpoints(place) as saver:
        await put(saver, value)
    async with open_checkpoints(place) as saver:
        assert await value_of(saver) == value


async def test_a_foreign_type_in_a_checkpoint_is_not_made(place: Path | str) -> None:
    async with open_checkpoints(place) as saver:
        saver.serde = JsonPlusSerializer(allowed_msgpack_modules=True)
        await put(saver, Planted("planted"))
        assert isinstance(await value_of(saver), Planted), "it is there, and another reader would make it"
    made.clear()
    async with open_checkpoints(place) as saver:
        assert not isinstance(await value_of(saver), Planted)
    assert made == []


async def test_processes_that_open_a_new_database_together_all_succeed(place: Path | str) -> None:
    async def opened() -> None:
        async with open_checkpoints(place) as saver:
            assert await saver.aget_tuple({"configurable": {"thread_id": "none"}}) is None

    await asyncio.gather(*(opened() for _ in range(4)))


def test_on_postgresql_they_have_a_schema_of_their_own(postgres: PostgresDatabases) -> None:
    address = postgres.empty()
    asyncio.run(_opened_once(address))
    tables = sa.inspect(sa.create_engine(address, poolclass=sa.pool.NullPool))
    assert "checkpoints" in tables.get_table_names(schema="checkpoints")
    assert tables.get_table_names(schema="public") == []


def test_a_file_of_checkpoints_is_its_owner_s_only(tmp_path: Path) -> None:
    asyncio.run(_opened_once(tmp_path / "checkpoints.db"))
    assert (tmp_path / "checkpoints.db").stat().st_mode & 0o777 == 0o600


async def _opened_once(place: Path | str) -> None:
    async with open_checkpoints(place):
        pass


async def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(PostgresAddressError):
        await open_checkpoints("mysql://host/name").__aenter__()
