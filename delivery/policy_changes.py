"""The step that lets an approved policy change, or a managed version, take effect, at most once: what a launch is to
a campaign.

Everything the approval rests on is read again in the transaction that makes the change, so neither a changed row, nor a
repeated job, nor an approval of something else changes who may do what.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, SQLModel, col, select

from delivery.countersigned import require_countersigned
from delivery.journeys.running import start_journey
from delivery.ports import Ports
from delivery.terms import SYSTEM
from policies.authority import Person
from policies.errors import (
    ConflictError,
    CountersignError,
    InvalidInputError,
    NotAuthorisedError,
    NotFoundError,
)
from policies.managed import ManagedVersion, read_version
from policies.policy_change import KIND, PolicyChange, read_change
from policies.rule_digests import rule_digests
from policies.workspace_rules import WorkspaceRules
from store.repositories.approvals import locked_approval
from store.repositories.campaigns import get_proposal, move_proposal
from store.repositories.delegations import held_since
from store.repositories.managed import VersionOvertakenError, go_live, require_version_author
from store.repositories.policy_changes import (
    NothingChangesError,
    UserDisabledError,
    require_possible,
    require_proposer,
)
from store.repositories.policy_effects import Detail, Effect, take_effect
from store.repositories.workspaces import NameTakenError, UserNotFoundError, get_workspace
from store.tables import Approval, AuditEntry, Proposal

APPLIED, REFUSED = "policy_change.applied", "policy_change.refused"


class ChangeRefusedError(ConflictError):
    """An approved policy change does not take effect, because what it rests on does not hold."""

    code = "policy_change_refused"


_FINAL = (
    ChangeRefusedError,
    NotAuthorisedError,
    InvalidInputError,
    NameTakenError,
    UserNotFoundError,
    UserDisabledError,
    NothingChangesError,
    VersionOvertakenError,
)
"""What ends a change for good; anything else (a busy database, a lost race) is tried again by the sweep."""


def apply_change(ports: Ports, approval_id: str) -> bool:
    """Let a policy change or a managed version take effect if its approval holds, and say whether this call did it.

    Whatever does not hold is written into the log once and changes nothing: that is the end of the change, not an error
    to be tried again. NotFoundError for an unknown approval.
    """
    now = ports.clock.now()
    try:
        with ports.database.write(durable=True) as session:
            approval = _locked(session, approval_id)
            proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
            if approval.status != "approved" or proposal.status == "launched":
                return False
            require_countersigned(session, ports.audit, approval, proposal, now, refused=ChangeRefusedError)
            _require_first(session, proposal)
            read = read_change if proposal.kind == KIND else read_version
            content = read(proposal.canonical_json)
            _require_timely(session, proposal, content)
            done = _carry_out(session, ports, proposal, content, now)
            move_proposal(session, proposal.proposal_id, expected="approved", to="launched")
            detail: Detail = {"approval": approval_id, "digest": proposal.digest, **done.detail}
            _log(session, ports, proposal, APPLIED, detail, now, (proposal, *done.rows))
            return True
    except _FINAL as error:
        _refuse(ports, approval_id, error, now)
        return False


def _locked(session: Session, approval_id: str) -> Approval:
    approval = session.get(Approval, approval_id)
    if approval is None:
        raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
    return locked_approval(session, approval.workspace_id, approval_id)


def _carry_out(
    session: Session, ports: Ports, proposal: Proposal, content: PolicyChange | ManagedVersion, now: datetime
) -> Effect:
    if isinstance(content, ManagedVersion):
        go_live(session, proposal, content, now)
        start_journey(session, proposal, content, now)
        named: Detail = {
            "change": content.body.type.value,
            "object": content.object_id,
            "version": content.version,
        }
        return Effect(named)
    done = take_effect(session, ids=ports.ids, proposal=proposal, change=content.change, at=now)
    return done._replace(detail={"change": content.change.type.value, **done.detail})


def _require_first(session: Session, proposal: Proposal) -> None:
    applied = select(AuditEntry.sequence).where(
        AuditEntry.workspace_id == proposal.workspace_id,
        AuditEntry.subject == proposal.proposal_id,
        col(AuditEntry.action) == APPLIED,
    )
    if session.exec(applied).first() is not None:
        raise ChangeRefusedError(
            "this change took effect before, and a change does so once; propose it again",
            value=proposal.proposal_id,
        )


def _require_timely(session: Session, proposal: Proposal, content: PolicyChange | ManagedVersion) -> None:
    """What may have changed since the proposal: the rules, the author's own authority, and what is changed."""
    workspace = get_workspace(session, proposal.workspace_id)
    today = rule_digests(WorkspaceRules.model_validate(workspace.rules))
    changed = [name for name, digest in today.items() if content.rules.get(name) != digest]
    if changed:
        raise ChangeRefusedError(
            f"the rules ({', '.join(changed)}) are not those that the change was judged by; propose it again",
            value=", ".join(changed),
        )
    roles = held_since(session, proposal.author_id, proposal.created_at)
    author = Person(proposal.author_id, roles, proposal.workspace_id)
    if isinstance(content, ManagedVersion):
        require_version_author(author)
        return
    require_proposer(author, content.change)
    require_possible(session, workspace, content.change)


def _refuse(ports: Ports, approval_id: str, error: CountersignError, now: datetime) -> None:
    """Write down why nothing changed; the rows are not told of, so that a changed one is not made good by it."""
    with ports.database.write(durable=True) as session:
        approval = _locked(session, approval_id)
        proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
        # names of people stand in the other errors' words, and not in the log
        reason = error.message if isinstance(error, ChangeRefusedError) else error.code
        detail: Detail = {"approval": approval_id, "code": error.code, "reason": reason}
        query = select(AuditEntry.sequence).where(
            AuditEntry.workspace_id == proposal.workspace_id,
            AuditEntry.subject == proposal.proposal_id,
            col(AuditEntry.action) == REFUSED,
        )
        if session.exec(query).first() is None:
            _log(session, ports, proposal, REFUSED, detail, now)


def _log(
    session: Session,
    ports: Ports,
    proposal: Proposal,
    action: str,
    detail: Detail,
    at: datetime,
    rows: Sequence[SQLModel] = (),
) -> None:
    ports.audit.append(
        session,
        workspace_id=proposal.workspace_id,
        at=at,
        actor=SYSTEM,
        action=action,
        subject=proposal.proposal_id,
        detail=detail,
        rows=rows,
    )
