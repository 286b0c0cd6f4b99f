"""Threads stored by each released graph version still resume with the present code, after its migrations."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlmodel import select

import delivery.launch
from agents.state import GRAPH_VERSION
from api.settings import Settings
from api.wiring import App, open_app
from policies.authority import Person, read_roles
from policies.proposal import parse
from store.home import Home, open_home
from store.repositories.approvals import Resolution, get_approval, resolve
from store.tables import Campaign, Launch, Proposal
from tests.agents.golden.threads_of_release import (
    LARGEST_BYTES,
    Golden,
    archive_of,
    make,
    released_versions,
    unpack,
)
from tests.small_shop import ROLES

VERSIONS = released_versions()


class Stored(NamedTuple):
    """An unpacked release, to be copied, and what waits in it."""

    home: Home
    golden: Golden


@pytest.fixture(scope="module", params=VERSIONS)
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return Stored(*unpack(request.param, tmp_path_factory.mktemp("released")))


@pytest.fixture
def stored(released: Stored, tmp_path: Path) -> Stored:
    """A release's home of this test's own."""
    shutil.copytree(released.home.path, tmp_path / "home")
    return Stored(open_home(tmp_path / "home"), released.golden)


@asynccontextmanager
async def opened(stored: Stored) -> AsyncIterator[App]:
    async with open_app(stored.home, Settings(_env_file=None)) as app:
        yield app


def approve(app: App, golden: Golden) -> None:
    with app.database.write(durable=True) as session:
        resolve(
            session,
            app.audit,
            approval_id=golden.approval_id,
            signature_id=app.ids.new(),
            person=Person(golden.users["Grace"], read_roles([ROLES["Grace"]]), golden.workspace_id),
            resolution=Resolution("approve", golden.digest),
            at=app.clock.now(),
        )


def judged_by(monkeypatch: pytest.MonkeyPatch, rules: dict[str, str]) -> None:
    """Let the rules of today be these: a release may change them, and then a launch rightly asks for a new proposal."""
    monkeypatch.setattr(delivery.launch, "rule_digests", lambda _: rules)


def rules_of(app: App, golden: Golden) -> dict[str, str]:
    with app.database.read() as session:
        proposal = session.exec(select(Proposal).where(Proposal.thread_id == golden.approving)).one()
        return dict(parse(proposal.canonical_json).rules)


def test_a_release_of_the_present_graph_version_is_kept() -> None:
    assert GRAPH_VERSION in VERSIONS, "make its archive: python -m tests.agents.golden.threads_of_release"
    assert all(archive_of(version).stat().st_size <= LARGEST_BYTES for version in VERSIONS)


def test_an_archive_of_a_release_is_not_made_twice() -> None:
    with pytest.raises(FileExistsError, match="kept as they were stored"):
        make()


async def test_a_stored_thread_at_clarify_takes_its_answer_and_proposes(stored: Stored) -> None:
    golden = stored.golden
    async with opened(stored) as app:
        assert app.audit.verify(app.database, golden.workspace_id).ok
        waiting = await app.threads.waiting(golden.clarifying)
        assert waiting is not None
        answered = await app.threads.answer(
            workspace_id=golden.workspace_id,
            user_id=golden.users["Ada"],
            thread_id=golden.clarifying,
            interrupt_id=waiting.id,
            answers={"budget": "$40"},
        )
        assert answered.state["status"] == "open", answered.state
        assert answered.state["graph_version"] == golden.graph_version
        with app.database.read() as session:
            proposal = session.exec(select(Proposal).where(Proposal.thread_id == golden.clarifying)).one()
            assert answered.state["digest"] == proposal.digest
        assert app.audit.verify(app.database, golden.workspace_id).ok


async def test_a_stored_thread_at_approve_is_countersigned_and_launches(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = stored.golden
    async with opened(stored) as app:
        judged_by(monkeypatch, rules_of(app, golden))
        approve(app, golden)
        state = await app.threads.resume_approval(golden.approval_id)
        assert state["status"] == "launched", state
        with app.database.read() as session:
            launch = session.exec(select(Launch)).one()
            campaign = session.get_one(Campaign, launch.campaign_id)
            assert (launch.launch_id, launch.digest) == (state["launch_id"], golden.digest)
            assert campaign.state == "scheduled"
        verified = app.audit.verify(app.database, golden.workspace_id)
        assert verified.ok, verified.problems


async def test_a_stored_thread_whose_rules_changed_since_is_taken_back_and_not_launched(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = stored.golden
    async with opened(stored) as app:
        judged_by(monkeypatch, {**rules_of(app, golden), "authority": "0" * 64})
        approve(app, golden)
        state = await app.threads.resume_approval(golden.approval_id)
        assert state["status"] == "revoked"
        with app.database.read() as session:
            assert session.exec(select(Launch)).first() is None
            approval = get_approval(session, golden.workspace_id, golden.approval_id)
            proposal = session.get_one(Proposal, approval.proposal_id)
            assert (approval.status, proposal.status) == ("revoked", "revoked")
            assert session.get_one(Campaign, proposal.campaign_id).state == "draft"
        verified = app.audit.verify(app.database, golden.workspace_id)
        assert verified.ok, verified.problems
