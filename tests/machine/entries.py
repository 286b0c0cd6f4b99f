"""What the machine's book is made of: proposals, approvals, answers and loans as they were when they were seen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

SIGNERS = frozenset({"campaign_manager", "marketing_leader"})
KEEPERS = SIGNERS | {"legal", "admin"}
"""Who may sign a campaign, and who a policy change."""
ENDS = {
    "pending": frozenset({"approved", "rejected", "changes_requested", "expired", "superseded", "revoked"}),
    "approved": frozenset({"superseded", "revoked"}),
}
BEFORE = -1


class Broken(AssertionError):
    """Something that must never happen did."""


@dataclass(frozen=True)
class Frozen:
    """A proposal as it was when it was first seen: its own digest, and everybody with a part in it.

    A policy change is about no campaign.
    """

    proposal_id: str
    campaign_id: str | None
    digest: str
    content: str
    authors: frozenset[str]
    step: int


@dataclass
class Asked:
    """An approval as it was when it was first seen; `closed` is the step in which something other than a yes ended it."""

    approval_id: str
    thread_id: str
    frozen: Frozen
    opened_at: datetime
    expires_at: datetime
    status: str = "pending"
    closed: int | None = None


@dataclass(frozen=True)
class Answer:
    """An answer that its person was told had been taken: for which content, as they saw it, and when."""

    step: int
    at: datetime
    user: str
    approval_id: str
    answer: str
    digest: str
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lent:
    """A role that was lent, from a step on."""

    lender: str
    delegate: str
    role: str
    step: int


def require(holds: bool, otherwise: str) -> None:
    """Broken, with what is wrong, unless it holds."""
    if not holds:
        raise Broken(otherwise)


def digest_of(content: str) -> str:
    """SHA-256 of the content as it is stored, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def instant(text: str) -> datetime:
    """A time as SQLite holds it."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
