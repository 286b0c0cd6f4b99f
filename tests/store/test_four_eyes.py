"""Four eyes in the database itself: raw SQL that would sign for somebody with a part in a proposal is refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from policies.errors import InvalidInputError, NotAuthorisedError, NotFoundError
from store.repositories.proposal_authors import add_author, contributors
from store.tables import Approval, Proposal
from tests.store.approval_desk import HOUR, OPENED, Desk

pytestmark = pytest.mark.promise


def insert(session: Session, approval: Approval, user_id: str, on_behalf_of: str | None, author: str) -> None:
    session.connection().execute(
        sa.text(
            "INSERT INTO signatures (signature_id, workspace_id, approval_id, user_id, author_id, role, on_behalf_of,"
            " digest, answer, comment, answer_digest, rules_digest, signed_at)"
            " VALUES ('s', :workspace, :approval, :user, :author, 'legal', :behalf, 'd', 'approve', '', 'x', 'y', :at)"
        ),
        {
            "workspace": approval.workspace_id,
            "approval": approval.approval_id,
            "user": user_id,
            "author": author,
            "behalf": on_behalf_of,
            "at": OPENED,
        },
    )


def edited(desk: Desk) -> Approval:
    """A proposal by Ada that Grace has edited."""
    approval = desk.propose("Ada")
    with desk.database.write() as session:
        add_author(session, approval.proposal_id, desk.users["Grace"], "edit")
    return approval


@pytest.mark.parametrize("name", ["Ada", "Grace"])
def test_raw_sql_cannot_sign_as_somebody_with_a_part(desk: Desk, name: str) -> None:
    approval = edited(desk)
    with pytest.raises(IntegrityError, match="four_eyes"), desk.database.write() as session:
        insert(session, approval, desk.users[name], None, desk.users["Nils"])


@pytest.mark.parametrize("name", ["Ada", "Grace"])
def test_raw_sql_cannot_sign_on_behalf_of_somebody_with_a_part(desk: Desk, name: str) -> None:
    approval = edited(desk)
    with pytest.raises(IntegrityError, match="four_eyes"), desk.database.write() as session:
        insert(session, approval, desk.users["Linus"], desk.users[name], desk.users["Ada"])


def test_raw_sql_signs_as_anybody_else(desk: Desk) -> None:
    approval = edited(desk)
    with desk.database.write() as session:
        insert(session, approval, desk.users["Linus"], None, desk.users["Ada"])


@pytest.mark.parametrize("column", ["user_id", "on_behalf_of"])
def test_a_signature_cannot_be_moved_to_somebody_with_a_part(desk: Desk, column: str) -> None:
    approval = edited(desk)
    desk.answer("Linus", approval)
    with pytest.raises(IntegrityError, match="four_eyes"):
        desk.run(f"UPDATE signatures SET {column} = '{desk.users['Grace']}'")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM proposal_authors", "UPDATE proposal_authors SET user_id = 'x'"]
)
def test_the_authors_of_a_proposal_are_only_ever_added(desk: Desk, statement: str) -> None:
    approval = edited(desk)
    with pytest.raises(DBAPIError, match="append-only"):
        desk.run(statement)
    with desk.database.read() as session:
        proposal = session.get_one(Proposal, approval.proposal_id)
        assert contributors(session, proposal) == {desk.users["Ada"], desk.users["Grace"]}


def test_who_has_signed_cannot_become_an_author(desk: Desk) -> None:
    approval = desk.propose("Ada")
    desk.answer("Grace", approval)
    with pytest.raises(IntegrityError, match="four_eyes"), desk.database.write() as session:
        add_author(session, approval.proposal_id, desk.users["Grace"], "edit")


def test_whoever_edited_a_proposal_cannot_resolve_it(desk: Desk) -> None:
    approval = edited(desk)
    with pytest.raises(NotAuthorisedError, match="author of a proposal never resolves it"):
        desk.answer("Grace", approval, at=OPENED + HOUR)
    assert desk.answer("Linus", approval).approval.status == "approved"


def test_recording_an_author_again_changes_nothing(desk: Desk) -> None:
    approval = edited(desk)
    with desk.database.write() as session:
        add_author(session, approval.proposal_id, desk.users["Ada"], "edit")
        proposal = session.get_one(Proposal, approval.proposal_id)
        assert len(contributors(session, proposal)) == 2


def test_bad_input_of_an_author_is_refused(desk: Desk) -> None:
    approval = desk.propose("Ada")
    with desk.database.write() as session:
        with pytest.raises(InvalidInputError, match="no part 'muse'"):
            add_author(session, approval.proposal_id, desk.users["Grace"], "muse")
        with pytest.raises(NotFoundError, match="no proposal"):
            add_author(session, "X", desk.users["Grace"], "edit")
        with pytest.raises(NotFoundError, match="no user"):
            add_author(session, approval.proposal_id, "X", "edit")
