"""Propose the small shop's campaign in a process of its own and print the proposal's digest."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from store.tables import Proposal
from tests.agents.conftest import _open_desk
from tests.small_shop import BRIEF, make_shop


async def digest(path: Path) -> str:
    shop = make_shop(path)
    async with _open_desk(shop) as desk:
        started = await desk.threads.start(
            workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF
        )
        with desk.bench.database.read() as session:
            return session.get_one(Proposal, started.state["proposal_id"]).digest


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(digest(Path(sys.argv[1]))))
