"""Threads write down what they refuse, whichever entrance asked."""

from __future__ import annotations

import pytest
from sqlmodel import select

from agents.refusals import ThreadWaitsError, UnknownInterruptError
from policies.errors import NotFoundError
from store.repositories.threads import REFUSED, ThreadTakenError
from store.tables import AuditEntry, Campaign
from tests.agents.conftest import Desk, OpenDesk
from tests.small_shop import BRIEF, VAGUE, Shop

NOBODY = "0" * 32


def refusals(desk: Desk) -> list[tuple[str, str, str]]:
    query = select(AuditEntry).where(AuditEntry.action == REFUSED)
    with desk.bench.database.read() as session:
        return [(row.actor, row.subject, str(row.detail["reason"])) for row in session.exec(query).all()]


async def test_answers_to_another_interrupt_or_from_another_workspace_are_written_down(
    shop: Shop, open_desk: OpenDesk
) -> None:
    ada = shop.users["Ada"]
    async with open_desk(shop) as desk:
        threads = desk.threads
        started = await threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
        waiting = await threads.waiting(started.thread_id)
        assert waiting is not None
        given = {"user_id": ada, "workspace_id": shop.workspace_id, "answers": {"budget": "$40"}}
        with pytest.raises(UnknownInterruptError, match=NOBODY):
            await threads.answer(**given, thread_id=started.thread_id, interrupt_id=NOBODY)
        with pytest.raises(NotFoundError):
            await threads.answer(**given, thread_id="nowhere", interrupt_id=waiting.id)
        assert refusals(desk) == [
            (ada, started.thread_id, "unknown_interrupt"),
            (ada, "nowhere", "not_found"),
        ]
        assert (await threads.waiting(started.thread_id)) == waiting


async def test_a_reserved_thread_is_begun_under_its_id_once(shop: Shop, open_desk: OpenDesk) -> None:
    ada = shop.users["Ada"]
    named = {"workspace_id": shop.workspace_id, "author_id": ada}
    async with open_desk(shop) as desk:
        reserved = await desk.threads.reserve(**named)
        started = await desk.threads.start(**named, text=BRIEF, reserved=reserved)
        assert (started.thread_id, started.state["status"]) == (reserved, "open")
        with pytest.raises(ThreadTakenError):
            await desk.threads.start(**named, text=BRIEF, reserved=reserved)
        with pytest.raises(ThreadWaitsError):
            await desk.threads.resume_approval(started.state["approval_id"])
        with desk.bench.database.read() as session:
            assert len(session.exec(select(Campaign)).all()) == 1
