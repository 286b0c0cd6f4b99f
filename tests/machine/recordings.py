"""What makes a proposal cheap enough to be made thousands of times, none of it part of what is put to the proof.

Agents answer a task that they have answered before from a recording, an audience that was counted is not counted again, and
brand documents lie on a shelf instead of in an index. The graph, its checkpoints, tables, audit and launch are the product's own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.engine import Dialect, Engine

import agents.analyst.desk
import agents.segmenter.desk
import api.wiring
import store.database
from agents.agent_run import AgentRun
from agents.analyst.desk import DesignDesk, DesignFacts
from agents.crew import LiveCrew
from api.records.catalogue import documents_of
from policies.workspace_rules import WorkspaceRules
from store.audiences import count_audience, customer_schema
from store.database import Database
from store.engines import sqlite_engine
from store.memory import Memory, MemoryDocument, MemoryHit

P = ParamSpec("P")
Value = TypeVar("Value")


class Recordings:
    """What was worked out before, by what it was worked out from. `data` names the state of the data it was read in."""

    def __init__(self) -> None:
        self.data = "as made"
        self.api: FastAPI | None = None
        self._kept: dict[tuple[Hashable, ...], Any] = {}  # Any: results of whichever function

    def known(self, made: Callable[P, Value], key: Callable[P, Hashable]) -> Callable[P, Value]:
        """Return the function that works out only what it has not for the same key in the same data."""

        @wraps(made)
        def worked_out(*args: P.args, **named: P.kwargs) -> Value:
            about = (self.data, made.__qualname__, key(*args, **named))
            if about not in self._kept:
                self._kept[about] = made(*args, **named)
            result: Value = self._kept[about]
            return result

        return worked_out

    def crew(self) -> type[LiveCrew]:
        """Return the agents, each of whom answers every distinct task once."""
        runs: dict[tuple[str, ...], AgentRun[Any]] = {}
        recordings = self

        class RecordedCrew(LiveCrew):
            async def _run(self, thread_id: str, task: Any, duty: Any) -> Any:
                key = (recordings.data, duty.agent, duty.answer.__name__, task.model_dump_json())
                if key not in runs:
                    runs[key] = await super()._run(thread_id, task, duty)
                return runs[key]

        return RecordedCrew

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let whoever drafts use what is recorded."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api.wiring, "LiveCrew", self.crew())
            patch.setattr(api.wiring, "Memories", Shelves)
            schema = self.known(customer_schema, lambda *_: "schema")
            patch.setattr(agents.segmenter.desk, "customer_schema", schema)
            patch.setattr(agents.analyst.desk, "customer_schema", schema)
            counted = self.known(count_audience, _counted_by)
            patch.setattr(agents.segmenter.desk, "count_audience", counted)
            facts = self.known(DesignFacts.read, lambda *_, **named: _dumped(named))
            patch.setattr(DesignFacts, "read", facts)
            made = self.known(DesignDesk._forecast, lambda desk, policy_id: (id(desk.facts), policy_id))
            patch.setattr(DesignDesk, "_forecast", made)
            patch.setattr(store.database, "sqlite_engine", _alike())
            # the shop that is copied has its tables
            patch.setattr(api.wiring, "migrate", lambda _: None)
            yield


def _counted_by(
    *_: Any, definition: str, as_of: date, channels: Sequence[str], rules: WorkspaceRules
) -> Hashable:
    return (definition, as_of, tuple(channels), rules.digest())


def _alike() -> Callable[..., Engine]:
    """Return what makes the engines of all homes: they share a dialect, by which compiled statements are kept."""
    statements: dict[Any, Any] = {}
    dialects: list[Dialect] = []

    def made(*args: Any, **named: Any) -> Engine:
        engine = sqlite_engine(*args, **named)
        engine.update_execution_options(compiled_cache=statements)
        if not dialects:
            dialects.append(engine.dialect)
        engine.dialect = engine.pool._dialect = dialects[0]
        return engine

    return made


def _dumped(named: Mapping[str, BaseModel]) -> Hashable:
    return tuple((name, value.model_dump_json()) for name, value in sorted(named.items()))


class Shelf:
    """Every document of a workspace, found whatever is asked for."""

    def __init__(self, documents: Iterable[MemoryDocument]) -> None:
        self._documents = list(documents)

    def query(self, text: str, *, kinds: Sequence[str] = (), limit: int = 5) -> tuple[MemoryHit, ...]:
        """The documents of these kinds, in their order."""
        found = [each for each in self._documents if not kinds or each.kind in kinds]
        return tuple(MemoryHit(document=each, similarity=1.0) for each in found[:limit])

    def upsert(self, documents: Iterable[MemoryDocument]) -> int:
        """Put documents on the shelf."""
        added = list(documents)
        self._documents += added
        return len(added)

    def delete(self, doc_ids: Iterable[str]) -> None:
        """Take documents off the shelf."""
        gone = set(doc_ids)
        self._documents = [each for each in self._documents if each.doc_id not in gone]

    def rebuild(self, documents: Iterable[MemoryDocument]) -> int:
        """Fill the shelf anew."""
        self._documents = list(documents)
        return len(self._documents)


class Shelves:
    """A shelf for each workspace, in place of `api.memories.Memories`."""

    def __init__(self, database: Database, _folder: Path) -> None:
        self._database = database

    def of(self, workspace_id: str) -> Memory:
        """Return the documents of a workspace as they are in its tables."""
        with self._database.read() as session:
            rows = documents_of(session, workspace_id)
        return Shelf(MemoryDocument(doc_id=row.document_id, kind=row.kind, text=row.text) for row in rows)

    def close(self) -> None:
        """Nothing is held open."""
