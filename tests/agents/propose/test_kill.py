"""kill -9 anywhere between the resolution and the launch: the approval is kept, and there is one launch."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from api.settings import Settings
from api.wiring import open_app
from store.home import open_home
from store.tables import Approval, AuditEntry, Campaign, Launch, Send
from tests.agents.propose.crash_shop import POINTS
from tests.small_shop import BRIEF, Shop

ROOT = Path(__file__).resolve().parents[3]
QUICK = ("before_launch", "in_launch_after_commit", "after_launch")


@pytest.fixture(scope="module")
def waiting_shop(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose campaign waits for approval."""
    path = tmp_path_factory.mktemp("waiting") / "home"
    shutil.copytree(shop_template.home.path, path)
    shop = replace(shop_template, home=open_home(path))

    async def propose() -> None:
        async with open_app(shop.home, Settings()) as app:
            started = await app.threads.start(
                workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF
            )
            assert started.state["status"] == "open"

    asyncio.run(propose())
    yield shop


@pytest.mark.promise
@pytest.mark.parametrize(
    "point", [point if point in QUICK else pytest.param(point, marks=pytest.mark.soak) for point in POINTS]
)
def test_a_kill_at_any_point_leaves_one_approval_and_one_launch(
    waiting_shop: Shop, tmp_path: Path, point: str
) -> None:
    shutil.copytree(waiting_shop.home.path, tmp_path / "home")
    died = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.agents.propose.crash_shop",
            str(tmp_path / "home"),
            waiting_shop.workspace_id,
            point,
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    asyncio.run(_recover(tmp_path / "home", waiting_shop.workspace_id))


async def _recover(home: Path, workspace_id: str) -> None:
    async with open_app(open_home(home), Settings()) as app:
        await app.engine.settle()
        with app.database.read() as session:
            approval = session.exec(select(Approval)).one()
            launch = session.exec(select(Launch)).one()
            campaign = session.exec(select(Campaign)).one()
            launches = session.exec(select(AuditEntry).where(AuditEntry.action == "launch.intended")).all()
            sent = len(session.exec(select(Send).where(Send.status == "sent")).all())
        assert (approval.status, launch.approval_id) == ("approved", approval.approval_id)
        assert campaign.state == "completed"
        assert len(launches) == 1
        assert sent > 0
        assert app.audit.verify(app.database, workspace_id).ok
    provider = sqlite3.connect(home / "replay" / "provider.db")
    calls = [row[0] for row in provider.execute("SELECT calls FROM accepted")]
    provider.close()
    assert calls == [1] * sent, "each message reached the provider once"
