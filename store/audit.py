"""Append to the audit log, inside the transaction of the thing that is logged.

Each entry's hash covers the entry and the hash before it; the hash is signed with a key outside the database,
and the newest head is published to a file after each commit (`store.audit_heads`). Verifying is in
`store.audit_verify`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, SQLModel, select

from policies.errors import ConflictError, CountersignError, InvalidInputError
from policies.privacy import holds_address
from policies.proposal import digest_json
from store.audit_heads import GENESIS, AuditHeadsError, Break, Head, Published, PublishedHeads
from store.audit_verify import AuditVerification, verify_chain
from store.bulk import insert_rows, table_of
from store.clock import aware
from store.database import Database
from store.driver import Prepared
from store.keys import AuditKeys
from store.row_evidence import ROWS, evidence_of
from store.rows import row_object
from store.tables.audit import AuditEntry, AuditHead

_heads = table_of(AuditHead)
_workspace: sa.BindParameter[str] = sa.bindparam("of_workspace")
_LOCKED_HEAD = Prepared(
    sa.select(_heads.c.workspace_id, _heads.c.sequence, _heads.c.hash)
    .where(_heads.c.workspace_id == _workspace)
    .with_for_update()
)
_ADVANCE = Prepared(
    sa.update(_heads)
    .where(
        _heads.c.workspace_id == _workspace,
        _heads.c.sequence == sa.bindparam("last_sequence"),
        _heads.c.hash == sa.bindparam("last_hash"),
    )
    .values(sequence=sa.bindparam("new_sequence"), hash=sa.bindparam("new_hash"))
)
_ADD = Prepared(sa.insert(table_of(AuditEntry)))
_PENDING = "audit_heads_to_publish"
_log = logging.getLogger("countersign.audit")


class AuditError(CountersignError):
    """Root of what the audit log refuses."""

    code = "audit"


class AuditDetailError(AuditError, InvalidInputError):
    """The detail of an entry holds something that may not be logged."""

    code = "audit_detail"


class AuditTransactionError(AuditError):
    """The log was appended to in a savepoint, whose rollback would leave a head that never was."""

    code = "audit_transaction"


class AuditRaceError(AuditError, ConflictError):
    """Another writer advanced the chain at the same moment."""

    code = "audit_race"


def entry_hash(columns: Mapping[str, JsonValue | datetime]) -> str:
    """Hash an entry: sha256 over the RFC 8785 JSON of all columns but `hash` and `signature`, in hexadecimal.

    The time is written in UTC with microseconds, so it reads the same from every database.
    """
    content = {name: value for name, value in columns.items() if name not in ("hash", "signature")}
    at = content["at"]
    if isinstance(at, datetime):
        content["at"] = aware(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return digest_json(content)  # type: ignore[arg-type]  # datetimes are text by now


class _End(NamedTuple):
    """The end of a chain as the database has it."""

    workspace_id: str
    sequence: int
    hash: str


class AuditLog:
    """The audit log of a home, with its keys and published heads in `keys_dir`."""

    def __init__(self, keys_dir: Path) -> None:
        self.keys = AuditKeys(keys_dir)
        self.heads = PublishedHeads(keys_dir)

    def append(
        self,
        session: Session,
        *,
        workspace_id: str,
        at: datetime,
        actor: str,
        action: str,
        subject: str,
        detail: Mapping[str, JsonValue],
        rows: Sequence[SQLModel] = (),
    ) -> AuditEntry:
        """Add one entry in the caller's transaction; its head is published when that commits.

        `rows` are those that the entry opens or moves, as they are now: `verify` holds them to it (`store.row_evidence`).
        `detail` is JSON without floats and without personal text (AuditDetailError); ids stand for people.
        AuditTransactionError in a savepoint; AuditRaceError if the chain moved meanwhile.
        """
        if session.in_nested_transaction():
            raise AuditTransactionError("an audit entry cannot be part of a savepoint; append it outside")
        for text in (actor, action, subject):
            _require_loggable(text, "the entry")
        _require_loggable(dict(detail), "detail")
        if ROWS in detail:
            raise AuditDetailError(
                f"detail names {ROWS}, which the log fills in itself; give the rows", value=ROWS
            )
        told: dict[str, JsonValue] = {ROWS: evidence_of(session, rows)} if rows else {}
        head = self._locked_head(session, workspace_id)
        breaks = self._breaks(session, head)
        columns: dict[str, Any] = {  # the columns of one row, of as many types
            "workspace_id": workspace_id,
            "sequence": head.sequence + 1,
            "at": aware(at),
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": {**detail, **told},
            "previous_hash": head.hash,
        }
        digest = entry_hash(columns)
        columns |= {"hash": digest, "signature": self.keys.sign(digest)}
        _ADD.run(session, **columns)
        entry = row_object(AuditEntry, columns)
        self._advance(session, head, entry)
        self._publish_after_commit(session, entry, breaks)
        return entry

    def verify(self, database: Database, workspace_id: str) -> AuditVerification:
        """Check a workspace's whole chain against its hashes, signatures and published head."""
        published, unreadable = self._published(self.heads.get_anew, workspace_id)
        with database.read() as session:
            return verify_chain(session, workspace_id, self.keys, published, entry_hash, unreadable)

    def _published(
        self, read: Callable[[str], Published | None], workspace_id: str
    ) -> tuple[Published | None, str]:
        """What is published, and why it cannot be read: a damaged file is a finding, never a reason to refuse."""
        try:
            return read(workspace_id), ""
        except AuditHeadsError as error:
            return None, error.message

    def _locked_head(self, session: Session, workspace_id: str) -> _End:
        """The chain's end, held until the transaction ends; a new chain starts at number 0."""
        found = _LOCKED_HEAD.one(session, of_workspace=workspace_id)
        if found is None:
            start = {"workspace_id": workspace_id, "sequence": 0, "hash": GENESIS}
            insert_rows(session, AuditHead, [start], keep=True)
            (found,) = _LOCKED_HEAD.rows(session, of_workspace=workspace_id)
        head = _End(*found)
        if head.sequence == 0 and self._published(self.heads.get, workspace_id) == (None, ""):
            # published before the first row can commit, so that rows without a published head are a finding
            self.heads.publish(
                workspace_id, Head(sequence=0, hash=GENESIS, signature=self.keys.sign(GENESIS))
            )
        return head

    def _breaks(self, session: Session, head: _End) -> tuple[Break, ...]:
        """Whether the database still continues what was published; noted for ever, never a reason to refuse.

        Refusing would let a damaged log keep people from stopping a campaign.
        """
        published, unreadable = self._published(self.heads.get, head.workspace_id)
        if published is None:
            what = unreadable or "the published head had been removed"
            return (Break(sequence=head.sequence, hash=head.hash, what=what),)
        last = published.head
        if last.sequence == 0 or (last.sequence, last.hash) == (head.sequence, head.hash):
            return ()
        row = session.exec(
            select(AuditEntry.hash).where(
                AuditEntry.workspace_id == head.workspace_id, AuditEntry.sequence == last.sequence
            )
        ).first()
        if row == last.hash and head.sequence > last.sequence:
            return ()
        return (
            Break(
                sequence=last.sequence,
                hash=last.hash,
                what=f"entry {last.sequence} was published, but the chain went on from {head.sequence}",
            ),
        )

    def _advance(self, session: Session, head: _End, entry: AuditEntry) -> None:
        asked = {"of_workspace": head.workspace_id, "last_sequence": head.sequence, "last_hash": head.hash}
        moved = _ADVANCE.run(session, **asked, new_sequence=entry.sequence, new_hash=entry.hash)
        if moved != 1:
            raise AuditRaceError(
                f"the audit log of {head.workspace_id} moved meanwhile; try again", value=head.sequence
            )

    def _publish_after_commit(self, session: Session, entry: AuditEntry, breaks: tuple[Break, ...]) -> None:
        pending: _Pending = session.info.setdefault(_PENDING, {})
        known = pending.get((self, entry.workspace_id))
        head = Head(sequence=entry.sequence, hash=entry.hash, signature=entry.signature)
        pending[self, entry.workspace_id] = (head, (() if known is None else known[1]) + breaks)

    def publish(self, workspace_id: str, head: Head, breaks: tuple[Break, ...]) -> None:
        """Publish a committed head; one that cannot be is logged, and the next entry publishes a later one."""
        try:
            self.heads.publish(workspace_id, head, breaks)
        except (OSError, AuditHeadsError):
            _log.exception("the audit head of %s could not be published", workspace_id)


_Pending = dict[tuple[AuditLog, str], tuple[Head, tuple[Break, ...]]]
"""The newest head of each chain that a session has appended to, and the breaks found with it."""


@sa.event.listens_for(Session, "after_commit")
def _publish(session: AnySession) -> None:
    if _PENDING not in session.info or session.in_nested_transaction():
        return
    pending: _Pending = session.info.pop(_PENDING)
    for (log, workspace_id), (head, breaks) in pending.items():
        log.publish(workspace_id, head, breaks)


@sa.event.listens_for(Session, "after_rollback")
def _forget(session: AnySession) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_PENDING, None)


def _require_loggable(value: object, where: str) -> None:
    if isinstance(value, float):
        raise AuditDetailError(
            f"{where} holds the float {value!r}; log whole numbers, or decimals as text", value=value
        )
    if isinstance(value, str) and holds_address(value):
        raise AuditDetailError(f"{where} holds an e-mail address; log the person's id instead")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        raise AuditDetailError(f"{where} holds {value}, beyond 2^53 - 1; log it as text", value=value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise AuditDetailError(f"{where} has the key {key!r}; keys are text", value=key)
            _require_loggable(key, where)
            _require_loggable(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _require_loggable(inner, f"{where}[{number}]")
    elif value is not None and not isinstance(value, str | int):
        raise AuditDetailError(f"{where} holds a {type(value).__name__}; log JSON values only")
