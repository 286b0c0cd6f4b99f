"""Approve a waiting proposal in a process of its own that kills itself at a named point: kill -9, no clean-up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import api.wiring
from agents.propose.deciding import Deciding
from api.settings import Settings
from api.wiring import App, open_app
from policies.authority import Person, read_roles
from store.home import open_home
from store.repositories.approvals import Resolution, list_approvals, resolve
from store.repositories.workspaces import user_by_name

POINTS = ("after_resolve", "in_verify", "before_launch", "in_launch_after_commit", "after_launch")


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def plant(point: str) -> None:
    """Make the process die at a point of the way from the resolution to the launch."""
    launch = api.wiring.launch
    if point == "in_verify":

        async def verify(_: Deciding, state: Any) -> NoReturn:
            die()

        verify.__name__ = "verify_approval"
        Deciding.verify_approval = verify  # type: ignore[method-assign, assignment]
    elif point == "before_launch":
        api.wiring.launch = lambda *_: die()  # type: ignore[assignment]
    elif point == "in_launch_after_commit":

        def launch_and_die(*arguments: Any) -> NoReturn:
            launch(*arguments)
            die()

        api.wiring.launch = launch_and_die  # type: ignore[assignment]
    elif point == "after_launch":
        run = Deciding.launch

        async def launched(self: Deciding, state: Any) -> Any:
            result = await run(self, state)
            asyncio.get_running_loop().call_later(0.05, die)
            return result

        launched.__name__ = "launch"
        Deciding.launch = launched  # type: ignore[method-assign]


def approve(app: App, workspace_id: str) -> None:
    with app.database.write(durable=True) as session:
        approval = list_approvals(session, workspace_id)[0]
        grace = user_by_name(session, workspace_id, "Grace")
        resolve(
            session,
            app.audit,
            approval_id=approval.approval_id,
            signature_id=app.ids.new(),
            person=Person(grace.user_id, read_roles(["campaign_manager"]), workspace_id),
            resolution=Resolution("approve", approval.digest),
            at=app.clock.now(),
        )


async def main(home: Path, workspace_id: str, point: str) -> None:
    async with open_app(open_home(home), Settings()) as app:
        approve(app, workspace_id)
        if point == "after_resolve":
            die()
        await app.engine.settle()


if __name__ == "__main__":
    plant(sys.argv[3])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
