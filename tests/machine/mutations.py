"""The five rules that the machine must miss when they are gone, each patched out wherever the product enforces it.

Every rule stands in more than one layer, so taking one layer away proves nothing: a mutation takes the *rule* away, from
the entrance down to the constraints of the database, and leaves the other four as they are.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

import agents.propose.deciding
import api.http.approvals
import delivery.countersigned
import delivery.launch
import policies.authority.signatures
import tests.machine.recordings
from policies.authority import Resource, Role
from policies.authority import Signature as Given
from policies.authority.signatures import SignatureRequirement
from policies.campaign import CampaignState, next_state
from store.engines import sqlite_engine
from store.repositories import approvals, countersignatures, signing
from store.repositories.approvals import ApprovalClosedError, get_approval
from store.tables import Approval, Campaign, Launch, Proposal, Signature
from tests.machine.entries import Broken
from tests.machine.house import Street

NOBODY = "nobody"
TABLE_OF_LAUNCHES = Launch.__tablename__


@dataclass
class Losing:
    """What was found broken while a rule was gone."""

    found: str | None = None


@dataclass(frozen=True)
class Mutation:
    """How one rule is taken away, from the code and from the tables of each home, which actions rest on it, and whose proposal they are around."""

    code: Callable[[pytest.MonkeyPatch], None]
    actions: frozenset[str]
    tables: Callable[[sqlite3.Connection], None] | None = None
    author: str = "Ada"

    @contextmanager
    def on(self, street: Street, patch: pytest.MonkeyPatch) -> Iterator[Losing]:
        """Take the rule away for a while; `found` is then what the machine found broken."""
        losing = Losing()
        self.code(patch)
        street.tables = self.tables
        try:
            yield losing
        except Broken as broken:
            losing.found = str(broken)
        finally:
            street.tables = None


class _Same(str):
    """A digest that is like any other."""

    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    __hash__ = str.__hash__


def without_digests(patch: pytest.MonkeyPatch) -> None:
    """Nobody compares what was answered for, what is stored and what is launched: resolve, verify_approval, launch."""
    patch.setattr(approvals, "_require_digest", lambda *_: None)
    patch.setattr(agents.propose.deciding, "digest_of", lambda _: _Same())
    patch.setattr(delivery.countersigned, "digest_of", lambda _: _Same())


def without_roles(patch: pytest.MonkeyPatch) -> None:
    """Anybody but an author signs: the Cedar rules, roles at the time of the proposal, signatures that are needed."""

    def allowed(_: Approval, resource: Resource, standing: signing.Standing) -> bool:
        return resource.author_id not in (None, standing.person.user_id)

    patch.setattr(signing, "_is_allowed", allowed)
    patch.setattr(signing, "held_since", lambda *_: frozenset(Role))
    patch.setattr(policies.authority.signatures, "assign_signatures", _assigned(roles=False))


def without_four_eyes(patch: pytest.MonkeyPatch) -> None:
    """An author signs like anybody else: the Cedar rule, the count of signatures, the proof at the launch."""
    allowed = signing._is_allowed

    def whoever(approval: Approval, resource: Resource, standing: signing.Standing) -> bool:
        return allowed(approval, replace(resource, author_id=NOBODY), standing)

    patch.setattr(signing, "_is_allowed", whoever)
    patch.setattr(signing, "contributors", lambda *_: frozenset())
    patch.setattr(countersignatures, "contributors", lambda *_: frozenset())
    patch.setattr(countersignatures, "_logged_parts", lambda *_: frozenset())
    patch.setattr(policies.authority.signatures, "assign_signatures", _assigned(authors=True))
    patch.setattr(tests.machine.recordings, "sqlite_engine", _unchecked_engine)


def without_four_eyes_in_tables(connection: sqlite3.Connection) -> None:
    """The triggers go; the check constraint is ignored by each connection."""
    for event in ("insert", "update"):
        connection.execute(f"DROP TRIGGER signatures_four_eyes_{event}")
    connection.execute("DROP TRIGGER proposal_authors_four_eyes")


def without_conditional_update(patch: pytest.MonkeyPatch) -> None:
    """What is decided is what was read before the transaction: neither its lock nor its compare-and-set holds."""
    before, both = threading.local(), threading.Barrier(2)
    resolve = api.http.approvals._resolve

    def read_first(caller: Any, approval_id: str, given: Any) -> Any:
        with caller.app.database.read() as session:
            before.status = get_approval(session, caller.workspace_id, approval_id).status
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        both.reset()
        return resolve(caller, approval_id, given)

    def require_open(approval: Approval, _: Proposal, __: Campaign | None, ___: datetime) -> None:
        if before.status != "pending":
            raise ApprovalClosedError(f"this approval is already {before.status}", value=before.status)

    patch.setattr(api.http.approvals, "_resolve", read_first)
    patch.setattr(approvals, "_require_open", require_open)
    patch.setattr(approvals, "_settle", _settled_unconditionally)


def without_launch_uniqueness(patch: pytest.MonkeyPatch) -> None:
    """Each call launches: an id of its own, and a proposal that is launched may be launched."""
    move = delivery.launch._move

    def moved(session: Session, campaign: Campaign, proposal: Proposal, now: datetime) -> None:
        if proposal.status != "launched":
            move(session, campaign, proposal, now)

    patch.setattr(
        delivery.launch, "launch_id_of", lambda *_: hashlib.sha256(secrets.token_bytes(8)).hexdigest()
    )
    patch.setattr(delivery.launch, "_move", moved)
    # a launch by another name leaves the log's last word on the proposal where it was
    told = countersignatures._is_as_told

    def as_told(known: Any, table: str, row_id: str, row: Any) -> bool:
        return table == Proposal.__tablename__ or told(known, table, row_id, row)

    patch.setattr(countersignatures, "_is_as_told", as_told)


def without_launch_uniqueness_in_tables(connection: sqlite3.Connection) -> None:
    """The table of launches keeps its columns and its key, and loses its unique constraints."""
    columns = connection.execute(f"PRAGMA table_info({TABLE_OF_LAUNCHES})").fetchall()
    written = ", ".join(f"{name} {kind}" for _, name, kind, *_ in columns if name != "launch_id")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA legacy_alter_table=ON")
    connection.execute(f"CREATE TABLE unbound (launch_id VARCHAR PRIMARY KEY, {written})")
    connection.execute(f"DROP TABLE {TABLE_OF_LAUNCHES}")
    connection.execute(f"ALTER TABLE unbound RENAME TO {TABLE_OF_LAUNCHES}")


def _unchecked_engine(*args: Any, pragmas: Mapping[str, str], **named: Any) -> Any:
    return sqlite_engine(*args, pragmas={**pragmas, "ignore_check_constraints": "ON"}, **named)


def _assigned(*, roles: bool = True, authors: bool = False) -> Callable[..., tuple[Given | None, ...]]:
    """Which signature fills which requirement, with one of the two rules about them left out."""

    def assign(
        required: Sequence[SignatureRequirement], given: Iterable[Given], *, author_id: str
    ) -> tuple[Given | None, ...]:
        counted = [each for each in given if authors or each.user_id != author_id]
        orders = permutations([*counted, *[None] * len(required)], len(required))
        fillings = (
            tuple(
                by if by is not None and (not roles or need.any_of & by.roles) else None
                for need, by in zip(required, order, strict=True)
            )
            for order in orders
        )
        return min(fillings, key=lambda filled: filled.count(None))

    return assign


def _settled_unconditionally(
    session: Session,
    approval: Approval,
    proposal: Proposal,
    campaign: Campaign | None,
    status: str,
    signatures: Sequence[Signature],
    at: datetime,
) -> None:
    limits = approvals._lowest(signatures) or None
    execute = session.connection().execute
    execute(
        sa.update(Approval)
        .where(col(Approval.approval_id) == approval.approval_id)
        .values(status=status, resolved_at=at, limits=limits)
    )
    execute(
        sa.update(Proposal).where(col(Proposal.proposal_id) == proposal.proposal_id).values(status=status)
    )
    if campaign is not None:
        following = next_state(CampaignState.IN_REVIEW, approvals._EVENT_AFTER[status], sent_any=False)
        execute(
            sa.update(Campaign)
            .where(col(Campaign.campaign_id) == campaign.campaign_id)
            .values(state=following.to, changed_at=at)
        )
    for name, value in (("status", status), ("resolved_at", at), ("limits", limits)):
        set_committed_value(approval, name, value)
    set_committed_value(proposal, "status", status)


MUTATIONS: Mapping[str, Mutation] = {
    "digest check": Mutation(
        without_digests, frozenset({"due work", "api: approve", "api: approve_limited"})
    ),
    "role check": Mutation(
        without_roles, frozenset({"due work", "api: approve", "ag-ui: answer", "sdk: answer"})
    ),
    "four eyes": Mutation(
        without_four_eyes,
        frozenset({"due work", "api: countersign", "sdk: countersign"}),
        without_four_eyes_in_tables,
        author="Grace",
    ),
    "conditional update": Mutation(without_conditional_update, frozenset({"due work", "api: two at once"})),
    "launch uniqueness": Mutation(
        without_launch_uniqueness,
        frozenset({"due work", "api: countersign", "replayed launch"}),
        without_launch_uniqueness_in_tables,
    ),
}
