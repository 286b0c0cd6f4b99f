"""The replay provider: a logged experiment plays the world that a campaign is sent into.

Only this module reads the world file. A person's outcome exists only where the arm chosen now is the arm that the person
really got then; for everybody else there is no observation. The provider keeps its own ledger of accepted keys, as a
real one would, and counts how often each key was handed to it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from delivery.channels.interface import CHUNK, Assigned, Message, Observation, Receipt, SendOutcome
from policies.errors import NotFoundError
from store.importing.replay_world import WORLD_FILE
from store.threads import in_thread

LEDGER_FILE = "provider.db"
_BUSY_SECONDS = 30.0
_LEDGER = """
CREATE TABLE IF NOT EXISTS accepted (
    send_key TEXT PRIMARY KEY, person_id TEXT NOT NULL, arm TEXT NOT NULL, provider_id TEXT NOT NULL,
    calls INTEGER NOT NULL
)"""
_ACCEPT = """
INSERT INTO accepted (send_key, person_id, arm, provider_id, calls) VALUES (?, ?, ?, ?, 1)
ON CONFLICT (send_key) DO UPDATE SET calls = calls + 1"""


class WorldMissingError(NotFoundError):
    """The home holds no logged experiment to replay."""

    code = "replay_world_missing"


class _Row(NamedTuple):
    arm: str
    visit: int
    conversion: int
    spend_minor: int


class ReplayProvider:
    """Channel and outcome source over one logged experiment; making one opens nothing.

    `currency` is that of the logged spend, an ISO 4217 code.
    """

    name = "replay"
    chunk = CHUNK
    patience = 0.0

    def __init__(self, replay_dir: Path, currency: str) -> None:
        self._world_file = replay_dir / WORLD_FILE
        self._ledger_file = replay_dir / LEDGER_FILE
        self._spend_unit = f"minor:{currency}"
        self._lock = threading.Lock()
        self._world: dict[str, _Row] | None = None

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Accept every message, once a key."""
        return await in_thread(self._accept, list(messages))

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        """Return the receipts of the keys that were accepted."""
        return await in_thread(self._known, list(send_keys))

    async def observe(self, assigned: Sequence[Assigned]) -> list[Observation]:
        """Return the logged outcomes of the people whose logged arm is the one they got now."""
        return await in_thread(self._outcomes, list(assigned))

    def calls(self) -> dict[str, int]:
        """How often each accepted key was handed over; more than 1 is a double send."""
        with closing(self._ledger()) as ledger:
            return dict(ledger.execute("SELECT send_key, calls FROM accepted").fetchall())

    def _accept(self, messages: list[Message]) -> list[Receipt]:
        rows = [(m.send_key, m.person_id, m.arm, _provider_id(m.send_key)) for m in messages]
        with closing(self._ledger()) as ledger, ledger:
            ledger.executemany(_ACCEPT, rows)
        return [Receipt(row[0], SendOutcome.ACCEPTED, row[3]) for row in rows]

    def _known(self, send_keys: list[str]) -> dict[str, Receipt]:
        found: dict[str, Receipt] = {}
        with closing(self._ledger()) as ledger:
            for key in send_keys:
                row = ledger.execute("SELECT provider_id FROM accepted WHERE send_key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = Receipt(key, SendOutcome.ACCEPTED, row[0])
        return found

    def _outcomes(self, assigned: list[Assigned]) -> list[Observation]:
        world = self._read_world()
        seen: list[Observation] = []
        for choice in assigned:
            row = world.get(choice.person_id)
            if row is None or row.arm != choice.arm:
                continue
            seen.append(Observation(choice.choice_id, "visit", row.visit, "visits"))
            seen.append(Observation(choice.choice_id, "conversion", row.conversion, "conversions"))
            seen.append(Observation(choice.choice_id, "spend", row.spend_minor, self._spend_unit))
        return seen

    def _read_world(self) -> dict[str, _Row]:
        with self._lock:
            if self._world is None:
                self._world = _load(self._world_file)
            return self._world

    def _ledger(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._ledger_file, timeout=_BUSY_SECONDS)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(_LEDGER)
        return connection


def _provider_id(send_key: str) -> str:
    return f"replay-{hashlib.sha256(send_key.encode()).hexdigest()[:16]}"


def _load(file: Path) -> dict[str, _Row]:
    import pyarrow.parquet as pq

    if not file.is_file():
        raise WorldMissingError(
            f"there is no replay world at {file}; import a logged experiment first", value=file
        )
    with file.open("rb") as stream:
        columns = pq.read_table(
            stream, columns=["person_id", "arm", "visit", "conversion", "spend_minor"]
        ).to_pydict()
    return {
        person: _Row(str(arm), int(visit), int(conversion), int(spend))
        for person, arm, visit, conversion, spend in zip(*columns.values(), strict=True)
    }
