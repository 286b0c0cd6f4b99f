"""Ids: ULIDs (26 characters, Crockford base 32: 48 bits of milliseconds, 80 bits of chance) from a source
that is handed in, so a test or a replay can make the same ones again.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from datetime import datetime
from typing import Protocol

from store.clock import Clock, aware

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHANCE_BITS = 80
_STEP_BITS = 32


class IdSource(Protocol):
    """Makes ids that never repeat and that sort in the order they were made.

    Who makes many at one instant gives it as `at`, so that no clock is read for each.
    """

    def new(self, at: datetime | None = None) -> str: ...


def encode_ulid(milliseconds: int, chance: int) -> str:
    """Write a ULID from its two parts: milliseconds since 1970 in [0, 2^48), chance in [0, 2^80)."""
    value = (milliseconds << _CHANCE_BITS) | chance
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def milliseconds_of(at: datetime) -> int:
    """Whole milliseconds since 1970 of an aware time."""
    whole = aware(at)
    return int(whole.timestamp()) * 1000 + whole.microsecond // 1000


class _Rising:
    """Keeps ids rising: inside one millisecond each is the one before plus a step in [1, 2^32]."""

    def __init__(self) -> None:
        self._last = (-1, 0)

    def next(self, milliseconds: int, seed_bytes: bytes) -> str:
        last_milliseconds, last_chance = self._last
        if milliseconds > last_milliseconds:
            # the top bit stays free, so 2^47 steps fit into one millisecond
            chance = int.from_bytes(seed_bytes[:10], "big") >> 1
        else:
            milliseconds = last_milliseconds
            chance = last_chance + 1 + int.from_bytes(seed_bytes[10 : 10 + _STEP_BITS // 8], "big")
        self._last = (milliseconds, chance)
        return encode_ulid(milliseconds, chance)


class RandomIds:
    """Unguessable ids stamped with the clock's time; safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rising = _Rising()
        self._lock = threading.Lock()

    def new(self, at: datetime | None = None) -> str:
        """Make the next id, stamped with `at` or else with the clock's time."""
        milliseconds = milliseconds_of(at or self._clock.now())
        with self._lock:
            return self._rising.next(milliseconds, secrets.token_bytes(14))


class SeededIds:
    """The same ids for the same seed and instant, from a sha256 counter stream."""

    def __init__(self, seed: str, at: datetime) -> None:
        self._seed = seed.encode()
        self._milliseconds = milliseconds_of(at)
        self._rising = _Rising()
        self._count = 0
        self._lock = threading.Lock()

    def new(self, at: datetime | None = None) -> str:
        """Make the next id; the instant of this source stays what it was made with."""
        with self._lock:
            stream = hashlib.sha256(self._count.to_bytes(8, "big") + self._seed).digest()
            self._count += 1
            return self._rising.next(self._milliseconds, stream)
