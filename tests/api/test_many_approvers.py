"""Approvers who answer at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from store.repositories.workspaces import add_user, grant_role, issue_key
from store.tables import Launch, RoleGrant
from tests.api.conftest import Open, Opened, Proposed
from tests.small_shop import START


def invite(opened: Opened, workspace_id: str, count: int) -> None:
    """Add approvers who have been there since the day before the proposal."""
    app = opened.app
    with app.database.write() as session:
        for number in range(count):
            name = f"manager {number}"
            user = add_user(session, ids=app.ids, at=START, workspace_id=workspace_id, name=name)
            grant_role(
                session,
                ids=app.ids,
                at=START,
                workspace_id=workspace_id,
                user_id=user.user_id,
                role="campaign_manager",
            )
            key = issue_key(
                session, ids=app.ids, at=START, workspace_id=workspace_id, user_id=user.user_id, label="test"
            )
            opened.keys[name] = key.plain
        session.execute(sa.update(RoleGrant).values(granted_at=START - timedelta(days=1)))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, half a minute at most."""
    for _ in range(1_500):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about within half a minute")


def launches(opened: Opened) -> int:
    with opened.app.database.read() as session:
        return len(session.exec(select(Launch)).all())


@pytest.mark.promise
async def test_of_fifty_approvers_at_once_one_succeeds_and_one_launch_follows(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    body = {"answer": "approve", "digest": proposed.digest}
    async with open_shop(proposed.shop) as opened:
        invite(opened, proposed.shop.workspace_id, 50)
        await opened.app.engine.start()
        calls = [opened.call(f"manager {number}", "POST", path, json=body) for number in range(50)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*calls))
        assert statuses == [200] + 49 * [409]
        await until(lambda: launches(opened) > 0)
        # whoever resumes the thread again, by hand or by a lost job, launches nothing more
        await asyncio.gather(
            *(opened.app.threads.resume_approval(proposed.approval_id) for _ in range(3)),
            return_exceptions=True,
        )
        assert launches(opened) == 1


@pytest.mark.promise
async def test_one_person_with_differing_answers_at_once_gives_one_answer(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    async with open_shop(proposed.shop) as opened:
        calls = [
            opened.call(
                "Grace",
                "POST",
                path,
                json={"answer": "approve", "digest": proposed.digest, "comment": f"answer {number}"},
            )
            for number in range(20)
        ]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*calls))
        assert statuses == [200] + 19 * [409]


@pytest.mark.promise
async def test_another_digest_approves_nothing(open_shop: Open, proposed: Proposed) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    async with open_shop(proposed.shop) as opened:
        for digest in ("0" * 64, proposed.digest[:-1] + ("0" if proposed.digest[-1] != "0" else "1")):
            answer = await opened.call("Grace", "POST", path, json={"answer": "approve", "digest": digest})
            assert (answer.status_code, answer.json()["error"]) == (409, "digest_changed")
        shown = (await opened.call("Grace", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
        await opened.app.engine.settle()
        assert (shown["status"], shown["signatures"], launches(opened)) == ("pending", [], 0)


async def test_an_approval_of_another_workspace_is_not_there(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        from store.repositories.workspaces import create_workspace

        with opened.app.database.write() as session:
            other = create_workspace(
                session, ids=opened.app.ids, at=START, name="Other", currency="USD", timezone="UTC"
            ).workspace_id
        invite(opened, other, 1)
        path = f"/v1/approvals/{proposed.approval_id}"
        shown = await opened.call("manager 0", "GET", path)
        resolved = await opened.call(
            "manager 0", "POST", f"{path}/resolve", json={"answer": "approve", "digest": proposed.digest}
        )
        campaign = await opened.call("manager 0", "POST", f"/v1/campaigns/{proposed.campaign_id}/stop")
    assert [answer.status_code for answer in (shown, resolved, campaign)] == [404, 404, 404]
    assert shown.json()["error"] == "not_found"
