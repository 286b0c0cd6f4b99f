"""An approval that nobody resolves in time expires, its thread ends, and the campaign can be proposed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from api.settings import Settings
from api.wiring import open_app
from policies.authority import Person, read_roles
from store.clock import ReplayClock
from store.repositories.approvals import ApprovalClosedError, Resolution, resolve
from store.tables import Approval, Campaign, Launch, Proposal
from tests.small_shop import BRIEF, Shop


@pytest.mark.promise
async def test_an_expired_approval_closes_and_cannot_be_given(shop: Shop) -> None:
    async with open_app(shop.home, Settings()) as app:
        started = await app.threads.start(
            workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF
        )
        with app.database.read() as session:
            approval = session.exec(select(Approval)).one()
        assert isinstance(app.clock, ReplayClock)
        app.clock.advance_to(approval.expires_at + timedelta(seconds=1))
        grace = Person(shop.users["Grace"], read_roles(["campaign_manager"]), shop.workspace_id)
        with pytest.raises(ApprovalClosedError, match="expired"), app.database.write(durable=True) as session:
            resolve(
                session,
                app.audit,
                approval_id=approval.approval_id,
                signature_id=app.ids.new(),
                person=grace,
                resolution=Resolution("approve", approval.digest),
                at=app.clock.now(),
            )
        await app.engine.settle()
        with app.database.read() as session:
            assert session.exec(select(Approval)).one().status == "expired"
            assert session.exec(select(Proposal)).one().status == "expired"
            assert session.exec(select(Campaign)).one().state == "draft"
            assert session.exec(select(Launch)).all() == []
        assert await app.threads.waiting(started.thread_id) is None
