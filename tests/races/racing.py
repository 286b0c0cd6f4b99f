"""Processes that have one home open and do the same thing at the same instant.

Forked from a server that has imported everything; stores are opened after the fork.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from sqlmodel import select

import agents.threads
import api.wiring
from agents.thread_lease import Run
from api.cli.asgi_stream import StreamingTransport
from api.http.application import build_api
from api.settings import Settings
from api.wiring import App
from delivery.drive import Driver, Handlers, job_handlers
from policies.errors import ConflictError
from store.home import Home, HomeLock, open_home
from store.tables import Approval
from store.threads import in_thread
from tests.agents.propose.shop_people import BUDGET, thread_of
from tests.delivery.runs import Direct
from tests.small_shop import Shop

SECONDS = 60.0


class Racer(NamedTuple):
    """Somebody in a process of their own: what they do, as whom, and with what."""

    who: str
    act: str
    body: Mapping[str, Any]


def race(shop: Shop, racers: Sequence[Racer], *, leases: bool = True) -> list[str]:
    """Let everybody act at the same instant; give what each was answered: `200`, `409 CODE` or an error's name.

    Nobody launches before everybody else is at the launch too or was answered, so races are close however slow the
    machine is. Without `leases` nobody is kept out of a thread that another runs.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.races.racing", "tests.agents.propose.kill_points"])
    start, met = context.Barrier(len(racers)), context.Barrier(len(racers))
    checked = None if leases else context.Barrier(len(racers))
    answered = context.SimpleQueue()
    running = [
        context.Process(
            target=_run,
            args=(number, str(shop.home.path), shop, racer, checked, start, _Meeting(met), answered),
        )
        for number, racer in enumerate(racers)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(SECONDS)
        assert process.exitcode == 0
    return [outcome for _, outcome in sorted(answered.get() for _ in running)]


class _Meeting:
    """Where each process waits once for all others."""

    def __init__(self, barrier: Barrier) -> None:
        self._barrier, self._waited = barrier, False

    def wait(self) -> None:
        if not self._waited:
            self._waited = True
            self._barrier.wait(SECONDS)


def _run(
    number: int,
    home: str,
    shop: Shop,
    racer: Racer,
    checked: Barrier | None,
    start: Barrier,
    meeting: _Meeting,
    answered: Any,
) -> None:
    # a supported set-up has several processes on PostgreSQL only; the lock is what would keep the second one out
    api.wiring.home_lock = _held_by_all
    _launch_after(meeting)
    if checked is not None:
        agents.threads.leased = _free_for_all  # type: ignore[assignment]
    opened = replace(shop, home=open_home(Path(home)))

    async def main() -> None:
        async with api.wiring.open_app(opened.home, Settings(_env_file=None)) as app:
            if checked is not None:
                _run_together(app, checked)
            act = await ACTS[racer.act](app, opened, racer)
            await in_thread(start.wait, SECONDS)
            try:
                outcome = await act()
            except ConflictError as error:
                outcome = f"409 {error.code}"
            except Exception as error:  # noqa: BLE001  # whatever it is, the test must see it
                outcome = f"{type(error).__name__}: {error}"
            await in_thread(meeting.wait)
            answered.put((number, outcome))

    asyncio.run(main())


@contextmanager
def _held_by_all(_home: Home) -> Iterator[HomeLock]:
    yield HomeLock(-1, shared=True)


def _launch_after(meeting: _Meeting) -> None:
    launch = api.wiring.launch

    def met(*given: Any) -> Any:
        meeting.wait()
        return launch(*given)

    api.wiring.launch = met


def _run_together(app: App, checked: Barrier) -> None:
    """Let nobody run the graph before everybody has found that the thread still waits."""
    graph = app.threads.graph
    ainvoke = graph.ainvoke

    async def together(*given: Any, **more: Any) -> Any:
        await in_thread(checked.wait, SECONDS)
        return await ainvoke(*given, **more)

    graph.ainvoke = together  # type: ignore[method-assign]


@asynccontextmanager
async def _free_for_all(_bench: Any, thread_id: str, _held: int | None = None) -> Any:
    yield Run(thread_id, 0)


Act = Callable[[], Awaitable[str]]


async def _resolving(app: App, shop: Shop, racer: Racer) -> Act:
    approval = await in_thread(_approval, app)
    transport = StreamingTransport(build_api(app))
    headers = {"Authorization": f"Bearer {shop.keys[racer.who]}"}
    body = {"digest": approval.digest, **racer.body}

    async def act() -> str:
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as http:
            answer = await http.post(f"/v1/approvals/{approval.approval_id}/resolve", json=body)
        problem = answer.json().get("error")
        return f"{answer.status_code} {problem}" if problem else f"{answer.status_code}"

    return act


async def _resuming(app: App, _shop: Shop, _racer: Racer) -> Act:
    approval = await in_thread(_approval, app)

    async def act() -> str:
        await app.threads.resume_approval(approval.approval_id)
        return "200"

    return act


async def _answering(app: App, shop: Shop, racer: Racer) -> Act:
    thread_id = await in_thread(thread_of, app)
    assert thread_id is not None
    waiting = await app.threads.waiting(thread_id)
    assert waiting is not None

    async def act() -> str:
        await app.threads.answer(
            workspace_id=shop.workspace_id,
            user_id=shop.users[racer.who],
            thread_id=thread_id,
            interrupt_id=waiting.id,
            answers=BUDGET,
        )
        return "200"

    return act


async def _sweeping(app: App, _shop: Shop, _racer: Racer) -> Act:
    async def resume(approval_id: str) -> None:
        await app.threads.resume_approval(approval_id)

    async def nobody_is_told(_: str) -> None: ...

    handlers = Handlers(resume, app.reviews.review, app.threads.carry_on, nobody_is_told)
    driver = Driver(app.ports, Direct(job_handlers(app.ports, handlers)))

    async def act() -> str:
        return f"{await driver.run_due()} done"

    return act


def _approval(app: App) -> Approval:
    with app.database.read() as session:
        return session.exec(select(Approval)).one()


ACTS: Mapping[str, Callable[[App, Shop, Racer], Awaitable[Act]]] = {
    "resolve": _resolving,
    "resume": _resuming,
    "answer": _answering,
    "sweep": _sweeping,
}
