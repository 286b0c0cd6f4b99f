"""Compare the rows that the audit log tells of with those that are stored: altered, removed, or added by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue
from sqlmodel import Session

from policies.proposal import digest_json, digest_of
from store.row_evidence import COVERED, ROWS, Covered, Row, family_digest, stored_rows
from store.tables.audit import AuditEntry


class RowProblem(NamedTuple):
    """Something wrong with a row; `sequence` is the last entry that tells of it, 0 when none does."""

    sequence: int
    what: str
    table: str
    row: str


class _Told(NamedTuple):
    """What an entry says of a family of a row's columns."""

    sequence: int
    family: str
    columns: Sequence[str]
    sha256: str


class _Named(NamedTuple):
    """A row that an entry of an early home names by some of its values, before entries told of whole rows."""

    sequence: int
    values: Mapping[str, object]


class LoggedRows:
    """Gathers, entry by entry, what a chain tells of rows."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, list[_Told]]] = {name: {} for name in COVERED}
        self._named: dict[str, list[_Named]] = {name: [] for name in COVERED}

    def add(self, entry: AuditEntry) -> None:
        """Take in an entry that its hash and signature vouch for."""
        told = entry.detail.get(ROWS)
        if told is None:
            for table, values in _early_names(entry):
                self._named[table].append(_Named(entry.sequence, values))
            return
        for each in told:
            known = self._told[each["table"]].setdefault(each["id"], [])
            fresh = [
                _Told(entry.sequence, family, each[family]["columns"].split(), each[family]["sha256"])
                for family in COVERED[each["table"]].families
                if family in each
            ]
            # state moves on; content never does, or a change would be vouched for by the next entry
            known[:] = [kept for kept in known if kept.family == "content"] + fresh

    def problems(self, session: Session, workspace_id: str) -> Iterator[RowProblem]:
        """Yield what is wrong with the stored rows of a workspace, table by table, in order of id."""
        told_of_people = any(
            self._told[name] for name, covered in COVERED.items() if not covered.from_the_start
        )
        for name, covered in COVERED.items():
            if not covered.from_the_start and not told_of_people:
                continue
            yield from self._of_table(name, covered, stored_rows(session, covered, workspace_id))

    def _of_table(
        self, name: str, covered: Covered, stored: Iterable[tuple[str, Row | None]]
    ) -> Iterator[RowProblem]:
        told, unmet = dict(self._told[name]), list(self._named[name])
        for row_id, row in stored:
            tellings = told.pop(row_id, [])
            last = max((each.sequence for each in tellings), default=0)
            if row is None:
                yield RowProblem(last, "altered: it can no longer be read", name, row_id)
                continue
            met = [named for named in unmet if _matches(named, row)]
            unmet = [named for named in unmet if named not in met]
            if not tellings and not (met and _true_to_itself(name, row)):
                yield RowProblem(0, "added: no entry of the log tells of it", name, row_id)
            broken = {each.family: each for each in reversed(tellings) if not _is(name, row_id, row, each)}
            for each in broken.values():
                what = f"altered: its {each.family} is not what entry {each.sequence} tells"
                yield RowProblem(each.sequence, what, name, row_id)
        for row_id, tellings in told.items():
            last = max(each.sequence for each in tellings)
            yield RowProblem(last, f"removed: entry {last} tells of it", name, row_id)
        for named in unmet:
            row_id = str(named.values.get(covered.key.name, ""))
            what = f"altered or removed: entry {named.sequence} names it otherwise"
            yield RowProblem(named.sequence, what, name, row_id)


def _is(table: str, row_id: str, row: Row, expected: _Told) -> bool:
    try:
        return family_digest(table, row_id, expected.columns, row) == expected.sha256
    except (ValueError, KeyError):
        return False


def _matches(named: _Named, row: Row) -> bool:
    return all(row.get(column) == value for column, value in named.values.items())


def _true_to_itself(table: str, row: Row) -> bool:
    """Whether a row agrees with the digests that it holds itself."""
    try:
        if table == "proposals":
            return digest_of(row["canonical_json"]) == str(row["digest"])
        if table == "signatures":
            given = {"answer": row["answer"], "limits": row["limits"], "comment": row["comment"]}
            return digest_json(given) == str(row["answer_digest"])
    except (ValueError, AttributeError):
        return False
    return True


def _early_names(entry: AuditEntry) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The rows that an entry named before entries told of whole rows, with the values that it gave."""
    detail: Mapping[str, Any] = entry.detail  # JSON of whichever action was logged
    if entry.action == "proposal.frozen":
        same: Mapping[str, JsonValue] = {
            "proposal_id": entry.subject,
            "author_id": entry.actor,
            "digest": detail.get("digest"),
        }
        yield "proposals", {**same, "campaign_id": detail.get("campaign_id")}
        yield "approvals", {**same, "approval_id": detail.get("approval_id")}
    elif entry.action.startswith("approval.") and "answer_digest" in detail:
        yield (
            "signatures",
            {
                "approval_id": entry.subject,
                "user_id": entry.actor,
                "answer": entry.action.removeprefix("approval."),
                **{name: detail.get(name) for name in ("digest", "answer_digest", "role")},
            },
        )
    elif entry.action == "delegation.granted":
        yield (
            "delegations",
            {
                "delegation_id": entry.subject,
                "delegator_id": entry.actor,
                "delegate_id": detail.get("delegate"),
                "role": detail.get("role"),
                "ends_at": datetime.fromisoformat(str(detail.get("ends_at"))),
            },
        )
    elif entry.action == "launch.intended":
        yield (
            "launches",
            {
                "launch_id": entry.subject,
                "approval_id": detail.get("approval"),
                "campaign_id": detail.get("campaign"),
                "digest": detail.get("digest"),
            },
        )
