"""Threads as rows: how each stands follows from its approval and campaign, and what is refused is written once or always."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import col, select

from policies.errors import NotFoundError
from store.database import Database, migrate
from store.migrations.runner import configuration
from store.repositories.threads import (
    REFUSED,
    RunStatus,
    Standing,
    ThreadSearch,
    ThreadTakenError,
    add_thread,
    find_threads,
    get_thread,
    note_refusal,
    take_reserved,
)
from store.tables import Approval, AuditEntry, Campaign
from tests.store.approval_desk import OPENED, Desk

STANDINGS: list[tuple[RunStatus, dict[str, Any], dict[str, Any], Standing]] = [
    # how the last run left it, its approval, its campaign, how it stands
    ("waiting", {}, {}, "interrupted"),
    ("waiting", {"status": "approved"}, {"state": "approved"}, "busy"),
    ("waiting", {"status": "rejected"}, {"state": "draft"}, "busy"),
    ("ended", {"status": "approved", "resumed_at": OPENED}, {"state": "live"}, "idle"),
    ("waiting", {"status": "superseded"}, {}, "idle"),
    ("waiting", {"status": "revoked"}, {"state": "draft"}, "idle"),
    ("waiting", {}, {"state": "cancelled"}, "idle"),
    ("waiting", {}, {"proposal_id": "a newer one"}, "idle"),
]


def keep(database: Database, desk: Desk, approval: Approval, status: RunStatus) -> None:
    with database.write() as session:
        campaign = session.exec(select(Campaign).where(Campaign.proposal_id == approval.proposal_id)).one()
        campaign.thread_id = approval.thread_id
        add_thread(
            session,
            thread_id=approval.thread_id,
            workspace_id=desk.workspace_id,
            author_id=approval.author_id,
            campaign_id=campaign.campaign_id,
            status=status,
            at=OPENED,
        )


@pytest.mark.parametrize(("left", "approval", "campaign", "standing"), STANDINGS)
def test_a_thread_stands_as_its_approval_and_campaign_say(
    any_database: Database,
    desk: Desk,
    left: RunStatus,
    approval: dict[str, Any],
    campaign: dict[str, Any],
    standing: Standing,
) -> None:
    opened = desk.propose()
    keep(any_database, desk, opened, left)
    with any_database.write() as session:
        execute = session.connection().execute
        if campaign:
            execute(sa.update(Campaign).where(col(Campaign.thread_id) == opened.thread_id).values(**campaign))
        if approval:
            execute(
                sa.update(Approval).where(col(Approval.approval_id) == opened.approval_id).values(**approval)
            )
    with any_database.read() as session:
        assert get_thread(session, desk.workspace_id, opened.thread_id).standing == standing
        for each in ("idle", "busy", "interrupted", "error"):
            found = find_threads(session, desk.workspace_id, ThreadSearch(standing=each))  # type: ignore[arg-type]
            assert [len(found), each == standing] in ([1, True], [0, False])


@pytest.mark.parametrize(
    ("left", "state", "standing"),
    [
        ("waiting", "draft", "interrupted"),
        ("waiting", "cancelled", "idle"),
        ("running", "draft", "busy"),
        ("failed", "draft", "error"),
        ("ended", "draft", "idle"),
    ],
)
def test_a_thread_without_a_proposal_stands_as_its_last_run_left_it(
    any_database: Database, desk: Desk, left: RunStatus, state: str, standing: Standing
) -> None:
    with any_database.write() as session:
        author = desk.users["Ada"]
        session.add(
            Campaign(
                campaign_id="c",
                workspace_id=desk.workspace_id,
                name="New",
                state=state,
                author_id=author,
                thread_id="t",
                created_at=OPENED,
                changed_at=OPENED,
            )
        )
        session.flush()
        add_thread(
            session,
            thread_id="t",
            workspace_id=desk.workspace_id,
            author_id=author,
            campaign_id="c",
            status=left,
            at=OPENED,
        )
    with any_database.read() as session:
        assert get_thread(session, desk.workspace_id, "t").standing == standing


def test_a_reserved_thread_is_begun_once_and_only_in_its_workspace(
    any_database: Database, desk: Desk, add_workspace: Any
) -> None:
    other = add_workspace(any_database, "another")
    approval = desk.propose()
    campaign_id = "c"
    with any_database.write() as session:
        campaign = session.exec(select(Campaign).where(Campaign.proposal_id == approval.proposal_id)).one()
        campaign_id = campaign.campaign_id
        named = {"author_id": desk.users["Ada"], "at": OPENED}
        add_thread(
            session,
            thread_id="t",
            workspace_id=desk.workspace_id,
            campaign_id=None,
            status="reserved",
            **named,
        )
        with pytest.raises(ThreadTakenError):
            add_thread(
                session, thread_id="t", workspace_id=other, campaign_id=None, status="reserved", **named
            )
        with pytest.raises(ThreadTakenError):
            take_reserved(session, other, "t", campaign_id=campaign_id, **named)
        take_reserved(session, desk.workspace_id, "t", campaign_id=campaign_id, **named)
        with pytest.raises(ThreadTakenError):
            take_reserved(session, desk.workspace_id, "t", campaign_id=campaign_id, **named)
        with pytest.raises(NotFoundError):
            get_thread(session, other, "t")


def test_threads_come_in_pages_in_the_order_asked_for(any_database: Database, desk: Desk) -> None:
    with any_database.write() as session:
        for number in range(4):
            add_thread(
                session,
                thread_id=f"t{number}",
                workspace_id=desk.workspace_id,
                author_id=desk.users["Ada"],
                campaign_id=None,
                status="reserved",
                at=OPENED + timedelta(hours=number),
            )
    with any_database.read() as session:

        def ids(**wanted: Any) -> list[str]:
            found = find_threads(session, desk.workspace_id, ThreadSearch(**wanted))
            return [each.thread.thread_id for each in found]

        assert ids() == ["t3", "t2", "t1", "t0"]
        assert ids(limit=2, offset=1) == ["t2", "t1"]
        assert ids(descending=False, sort_by="thread_id", limit=2) == ["t0", "t1"]
        assert ids(thread_ids=["t1", "elsewhere"]) == ["t1"]
        assert ids(sort_by="status") == ["t3", "t2", "t1", "t0"]


def test_what_the_system_comes_across_is_written_once_and_what_a_person_tries_always(
    any_database: Database, desk: Desk
) -> None:
    with any_database.write() as session:
        for actor, once in (("system", True), ("system", True), ("ann", False), ("ann", False)):
            note_refusal(
                session,
                desk.audit,
                workspace_id=desk.workspace_id,
                at=OPENED,
                actor=actor,
                subject="t",
                reason="unknown_node",
                once=once,
            )
    with any_database.read() as session:
        written = session.exec(select(AuditEntry.actor).where(AuditEntry.action == REFUSED)).all()
    assert sorted(written) == ["ann", "ann", "system"]


@pytest.mark.parametrize("subject", ["ann@shop.example", "a" * 65, "", "é", "t; --"])
def test_a_text_that_cannot_be_an_id_is_not_repeated_in_the_log(
    any_database: Database, desk: Desk, subject: str
) -> None:
    with any_database.write() as session:
        note_refusal(
            session,
            desk.audit,
            workspace_id=desk.workspace_id,
            at=OPENED,
            actor="ann",
            subject=subject,
            reason="not_found",
        )
    with any_database.read() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == REFUSED)).all()
    assert (entry.subject, entry.detail) == ("an id that cannot be one", {"reason": "not_found"})


def test_threads_begun_before_they_were_rows_are_found_once(empty_urls: tuple[str, str]) -> None:
    database = Database(*empty_urls)
    at = "2026-11-21 09:00:00"
    with database.operational_engine().begin() as connection:
        command.upgrade(configuration("operational", connection), "0003")
        for statement in (
            f"INSERT INTO workspaces (workspace_id, name, currency, timezone, rules, created_at)"
            f" VALUES ('w', 'shop', 'USD', 'UTC', '{{}}', '{at}')",
            f"INSERT INTO users (user_id, workspace_id, name, created_at) VALUES ('ann', 'w', 'Ann', '{at}')",
            *(
                f"INSERT INTO campaigns (campaign_id, workspace_id, name, state, author_id, thread_id, created_at,"
                f" changed_at) VALUES ('{name}', 'w', 'New', 'draft', 'ann', {thread}, '{at}', '{at}')"
                for name, thread in (("c1", "'t2'"), ("c2", "'t3'"), ("c3", "NULL"))
            ),
            *(
                f"INSERT INTO proposals (proposal_id, workspace_id, campaign_id, thread_id, author_id, kind, status, digest,"
                f" canonical_json, model, graph_version, created_at) VALUES ('p{thread}', 'w', 'c1', '{thread}', 'ann',"
                f" 'campaign', 'open', 'd', '{{}}', 'm', '1', '{at}')"
                for thread in ("t1", "t2")
            ),
        ):
            connection.exec_driver_sql(statement)
    migrate(database)
    with database.read() as session:
        found = find_threads(session, "w", ThreadSearch(sort_by="thread_id", descending=False))
        assert [(each.thread.thread_id, each.thread.campaign_id) for each in found] == [
            ("t1", "c1"),
            ("t2", "c1"),
            ("t3", "c2"),
        ]
    database.close()
