"""The users of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from api.views.numbers import View
from store.repositories.workspaces import roles_of, users_of


class UserView(View):
    user_id: str
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    disabled: bool


class KeyView(View):
    """A fresh key. `key` is shown once and kept nowhere."""

    key_id: str
    user: str
    label: str
    key: str


def user_views(session: Session, workspace_id: str) -> Sequence[UserView]:
    """Return the users of a workspace with the roles they hold, the oldest first."""
    return [
        UserView(
            user_id=user.user_id,
            name=user.name,
            roles=tuple(held.role.value for held in roles_of(session, user.user_id)),
            created_at=user.created_at,
            disabled=user.disabled_at is not None,
        )
        for user in users_of(session, workspace_id)
    ]
