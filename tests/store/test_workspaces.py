from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from policies.authority.roles import Role, RoleUnknownError
from policies.errors import InvalidInputError, NotAuthenticatedError, NotFoundError
from store.database import Database
from store.ids import SeededIds
from store.repositories import workspaces
from store.repositories.workspaces import HeldRole, NameTakenError, UserNotFoundError, WorkspaceNotFoundError

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(any_database: Database, add_workspace: Callable[[Database, str], str]) -> str:
    return add_workspace(any_database, "shop")


@pytest.fixture
def ann(any_database: Database, shop: str, ids: SeededIds) -> str:
    with any_database.write() as session:
        return workspaces.add_user(session, ids=ids, at=AT, workspace_id=shop, name="Ann").user_id


def grant(database: Database, ids: SeededIds, shop: str, user_id: str, role: str, at: datetime) -> str:
    with database.write() as session:
        return workspaces.grant_role(
            session, ids=ids, at=at, workspace_id=shop, user_id=user_id, role=role
        ).grant_id


def issue(database: Database, ids: SeededIds, shop: str, user_id: str) -> workspaces.IssuedKey:
    with database.write() as session:
        return workspaces.issue_key(
            session, ids=ids, at=AT, workspace_id=shop, user_id=user_id, label="laptop"
        )


def test_a_workspace_is_found_by_its_id(any_database: Database, shop: str):
    with any_database.read() as session:
        found = workspaces.get_workspace(session, shop)
        assert [each.workspace_id for each in workspaces.all_workspaces(session)] == [shop]
    assert (found.name, found.currency, found.timezone, found.created_at) == (
        "shop",
        "USD",
        "America/New_York",
        AT,
    )


def test_an_unknown_workspace_is_an_error(any_database: Database):
    with any_database.read() as session, pytest.raises(WorkspaceNotFoundError, match="no workspace X"):
        workspaces.get_workspace(session, "X")


@pytest.mark.usefixtures("shop")
def test_a_workspace_name_is_used_once(any_database: Database, add_workspace: Callable[[Database, str], str]):
    with pytest.raises(NameTakenError, match='"shop" exists already'):
        add_workspace(any_database, "shop")


@pytest.mark.parametrize(
    "wrong",
    [{"currency": "usd"}, {"currency": "US"}, {"timezone": "New York"}, {"name": " "}, {"name": "x" * 201}],
)
def test_a_workspace_with_an_unreadable_setting_is_refused(
    any_database: Database, ids: SeededIds, wrong: dict[str, str]
):
    values = {"name": "shop", "currency": "USD", "timezone": "UTC", **wrong}
    with any_database.write() as session, pytest.raises(InvalidInputError):
        workspaces.create_workspace(session, ids=ids, at=AT, **values)


def test_a_user_name_is_used_once_a_workspace(
    any_database: Database, ids: SeededIds, shop: str, ann: str, add_workspace: Callable[[Database, str], str]
):
    with pytest.raises(NameTakenError), any_database.write() as session:
        workspaces.add_user(session, ids=ids, at=AT, workspace_id=shop, name="Ann")
    other = add_workspace(any_database, "other")
    with any_database.write() as session:
        twin = workspaces.add_user(session, ids=ids, at=AT, workspace_id=other, name="Ann")
    with any_database.read() as session:
        assert workspaces.user_by_name(session, shop, "Ann").user_id == ann
        assert workspaces.user_by_name(session, other, "Ann").user_id == twin.user_id


def test_a_user_of_another_workspace_is_not_found(
    any_database: Database, ids: SeededIds, ann: str, add_workspace: Callable[[Database, str], str]
):
    other = add_workspace(any_database, "other")
    with any_database.read() as session, pytest.raises(UserNotFoundError):
        workspaces.get_user(session, other, ann)
    with pytest.raises(UserNotFoundError):
        grant(any_database, ids, other, ann, "legal", AT)
    with pytest.raises(UserNotFoundError):
        issue(any_database, ids, other, ann)
    with pytest.raises(UserNotFoundError), any_database.write() as session:
        workspaces.add_user(session, ids=ids, at=AT, workspace_id=other, name="Ben", invited_by=ann)


def test_a_role_counts_from_its_grant_to_its_revocation(
    any_database: Database, ids: SeededIds, shop: str, ann: str
):
    grant(any_database, ids, shop, ann, "legal", AT)
    with any_database.write() as session:
        workspaces.revoke_role(session, workspace_id=shop, user_id=ann, role="legal", at=AT + 2 * HOUR)
    held = (HeldRole(Role.LEGAL, AT),)
    with any_database.read() as session:
        at = [workspaces.roles_of(session, ann, AT + step * HOUR) for step in (-1, 0, 1, 2)]
        assert at == [(), held, held, ()]
        assert workspaces.roles_of(session, ann) == ()


def test_granting_twice_keeps_the_first_instant(any_database: Database, ids: SeededIds, shop: str, ann: str):
    first = grant(any_database, ids, shop, ann, "legal", AT)
    assert grant(any_database, ids, shop, ann, "legal", AT + HOUR) == first
    with any_database.read() as session:
        assert workspaces.roles_of(session, ann, AT + HOUR) == (HeldRole(Role.LEGAL, AT),)


def test_a_role_granted_again_after_revocation_has_a_new_instant(
    any_database: Database, ids: SeededIds, shop: str, ann: str
):
    grant(any_database, ids, shop, ann, "admin", AT)
    with any_database.write() as session:
        workspaces.revoke_role(session, workspace_id=shop, user_id=ann, role="admin", at=AT + HOUR)
    grant(any_database, ids, shop, ann, "admin", AT + 2 * HOUR)
    with any_database.read() as session:
        assert workspaces.roles_of(session, ann) == (HeldRole(Role.ADMIN, AT + 2 * HOUR),)


def test_a_role_that_is_not_shipped_is_refused(any_database: Database, ids: SeededIds, shop: str, ann: str):
    with pytest.raises(RoleUnknownError, match="owner"):
        grant(any_database, ids, shop, ann, "owner", AT)


def test_a_role_that_is_not_held_cannot_be_revoked(any_database: Database, shop: str, ann: str):
    with pytest.raises(NotFoundError, match="legal"), any_database.write() as session:
        workspaces.revoke_role(session, workspace_id=shop, user_id=ann, role="legal", at=AT)


def test_a_key_signs_its_user_in_with_the_roles_held(
    any_database: Database, ids: SeededIds, shop: str, ann: str
):
    grant(any_database, ids, shop, ann, "marketer", AT)
    grant(any_database, ids, shop, ann, "campaign_manager", AT + HOUR)
    issued = issue(any_database, ids, shop, ann)
    with any_database.read() as session:
        user, roles = workspaces.user_by_key(session, issued.plain, AT)
        assert user.user_id == ann
        assert [each.role for each in roles] == ["marketer"]
        assert [each.role for each in workspaces.user_by_key(session, issued.plain).roles] == [
            "campaign_manager",
            "marketer",
        ]


def test_the_plain_key_is_stored_nowhere(any_database: Database, ids: SeededIds, shop: str, ann: str):
    issued = issue(any_database, ids, shop, ann)
    with any_database.read() as session:
        row = session.connection().execute(sa.text("SELECT * FROM api_keys")).one()
    assert issued.plain not in str(row)
    assert issued.key.sha256 in str(row)


@pytest.mark.parametrize("plain", ["", "cs_", "cs_" + "a" * 43])
def test_an_unknown_key_signs_nobody_in(
    any_database: Database, ids: SeededIds, shop: str, ann: str, plain: str
):
    issued = issue(any_database, ids, shop, ann)
    with any_database.read() as session:
        for wrong in (plain, issued.plain + " ", issued.plain[:-1], issued.key.sha256):
            with pytest.raises(NotAuthenticatedError):
                workspaces.user_by_key(session, wrong)


def test_a_revoked_key_signs_nobody_in(any_database: Database, ids: SeededIds, shop: str, ann: str):
    issued, other = issue(any_database, ids, shop, ann), issue(any_database, ids, shop, ann)
    with any_database.write() as session:
        workspaces.revoke_key(session, workspace_id=shop, key_id=issued.key.key_id, at=AT)
    with any_database.read() as session:
        with pytest.raises(NotAuthenticatedError):
            workspaces.user_by_key(session, issued.plain)
        assert workspaces.user_by_key(session, other.plain).user.user_id == ann


def test_a_key_of_another_workspace_cannot_be_revoked(
    any_database: Database, ids: SeededIds, shop: str, ann: str, add_workspace: Callable[[Database, str], str]
):
    issued = issue(any_database, ids, shop, ann)
    other = add_workspace(any_database, "other")
    with pytest.raises(NotFoundError), any_database.write() as session:
        workspaces.revoke_key(session, workspace_id=other, key_id=issued.key.key_id, at=AT)


def test_a_disabled_user_is_shut_out(any_database: Database, ids: SeededIds, shop: str, ann: str):
    grant(any_database, ids, shop, ann, "legal", AT)
    issued = issue(any_database, ids, shop, ann)
    with any_database.write() as session:
        workspaces.disable_user(session, workspace_id=shop, user_id=ann, at=AT + HOUR)
    with any_database.read() as session:
        with pytest.raises(NotAuthenticatedError):
            workspaces.user_by_key(session, issued.plain)
        assert workspaces.roles_of(session, ann, AT) == (HeldRole(Role.LEGAL, AT),)
        assert workspaces.roles_of(session, ann, AT + HOUR) == ()
        assert workspaces.roles_of(session, ann) == ()


def test_stopping_and_resuming_say_who_did_it(any_database: Database, shop: str):
    with any_database.write() as session:
        assert workspaces.stop_workspace(session, shop, AT)
        assert not workspaces.stop_workspace(session, shop, AT + HOUR)
        assert workspaces.get_workspace(session, shop).stopped_at == AT
        assert workspaces.resume_workspace(session, shop)
        assert not workspaces.resume_workspace(session, shop)
        assert workspaces.get_workspace(session, shop).stopped_at is None


def test_an_unknown_workspace_cannot_be_stopped(any_database: Database):
    with pytest.raises(WorkspaceNotFoundError), any_database.write() as session:
        workspaces.stop_workspace(session, "X", AT)
