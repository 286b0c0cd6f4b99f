"""kill -9 at every node boundary and inside the launch: one launch, the approval kept, nothing asked twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, select

from agents.propose.facts import ANSWER
from api.settings import Settings
from api.wiring import App, open_app
from delivery.channels.replay import ReplayProvider
from store.tables import (
    Approval,
    AuditEntry,
    Campaign,
    Draft,
    Launch,
    Proposal,
    ProposeThread,
    Send,
    Signature,
)
from tests.agents.propose.kill_points import POINTS, walk_until_death
from tests.agents.propose.shop_people import walk
from tests.postgres_databases import PostgresDatabases
from tests.shop_copies import BACKENDS, copy_shop
from tests.small_shop import Shop, make_shop

SEED = 17
QUICK = frozenset(random.Random(SEED).sample(sorted(POINTS), 2))
MakeShop = Callable[[], Shop]


@dataclass(frozen=True)
class _Counted:
    """What a home holds of what there may be one of."""

    approvals: int
    signatures: int
    launches: int
    threads: int
    proposals: int
    answers: int


@pytest.fixture(scope="module", params=BACKENDS)
def fresh_shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop in which nothing has been said, on each kind of database."""
    path = tmp_path_factory.mktemp("fresh") / "home"
    if request.param == "sqlite":
        return make_shop(path)
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return make_shop(path, address=databases.empty())


@pytest.fixture
def shop(fresh_shop: Shop, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    on_server = fresh_shop.home.settings.operational_url is not None
    return copy_shop(
        fresh_shop, tmp_path / "home", request.getfixturevalue("postgres") if on_server else None
    )


@pytest.mark.promise
@pytest.mark.parametrize(
    "point", [point if point in QUICK else pytest.param(point, marks=pytest.mark.soak) for point in POINTS]
)
def test_a_kill_leaves_one_launch_one_approval_and_nothing_asked_twice(shop: Shop, point: str) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.agents.propose.kill_points"])
    process = context.Process(target=walk_until_death, args=(str(shop.home.path), shop, point))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, point
    asyncio.run(_recover(shop))


async def _recover(shop: Shop) -> None:
    async with open_app(shop.home, Settings()) as app:
        before = _statuses(app)
        await walk(app, shop)
        after = _statuses(app)
        assert before.items() <= after.items(), "what was approved or launched stayed so"
        with app.database.read() as session:
            assert _counted(session) == _Counted(1, 1, 1, 1, 1, 1)
            approval = session.exec(select(Approval)).one()
            launch = session.exec(select(Launch)).one()
            assert (approval.status, launch.approval_id) == ("approved", approval.approval_id)
            assert approval.resumed_at is not None
            assert session.exec(select(Campaign)).one().state == "completed"
            assert session.exec(select(ProposeThread)).one().status == "ended"
            actions = Counter(session.exec(select(AuditEntry.action)).all())
            sent = len(session.exec(select(Send).where(Send.status == "sent")).all())
        assert actions["launch.intended"] == actions["proposal.frozen"] == actions["approval.approve"] == 1
        assert app.audit.verify(app.database, shop.workspace_id).ok
    provider = ReplayProvider(shop.home.replay_dir, "USD")
    assert sent > 0
    assert list(provider.calls().values()) == [1] * sent, "each message reached the provider once"


def _statuses(app: App) -> dict[str, str]:
    """What has been decided: answers of approvers and launches, by id."""
    with app.database.read() as session:
        kept = {row.signature_id: row.answer for row in session.exec(select(Signature))}
        kept |= {
            row.approval_id: row.status for row in session.exec(select(Approval)) if row.status != "pending"
        }
        return kept | {row.launch_id: row.approval_id for row in session.exec(select(Launch))}


def _counted(session: Session) -> _Counted:
    def rows(model: type[SQLModel]) -> int:
        return len(session.exec(select(model)).all())

    answers = session.exec(select(Draft).where(Draft.kind == ANSWER)).all()
    tables = (Approval, Signature, Launch, ProposeThread, Proposal)
    return _Counted(*(rows(model) for model in tables), answers=len(answers))
