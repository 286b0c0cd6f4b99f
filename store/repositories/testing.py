"""Test messages of proposals, and addresses of users that they have shown to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.tables import Proposal, SentTest
from store.tables.identity import UserAddress


def tests_of(session: Session, proposal_id: str, *, hold: bool = False) -> int:
    """How many tests of a proposal were asked for; with `hold` nobody adds one before the commit."""
    if hold:
        session.exec(
            select(Proposal.proposal_id).where(Proposal.proposal_id == proposal_id).with_for_update()
        )
    query = select(sa.func.count()).select_from(SentTest).where(SentTest.proposal_id == proposal_id)
    return session.exec(query).one()


def add_tests(session: Session, rows: Sequence[SentTest]) -> None:
    """Write tests down before any mail server hears of them."""
    session.add_all(rows)
    session.flush()


def settle_test(session: Session, test_id: str, *, outcome: str, rule: str | None) -> None:
    """Write what became of a test."""
    session.connection().execute(
        sa.update(SentTest).where(col(SentTest.test_id) == test_id).values(outcome=outcome, rule=rule)
    )


def verify_address(identity: Session, row: UserAddress, at: datetime) -> bool:
    """Say that a user reads this address; False where the user has set another one meanwhile."""
    changed = identity.connection().execute(
        sa.update(UserAddress)
        .where(
            col(UserAddress.workspace_id) == row.workspace_id,
            col(UserAddress.user_id) == row.user_id,
            col(UserAddress.email) == row.email,
        )
        .values(verified_at=at)
    )
    return changed.rowcount == 1
