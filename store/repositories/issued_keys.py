"""The keys that sign a user in, and whether whoever issued one has seen it whole."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from policies.errors import NotAuthenticatedError
from store.keys import key_sha256
from store.repositories.workspaces import SignedIn, roles_of
from store.tables import ApiKey, Proposal, User


def issued_alone(session: Session, key: ApiKey) -> bool:
    """Whether one person issued a key and so has seen it whole.

    Not so at set-up, which has no issuer, for the user's own, and for one that two people issued: that bears the id of
    the policy change it came by.
    """
    if key.issued_by is None or key.issued_by == key.user_id:
        return False
    change = session.get(Proposal, key.key_id)
    return change is None or change.kind != "policy_change" or change.status != "launched"


def live_keys(session: Session, user_id: str) -> Sequence[ApiKey]:
    """Every key that signs a user in, the oldest first."""
    query = select(ApiKey).where(ApiKey.user_id == user_id, col(ApiKey.revoked_at).is_(None))
    return session.exec(query.order_by(col(ApiKey.key_id))).all()


def key_by_plain(session: Session, plain_key: str) -> ApiKey:
    """Find a key that is not revoked by its plain text; NotAuthenticatedError otherwise."""
    query = select(ApiKey).where(ApiKey.sha256 == key_sha256(plain_key), col(ApiKey.revoked_at).is_(None))
    found = session.exec(query).first()
    if found is None:
        raise NotAuthenticatedError("this key is unknown or was revoked; ask an admin for a new one")
    return found


def user_by_key_id(session: Session, key_id: str) -> SignedIn:
    """Find who holds a key by its id, for a session begun with it; NotAuthenticatedError once it or its user is out."""
    key = session.get(ApiKey, key_id)
    user = None if key is None or key.revoked_at is not None else session.get(User, key.user_id)
    if user is None or user.disabled_at is not None:
        raise NotAuthenticatedError("this session has ended; sign in again with your key")
    return SignedIn(user, roles_of(session, user.user_id))
