"""A home: the directory that holds one installation, its paths, and the one process that owns it.

The owner holds a lock that the kernel releases when its process dies, however it dies. A home whose data is all on
PostgreSQL has no owner: any number of processes hold its lock together.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from policies.errors import ConflictError
from store.database import Database
from store.files import write_private
from store.home_settings import (
    HomeError,
    HomeExistsError,
    HomeNotFoundError,
    HomeSettings,
    HomeSettingsError,
    in_words,
)
from store.postgres import is_postgres, read_address, require_postgres

__all__ = [
    "Home",
    "HomeError",
    "HomeExistsError",
    "HomeLock",
    "HomeNotFoundError",
    "HomeOwnedError",
    "HomeSettings",
    "HomeSettingsError",
    "Owner",
    "create_home",
    "home_lock",
    "open_home",
    "owner_of",
]

SETTINGS_FILE = "home.json"
_RECORD_BYTES = 512
_TRIES = 10
_PAUSE_SECONDS = 0.02


class Home:
    """The paths of a home; making one opens nothing."""

    def __init__(self, path: Path, settings: HomeSettings) -> None:
        self.path = path
        self.settings = settings

    @property
    def settings_file(self) -> Path:
        return self.path / SETTINGS_FILE

    @property
    def operational_db(self) -> Path:
        return self.path / "operational.db"

    @property
    def identity_db(self) -> Path:
        return self.path / "identity.db"

    @property
    def checkpoints_db(self) -> Path:
        return self.path / "checkpoints.db"

    @property
    def jobs_db(self) -> Path:
        return self.path / "jobs.db"

    @property
    def checkpoints(self) -> Path | str:
        """Where checkpoints are: a file of the home, or the server its settings name."""
        return self.settings.checkpoints_url or self.checkpoints_db

    @property
    def jobs(self) -> Path | str:
        """Where jobs are: a file of the home, or the server its settings name."""
        return self.settings.jobs_url or self.jobs_db

    @property
    def history_dir(self) -> Path:
        return self.path / "history"

    @property
    def memory_dir(self) -> Path:
        return self.path / "memory"

    @property
    def replay_dir(self) -> Path:
        return self.path / "replay"

    @property
    def outbox_dir(self) -> Path:
        return self.path / "outbox"

    @property
    def reports_dir(self) -> Path:
        return self.path / "reports"

    @property
    def keys_dir(self) -> Path:
        return self.path / "keys"

    @property
    def lock_file(self) -> Path:
        return self.path / "owner.lock"

    @property
    def directories(self) -> tuple[Path, ...]:
        """Every directory a home has from the start."""
        return (
            self.history_dir,
            self.memory_dir,
            self.replay_dir,
            self.outbox_dir,
            self.reports_dir,
            self.keys_dir,
        )

    def require_servers(self) -> None:
        """Raise PostgresMissingError or PostgresUnreachableError unless every server that the settings name lets us in."""
        urls = (self.settings.operational_url, self.settings.checkpoints_url, self.settings.jobs_url)
        for url in sorted({url for url in urls if url is not None and is_postgres(url)}):
            require_postgres(read_address(url))

    def database(self) -> Database:
        """The home's databases, not yet opened: files of the home, or the server its settings name."""
        url = self.settings.operational_url
        if url is None:
            return Database(f"sqlite:///{self.operational_db}", f"sqlite:///{self.identity_db}")
        if url.startswith("sqlite"):
            return Database(url, f"sqlite:///{self.identity_db}")
        return Database(url, url)


def create_home(path: Path, settings: HomeSettings) -> Home:
    """Make the directory (0700) with its settings (0600); HomeExistsError if anything is there already."""
    place = path.expanduser().resolve()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise HomeExistsError(
            f"{place} is not empty; choose a new directory, or open the home that is there", value=place
        )
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    home = Home(place, settings)
    for directory in home.directories:
        directory.mkdir(mode=0o700)
    write_private(home.settings_file, settings.model_dump_json(indent=2).encode() + b"\n")
    return home


def open_home(path: Path) -> Home:
    """Read the home at `path`; HomeNotFoundError without one, HomeSettingsError if home.json breaks a rule."""
    place = path.expanduser().resolve()
    file = place / SETTINGS_FILE
    if not file.is_file():
        raise HomeNotFoundError(f"there is no home at {place}; make one with `countersign init`", value=place)
    try:
        settings = HomeSettings.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise HomeSettingsError(
            f"{file} cannot be used: {in_words(error)}; mend the file or make a new home", value=file
        ) from error
    return Home(place, settings)


class Owner(BaseModel):
    """The process that holds a home; `url` is where its API listens, once it has said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pid: int
    url: str | None = None


class HomeOwnedError(HomeError, ConflictError):
    """Another living process owns the home."""

    code = "home_owned"

    def __init__(self, path: Path, owner: Owner | None) -> None:
        self.owner = owner
        who = f"process {owner.pid}" if owner else "another process"
        way = f"use its address {owner.url}" if owner and owner.url else "stop it first"
        super().__init__(f"the home {path} is in use by {who}; {way}", value=owner.pid if owner else None)


class HomeLock:
    """The lock while it is held; `shared` with other processes, or this one's alone."""

    def __init__(self, handle: int, *, shared: bool = False) -> None:
        self._handle = handle
        self.shared = shared

    def publish(self, url: str) -> None:
        """Tell other processes where the owner's API listens; a shared home has no owner, so they need not know."""
        if not self.shared:
            self._record(Owner(pid=os.getpid(), url=url))

    def _record(self, owner: Owner) -> None:
        # one write of a fixed length: a reader sees the old record or the new one, never half of each
        content = owner.model_dump_json().encode().ljust(_RECORD_BYTES)
        os.pwrite(self._handle, content, 0)


@contextmanager
def home_lock(home: Home) -> Iterator[HomeLock]:
    """Own the home until the block ends; HomeOwnedError if a living process does.

    A dead owner's lock is simply free: the kernel let it go with the process. A shared home is held together with
    whoever else has it open.
    """
    handle = os.open(home.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, home)
        if home.settings.shared:
            yield HomeLock(handle, shared=True)
            return
        lock = HomeLock(handle)
        lock._record(Owner(pid=os.getpid()))
        yield lock
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def owner_of(home: Home) -> Owner | None:
    """The living owner of a home, or None if it is free; what a dead owner wrote is not believed."""
    if not home.lock_file.exists():
        return None
    handle = os.open(home.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for _ in range(_TRIES):
            if _free(handle):
                return None
            owner = _read(handle)
            if owner is not None:
                return owner
            time.sleep(_PAUSE_SECONDS)
    finally:
        os.close(handle)
    raise HomeOwnedError(home.path, None)


def _take(handle: int, home: Home) -> None:
    kind = fcntl.LOCK_SH if home.settings.shared else fcntl.LOCK_EX
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            # somebody who only looks holds a shared lock for an instant
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise HomeOwnedError(home.path, _read(handle))


def _free(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def _read(handle: int) -> Owner | None:
    content = os.pread(handle, _RECORD_BYTES, 0).strip()
    try:
        return Owner.model_validate_json(content) if content else None
    except ValidationError:
        return None
