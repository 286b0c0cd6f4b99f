"""One worker of the field: it carries out what is due until it is told to end, or is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import liquid  # noqa: F401  # loaded once, in the server that is forked
import pyarrow.parquet  # noqa: F401
from sqlmodel import Session

from delivery.channels.email import EmailChannel, IdentityAddresses
from delivery.email.links import Links
from delivery.email.settings import EmailSettings
from policies.errors import CountersignError
from store.home import open_home
from store.ids import RandomIds
from store.keys import LinkKeys
from tests.delivery.runs import driver_of
from tests.delivery.small_plan import FIRST_SLOT
from tests.delivery.small_world import World, ports_of

SPEED = 60.0
"""How many seconds of the home pass in one of the machine."""
TIMEOUT, PATIENCE = 2.0, 1.0


class Place(NamedTuple):
    """Where a field is: its directory, the port of its mail server, and when it began."""

    path: Path
    port: int
    began: float

    @property
    def jumps(self) -> Path:
        return self.path / "jumps"


class JumpingClock:
    """Time that runs fast, differs a little from worker to worker, and jumps for all of them when a file says so."""

    def __init__(self, place: Place, skew_seconds: float) -> None:
        self._place, self._skew = place, skew_seconds

    def now(self, session: Session | None = None) -> datetime:
        (jump,) = struct.unpack("d", self._place.jumps.read_bytes().ljust(8, b"\0")[:8])
        passed = (time.time() - self._place.began) * SPEED
        return FIRST_SLOT + timedelta(seconds=passed + jump + self._skew)


def jump_to(place: Place, seconds: float) -> None:
    """Let every clock of the field jump; a reader sees the old offset or the new one."""
    fresh = place.jumps.with_suffix(".new")
    fresh.write_bytes(struct.pack("d", seconds))
    fresh.replace(place.jumps)


def open_field(place: Place, world: World, skew_seconds: float) -> tuple[World, EmailChannel]:
    """The field as one process opens it: its own connections, its own clock, real addresses."""
    home = open_home(place.path / "home")
    ports = ports_of(home)
    clock = JumpingClock(place, skew_seconds)
    links = Links("https://desk.example.org", LinkKeys(home.keys_dir))
    settings = EmailSettings(
        host="127.0.0.1", port=place.port, tls="none", sender="shop@example.org", timeout=TIMEOUT
    )
    channel = EmailChannel(settings, IdentityAddresses(ports.database), links, clock, patience=PATIENCE)
    ports = ports.__class__(
        **{
            **{name: getattr(ports, name) for name in ports.__dataclass_fields__},
            "clock": clock,
            "ids": RandomIds(clock),
            "channels": {"email": channel},
            "outcomes": _NothingSeen(),
        }
    )
    return world._replace(home=home, ports=ports), channel


class _NothingSeen:
    name = "none"

    async def observe(self, assigned: object) -> list[object]:
        return []


def work(place: Place, world: World, skew_seconds: float) -> None:
    """Be a worker until SIGTERM, then end after the unit that is running."""
    here, channel = open_field(place, world, skew_seconds)

    async def run() -> None:
        ending = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
        driver = driver_of(here)
        while not ending.is_set():
            with contextlib.suppress(CountersignError):  # such as a database that is busy; as `Engine` does
                if await driver.run_due(stop_when=ending.is_set):
                    continue
            await asyncio.sleep(0.2)
        await channel.aclose()

    asyncio.run(run())
    here.ports.database.close()
    os._exit(0)
