"""Ways around the countersignature that a review found; each must end without a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from agents.thread_stand import config_of
from api.settings import Settings
from api.wiring import App, open_app
from policies.authority import Person, read_roles
from policies.errors import NotAuthorisedError
from store.clock import ReplayClock
from store.repositories.approvals import Resolution, resolve
from store.repositories.workspaces import add_user, get_workspace, grant_role, issue_key
from store.tables import Approval, Campaign, Launch, Proposal, Send, Signature
from tests.small_shop import BRIEF, VAGUE, Shop


@asynccontextmanager
async def proposed(shop: Shop) -> AsyncIterator[tuple[App, Approval]]:
    async with open_app(shop.home, Settings()) as app:
        await app.threads.start(workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF)
        with app.database.read() as session:
            yield app, session.exec(select(Approval)).one()


def sign(app: App, shop: Shop, approval: Approval, user_id: str, role: str = "campaign_manager") -> None:
    with app.database.write(durable=True) as session:
        resolve(
            session,
            app.audit,
            approval_id=approval.approval_id,
            signature_id=app.ids.new(),
            person=Person(user_id, read_roles([role]), shop.workspace_id),
            resolution=Resolution("approve", approval.digest),
            at=app.clock.now(),
        )


async def require_nothing_sent(app: App) -> None:
    await app.engine.settle()
    with app.database.read() as session:
        assert session.exec(select(Launch)).all() == []
        assert session.exec(select(Send)).all() == []


@pytest.mark.promise
@pytest.mark.parametrize(
    "passed", [timedelta(0), timedelta(hours=1)], ids=["the clock stood", "an hour later"]
)
async def test_a_role_granted_after_the_proposal_does_not_count(shop: Shop, passed: timedelta) -> None:
    async with proposed(shop) as (app, approval):
        later = approval.opened_at + passed
        with app.database.write() as session:
            sock = add_user(session, ids=app.ids, at=later, workspace_id=shop.workspace_id, name="Sock")
            grant_role(
                session,
                ids=app.ids,
                at=later,
                workspace_id=shop.workspace_id,
                user_id=sock.user_id,
                role="campaign_manager",
            )
        with pytest.raises(NotAuthorisedError):
            sign(app, shop, approval, sock.user_id)
        await require_nothing_sent(app)


@pytest.mark.promise
async def test_a_key_that_the_author_issued_afterwards_resolves_nothing(shop: Shop) -> None:
    async with proposed(shop) as (app, approval):
        with app.database.write() as session:
            issue_key(
                session,
                ids=app.ids,
                at=app.clock.now(),
                workspace_id=shop.workspace_id,
                user_id=shop.users["Grace"],
                label="borrowed",
                issued_by=shop.users["Ada"],
            )
        with pytest.raises(NotAuthorisedError, match="issued you a key"):
            sign(app, shop, approval, shop.users["Grace"])
        await require_nothing_sent(app)


@pytest.mark.promise
async def test_an_author_changed_in_the_graph_state_stays_the_author(shop: Shop) -> None:
    async with open_app(shop.home, Settings()) as app:
        grace, ada = shop.users["Grace"], shop.users["Ada"]
        started = await app.threads.start(workspace_id=shop.workspace_id, author_id=grace, text=VAGUE)
        await app.threads.graph.aupdate_state(
            config_of(started.thread_id), {"author_id": ada}, as_node="sense"
        )
        await app.threads.graph.ainvoke(None, config_of(started.thread_id), durability="sync")
        waiting = await app.threads.waiting(started.thread_id)
        assert waiting is not None
        with pytest.raises(NotAuthorisedError, match="only the author"):
            await app.threads.answer(
                workspace_id=shop.workspace_id,
                user_id=ada,
                thread_id=started.thread_id,
                interrupt_id=waiting.id,
                answers={"budget": "$40"},
            )
        await app.threads.answer(
            workspace_id=shop.workspace_id,
            user_id=grace,
            thread_id=started.thread_id,
            interrupt_id=waiting.id,
            answers={"budget": "$40"},
        )
        with app.database.read() as session:
            approval = session.exec(select(Approval)).one()
        assert approval.author_id == grace
        with pytest.raises(NotAuthorisedError, match="author"):
            sign(app, shop, approval, grace)
        await require_nothing_sent(app)


@pytest.mark.promise
@pytest.mark.parametrize("what", ["signature", "rules", "prior", "limits"])
async def test_rows_changed_behind_the_signature_do_not_launch(shop: Shop, what: str) -> None:
    async with proposed(shop) as (app, approval):
        if what != "signature":
            sign(app, shop, approval, shop.users["Grace"])
        with app.database.write() as session:
            _tamper(session, app, shop, approval, what)
        await app.engine.settle()
        with app.database.read() as session:
            assert session.exec(select(Send)).all() == []
            if what != "prior":
                assert session.exec(select(Launch)).all() == []
                assert session.exec(select(Approval)).one().status == "revoked"
                assert session.exec(select(Campaign)).one().state in ("draft", "approved")


def _tamper(session: Any, app: App, shop: Shop, approval: Approval, what: str) -> None:
    if what == "rules":
        workspace = get_workspace(session, shop.workspace_id)
        workspace.rules = {**workspace.rules, "frequency_cap": None}
    elif what == "prior":
        session.exec(
            sa.text(
                "UPDATE drafts SET content = json_set(content, '$.state.prior[0]', 9) WHERE kind = 'bandit_prior'"
            )
        )
    elif what == "limits":
        session.exec(sa.update(Approval).values(limits={"budget_minor": 1}))
    else:
        session.add(
            Signature(
                signature_id=app.ids.new(),
                workspace_id=shop.workspace_id,
                approval_id=approval.approval_id,
                user_id=shop.users["Grace"],
                author_id=approval.author_id,
                role="campaign_manager",
                digest=approval.digest,
                answer="approve",
                answer_digest=Resolution("approve", approval.digest).answer_digest(),
                rules_digest="0" * 64,
                signed_at=app.clock.now(),
            )
        )
        session.exec(sa.update(Approval).values(status="approved", resolved_at=app.clock.now()))
        session.exec(sa.update(Proposal).values(status="approved"))
        session.exec(sa.update(Campaign).values(state="approved"))


@pytest.mark.promise
async def test_an_approval_that_expires_before_its_launch_is_revoked_and_says_why(shop: Shop) -> None:
    async with proposed(shop) as (app, approval):
        sign(app, shop, approval, shop.users["Grace"])
        assert isinstance(app.clock, ReplayClock)
        app.clock.advance_to(approval.expires_at)
        await require_nothing_sent(app)
        with app.database.read() as session:
            assert session.exec(select(Approval)).one().status == "revoked"
            assert session.exec(select(Campaign)).one().state == "draft"
