from __future__ import annotations

from datetime import timedelta

import pytest

from policies.authority.roles import RoleUnknownError
from policies.errors import NotAuthorisedError, NotFoundError
from store.repositories import workspaces
from store.repositories.delegations import (
    DelegatedDelegationError,
    DelegationEndedError,
    DelegationError,
)
from store.tables import Delegation
from tests.store.approval_desk import DAY, OPENED, Desk


@pytest.mark.promise
def test_a_lent_role_is_not_lent_on(desk: Desk) -> None:
    desk.lend("Grace", "Nils", "campaign_manager")
    with pytest.raises(DelegatedDelegationError, match="was lent to you"):
        desk.lend("Nils", "Ada", "campaign_manager", at=OPENED)


@pytest.mark.promise
@pytest.mark.parametrize(("name", "role"), [("Ada", "campaign_manager"), ("Grace", "legal")])
def test_a_role_that_is_not_held_is_not_lent(desk: Desk, name: str, role: str) -> None:
    with pytest.raises(NotAuthorisedError, match="you do not hold"):
        desk.lend(name, "Nils", role)


@pytest.mark.parametrize("role", ["admin", "marketer"])
def test_a_role_that_signs_no_campaign_is_not_lent(desk: Desk, role: str) -> None:
    with pytest.raises(DelegationError, match="is not lent"):
        desk.lend("Root" if role == "admin" else "Ada", "Nils", role)


def test_an_unknown_role_is_refused(desk: Desk) -> None:
    with pytest.raises(RoleUnknownError, match="emperor"):
        desk.lend("Grace", "Nils", "emperor")


def test_a_role_is_not_lent_to_oneself(desk: Desk) -> None:
    with pytest.raises(DelegationError, match="somebody else"):
        desk.lend("Grace", "Grace", "campaign_manager")


def test_a_role_is_not_lent_to_a_disabled_user(desk: Desk) -> None:
    with desk.database.write() as session:
        workspaces.disable_user(
            session, workspace_id=desk.workspace_id, user_id=desk.users["Nils"], at=OPENED - 2 * DAY
        )
    with pytest.raises(DelegationError, match="disabled"):
        desk.lend("Grace", "Nils", "campaign_manager")


@pytest.mark.parametrize(
    "after", [timedelta(0), timedelta(seconds=-1), timedelta(days=90, seconds=1)], ids=str
)
def test_an_end_that_has_passed_or_lies_too_far_off_is_refused(desk: Desk, after: timedelta) -> None:
    with pytest.raises(DelegationError, match="within 90 days"):
        desk.lend("Grace", "Nils", "campaign_manager", at=OPENED, ends_at=OPENED + after)


def test_an_unknown_delegation_cannot_be_taken_back(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="no delegation"):
        desk.take_back(
            "Grace",
            Delegation(
                delegation_id="X",
                workspace_id="",
                delegator_id="",
                delegate_id="",
                role="",
                granted_at=OPENED,
                ends_at=OPENED,
            ),
            OPENED,
        )


def test_an_ended_delegation_cannot_be_taken_back(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager", ends_at=OPENED)
    with pytest.raises(DelegationEndedError, match="ended at"):
        desk.take_back("Grace", delegation, OPENED)
