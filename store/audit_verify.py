"""Check an audit chain and the rows it tells of: what was altered, removed, added, cut off, rewritten or forged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue
from sqlmodel import Session, col, select

from store.audit_heads import GENESIS, Published
from store.audit_rows import LoggedRows
from store.keys import AuditKeys, SigningKeyError
from store.tables.audit import AuditEntry, AuditHead

_CHUNK = 500
_ALTERED = "altered: its content does not give its hash"
_UNSIGNED = "not signed by this home"


CREATED = "workspace.created"
"""The action of the first entry of every chain."""


class Problem(NamedTuple):
    """Something wrong with entry `sequence`, or with a row of another table that it is the last to tell of (0: none)."""

    sequence: int
    what: str
    table: str = "audit"
    row: str = ""


class AuditVerification(BaseModel):
    """The result: `entries` rows read, `head` the hash of the last one (empty without rows), the problems."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    entries: int
    head: str
    problems: tuple[Problem, ...]


class _End(NamedTuple):
    sequence: int
    hash: str


EntryHash = Callable[[dict[str, JsonValue | datetime]], str]
IsSigned = Callable[[str, str], bool]


def verify_chain(
    session: Session,
    workspace_id: str,
    keys: AuditKeys,
    published: Published | None,
    entry_hash: EntryHash,
    unreadable: str = "",
) -> AuditVerification:
    """Find every place where the stored chain, or a row it tells of, is not the one that was written.

    A workspace is made together with its first entry, so a chain that begins with another was begun anew. `unreadable`
    says why the published heads cannot be read. Without a public key nothing is known of signatures, which is a problem too.
    Signed rows beyond the published head are in order: a crash may come between a commit and the publishing.
    """
    problems: list[Problem] = []
    end = _End(0, GENESIS)
    awaited = _awaited(published)
    entries = 0
    logged = LoggedRows()
    signed, no_key = _checker(keys)
    for sequence, entry in _entries(session, workspace_id):
        entries += 1
        problems.extend(Problem(number, "missing") for number in range(end.sequence + 1, sequence))
        if entry is None:
            problems.append(Problem(sequence, "altered: it can no longer be read"))
            end = _End(sequence, "")
            continue
        wrong = list(_entry_problems(entry, end, signed, entry_hash))
        problems.extend(Problem(sequence, what) for what in wrong)
        if not {_ALTERED, _UNSIGNED} & set(wrong):
            logged.add(entry)
        if sequence in awaited and awaited[sequence] != entry.hash:
            problems.append(Problem(sequence, "rewritten: another hash was published for it"))
        end = _End(sequence, entry.hash)
    problems.extend(_head_problems(session, workspace_id, end))
    if not entries and (published is None or published.head.sequence == 0):
        problems.append(Problem(0, "nothing was ever logged: the log was wiped, or never begun"))
    if no_key:
        problems.append(Problem(end.sequence, no_key))
    if unreadable:
        problems.append(Problem(end.sequence, unreadable))
    else:
        problems.extend(_published_problems(published, signed, end, entries))
    problems.extend(Problem(*each) for each in logged.problems(session, workspace_id))
    unique = tuple(dict.fromkeys(problems))
    return AuditVerification(
        ok=not unique, entries=entries, head=end.hash if entries else "", problems=unique
    )


def _checker(keys: AuditKeys) -> tuple[IsSigned, str]:
    """How signatures are checked, and why they cannot be: a lost key is one finding, not one an entry."""
    try:
        keys.require_public()
    except SigningKeyError as error:
        return (lambda *_: True), error.message
    return keys.is_signed, ""


def _entry_problems(
    entry: AuditEntry, before: _End, signed: IsSigned, entry_hash: EntryHash
) -> Iterator[str]:
    columns: dict[str, Any] = entry.model_dump()  # the columns of one row, of as many types
    try:
        recomputed = entry_hash(columns)
    except ValueError:
        recomputed = ""
    if recomputed != entry.hash:
        yield _ALTERED
    if entry.previous_hash != before.hash:
        yield "the chain is broken: it does not follow the entry before it"
    if entry.sequence == 1 and (entry.action, entry.subject) != (CREATED, entry.workspace_id):
        yield "begun anew: the first entry is not the creation of the workspace"
    if not signed(entry.hash, entry.signature):
        yield _UNSIGNED


def _head_problems(session: Session, workspace_id: str, end: _End) -> Iterator[Problem]:
    head = session.exec(select(AuditHead).where(AuditHead.workspace_id == workspace_id)).first()
    stored = _End(head.sequence, head.hash) if head else _End(0, GENESIS)
    if stored != end:
        yield Problem(
            end.sequence, f"the chain ends at {end.sequence}, but its stored head says {stored.sequence}"
        )


def _published_problems(
    published: Published | None, signed: IsSigned, end: _End, entries: int
) -> Iterator[Problem]:
    if published is None:
        if entries:
            yield Problem(end.sequence, "no head was published: the file outside the database was removed")
        return
    head = published.head
    if not signed(head.hash, head.signature):
        yield Problem(head.sequence, "the published head is not signed by this home")
    if head.sequence > end.sequence:
        yield Problem(head.sequence, f"cut off: published up to {head.sequence}, stored up to {end.sequence}")
    for each in published.breaks:
        yield Problem(each.sequence, f"once broken: {each.what}")


def _awaited(published: Published | None) -> dict[int, str]:
    if published is None or published.head.sequence == 0:
        return {}
    return {published.head.sequence: published.head.hash}


def _entries(session: Session, workspace_id: str) -> Iterator[tuple[int, AuditEntry | None]]:
    """Each row in order; None for one whose columns can no longer be read."""
    numbers: Sequence[int] = session.exec(
        select(AuditEntry.sequence)
        .where(AuditEntry.workspace_id == workspace_id)
        .order_by(col(AuditEntry.sequence))
    ).all()
    for first in range(0, len(numbers), _CHUNK):
        chunk = numbers[first : first + _CHUNK]
        try:
            rows: Sequence[AuditEntry | None] = _read(session, workspace_id, chunk)
        except (ValueError, TypeError):
            rows = [_read_one(session, workspace_id, number) for number in chunk]
        yield from zip(chunk, rows, strict=True)


def _read(session: Session, workspace_id: str, numbers: Sequence[int]) -> Sequence[AuditEntry]:
    query = (
        select(AuditEntry)
        .where(
            AuditEntry.workspace_id == workspace_id, col(AuditEntry.sequence).between(numbers[0], numbers[-1])
        )
        .order_by(col(AuditEntry.sequence))
    )
    return session.exec(query).all()


def _read_one(session: Session, workspace_id: str, number: int) -> AuditEntry | None:
    try:
        return _read(session, workspace_id, [number])[0]
    except (ValueError, TypeError):
        return None
