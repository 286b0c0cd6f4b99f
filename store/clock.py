"""Where the time comes from: the wall, a fixed instant, or the replay row of a home."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
from sqlmodel import Session, col

from policies.errors import ConflictError, CountersignError, InvalidInputError
from store.bulk import table_of
from store.driver import Prepared
from store.tables.workspaces import HomeClock

if TYPE_CHECKING:
    from store.database import Database


_clocks = table_of(HomeClock).c
_NOW = Prepared(sa.select(_clocks.now).where(_clocks.home_id == sa.bindparam("home")))


class ClockError(CountersignError):
    """Root of everything the clock refuses."""

    code = "clock"


class ClockNotStartedError(ClockError):
    """A replay home whose time was never set."""

    code = "clock_not_started"


class ClockBackwardsError(ClockError, ConflictError):
    """Replay time was asked to go back."""

    code = "clock_backwards"


class Clock(Protocol):
    """Tells the time as an aware UTC instant; a clock that is a row is read in `session`, where one is open."""

    def now(self, session: Session | None = None) -> datetime: ...


class WallClock:
    """The machine's own time; the only place of the store that reads it."""

    def now(self, session: Session | None = None) -> datetime:
        """Give the machine's time in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A time that stands still until it is replaced."""

    def __init__(self, at: datetime) -> None:
        self._at = aware(at)

    def now(self, session: Session | None = None) -> datetime:
        """Give the instant it was made with."""
        return self._at


class ReplayClock:
    """The time of a replay home: one row that every process of the home reads, moved only forwards."""

    def __init__(self, database: Database, home_id: str) -> None:
        self._database = database
        self._home_id = home_id

    def now(self, session: Session | None = None) -> datetime:
        """Read the replay time, fresh on every call; ClockNotStartedError if it was never set."""
        if session is not None:
            return self._read(session)
        with self._database.read() as session:
            return self._read(session)

    def start(self, at: datetime) -> datetime:
        """Set the first replay time, or keep the one that is there; gives the time in force."""
        with self._database.write(durable=True) as session:
            found = session.get(HomeClock, self._home_id)
            if found is None:
                session.add(HomeClock(home_id=self._home_id, now=aware(at)))
                return aware(at)
            return found.now

    def advance_to(self, at: datetime) -> datetime:
        """Move the time forwards to `at` (the same instant changes nothing); ClockBackwardsError otherwise.

        The row is moved by compare-and-set, so of two racing processes the later instant stays.
        """
        target = aware(at)
        with self._database.write(durable=True) as session:
            moved = session.connection().execute(
                sa.update(HomeClock)
                .where(col(HomeClock.home_id) == self._home_id, col(HomeClock.now) <= target)
                .values(now=target)
            )
            if moved.rowcount == 1:
                return target
            current = self._read(session)
        raise ClockBackwardsError(
            f"the replay clock stands at {current.isoformat()} and cannot go back to {target.isoformat()}; "
            "choose a later time",
            value=target.isoformat(),
        )

    def _read(self, session: Session) -> datetime:
        row = _NOW.one(session, home=self._home_id)
        if row is None:
            raise ClockNotStartedError(
                f"home {self._home_id} has a replay clock that was never started; set its first time",
                value=self._home_id,
            )
        now: datetime = row[0]
        return now


def aware(at: datetime) -> datetime:
    """Give the instant in UTC; InvalidInputError if it has no zone."""
    if at.tzinfo is None:
        raise InvalidInputError(f"the time {at.isoformat()} has no zone; give an aware UTC time", value=at)
    return at.astimezone(UTC)
