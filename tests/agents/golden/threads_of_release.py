"""A home of one release with a thread that waits at `clarify` and one that waits at `approve`, in one small archive.

`python -m tests.agents.golden.threads_of_release` makes the archive of the present graph version; docs/golden-threads.md says when.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tarfile
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from agents.state import GRAPH_VERSION
from api.settings import Settings
from api.wiring import App, open_app
from store.clock import ReplayClock
from store.home import Home, open_home
from store.repositories.approvals import list_approvals
from tests.small_shop import BRIEF, START, VAGUE, Shop, make_shop

HERE = Path(__file__).parent
LARGEST_BYTES = 300_000
LEFT_OUT = {"memory", "jobs.db", "owner.lock", "audit_heads.lock", "outbox", "reports"}
"""What a home makes anew when it is opened."""
_RECORD = "golden.json"


class Golden(NamedTuple):
    """A home of a release: its workspace, users by name, and what waits in it."""

    graph_version: str
    workspace_id: str
    users: dict[str, str]
    clarifying: str
    approving: str
    approval_id: str
    digest: str


def archive_of(version: str) -> Path:
    """Where the archive of a graph version stands."""
    return HERE / f"graph_{version}.tar.xz"


def released_versions() -> list[str]:
    """The graph versions of which threads are kept, by name."""
    return sorted(
        file.name.removeprefix("graph_").removesuffix(".tar.xz") for file in HERE.glob("graph_*.tar.xz")
    )


def unpack(version: str, folder: Path) -> tuple[Home, Golden]:
    """Unpack a release's home into a folder and return it with what waits in it."""
    with tarfile.open(archive_of(version)) as archive:
        archive.extractall(folder, filter="data")
    home = open_home(folder / "home")
    for directory in home.directories:
        directory.mkdir(mode=0o700, exist_ok=True)
    return home, Golden(**json.loads((folder / _RECORD).read_text(encoding="utf-8")))


def make(version: str = GRAPH_VERSION) -> Path:
    """Make the archive of the present graph version; a release's archive is never made a second time."""
    to = archive_of(version)
    if to.exists():
        raise FileExistsError(
            f"{to.name} is there already: threads of a release are kept as they were stored"
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = make_shop(folder / "home")
        golden = asyncio.run(_leave_waiting(shop))
        (folder / _RECORD).write_text(json.dumps(golden._asdict(), indent=1), encoding="utf-8")
        with tarfile.open(to, "w:xz", preset=9) as archive:
            archive.add(folder / _RECORD, _RECORD, filter=_kept)
            archive.add(folder / "home", "home", filter=_kept)
    if to.stat().st_size > LARGEST_BYTES:
        raise ValueError(
            f"{to.name} has {to.stat().st_size} bytes; at most {LARGEST_BYTES} are kept in the repository"
        )
    return to


async def _leave_waiting(shop: Shop) -> Golden:
    async with open_app(shop.home, Settings(_env_file=None)) as app:
        clock = app.clock
        if isinstance(clock, ReplayClock):
            clock.advance_to(START + timedelta(hours=1))
        clarifying = await _start(app, shop, VAGUE, "clarifying")
        approving = await _start(app, shop, BRIEF, "open")
        with app.database.read() as session:
            (approval,) = list_approvals(session, shop.workspace_id)
    return Golden(
        graph_version=GRAPH_VERSION,
        workspace_id=shop.workspace_id,
        users=shop.users,
        clarifying=clarifying,
        approving=approving,
        approval_id=approval.approval_id,
        digest=approval.digest,
    )


async def _start(app: App, shop: Shop, text: str, status: str) -> str:
    started = await app.threads.start(workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=text)
    if started.state["status"] != status:
        raise RuntimeError(f"the thread is {started.state['status']}, and should wait as {status}")
    return started.thread_id


def _kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is made anew, and who and when made the archive."""
    if set(Path(info.name).parts) & LEFT_OUT:
        return None
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = int(START.timestamp())
    return info


if __name__ == "__main__":
    sys.stdout.write(f"{make()}\n")
