"""Job engines of several processes on one database: an engine that starts leaves alone what a living one runs."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from tests.postgres_databases import PostgresDatabases
from tests.races.engines import SECONDS, look_on, run_slowly

LOOKS_ON = 2.0


@pytest.mark.parametrize(
    ("name", "ran"), [("second", ["first key 1"]), ("first", ["first key 1", "first key 1"])]
)
@pytest.mark.soak
def test_an_engine_runs_again_only_what_one_of_its_own_name_left(
    postgres: PostgresDatabases, tmp_path: Path, name: str, ran: list[str]
) -> None:
    context = multiprocessing.get_context("forkserver")
    address, notes = postgres.empty(), str(tmp_path / "notes")
    began, end = context.Event(), context.Event()
    first = context.Process(target=run_slowly, args=(address, notes, began, end))
    first.start()
    assert began.wait(SECONDS)
    other = context.Process(target=look_on, args=(address, notes, name, LOOKS_ON))
    other.start()
    other.join(SECONDS)
    end.set()
    first.join(SECONDS)
    assert Path(notes).read_text().splitlines() == ran
