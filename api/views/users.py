"""The users of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from api.views.numbers import View
from store.repositories.issued_keys import live_keys
from store.repositories.workspaces import roles_of, users_of


class UserView(View):
    user_id: str
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    disabled: bool


class KeyLine(View):
    """A key that signs somebody in, by its id; its text is kept nowhere."""

    key_id: str
    user: str
    label: str
    created_at: datetime


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


def key_lines(session: Session, workspace_id: str) -> Sequence[KeyLine]:
    """Return the keys of a workspace that sign somebody in, by user in order of who came first."""
    return [
        KeyLine(key_id=key.key_id, user=user.name, label=key.label, created_at=key.created_at)
        for user in users_of(session, workspace_id)
        if user.disabled_at is None
        for key in live_keys(session, user.user_id)
    ]
