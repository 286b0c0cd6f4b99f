"""The life of a version of a journey: it starts once when it goes live, and pauses, resumes or ends as a whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from delivery.countersigned import still_countersigned
from policies.authority import Action, Person, Resource, require_authority
from policies.errors import NotFoundError
from policies.journeys import JourneyBody, SendStep
from policies.managed import ManagedVersion, read_version
from policies.workspace_rules import WorkspaceRules
from store.audit import AuditLog
from store.bulk import insert_rows
from store.repositories import journeys as rows
from store.repositories.approvals import approval_of_proposal, get_approval
from store.repositories.campaigns import get_proposal
from store.repositories.workspaces import get_workspace
from store.tables import Creative as CreativeRow
from store.tables import JourneyRun, Proposal, Workspace
from tools.journeys.reading import Journey, creative_of, read_journey


@dataclass(frozen=True)
class JourneyTerms:
    """A run with everything that bounds it, as of one instant."""

    run: JourneyRun
    journey: Journey
    workspace: Workspace
    rules: WorkspaceRules
    approval_valid: bool

    @property
    def body(self) -> JourneyBody:
        """The definition as it was signed."""
        return self.journey.body

    @property
    def source(self) -> str:
        """What its messages name as their source."""
        return source_of(self.run.journey_id)

    @property
    def paused(self) -> bool:
        """Whether somebody has halted it."""
        return self.run.paused_at is not None


def source_of(journey_id: str) -> str:
    """The source of a journey's messages, part of every send key."""
    return f"journey:{journey_id}"


def start_journey(session: Session, proposal: Proposal, content: ManagedVersion, at: datetime) -> None:
    """Start a version that has just gone live, once; the one before finishes or hands its people over, as signed.

    Nothing happens for another kind of object.
    """
    body = content.body
    approval = approval_of_proposal(session, proposal.proposal_id)
    if not isinstance(body, JourneyBody) or approval is None:
        return
    before = rows.open_runs(session, proposal.workspace_id, content.object_id)
    run_id = hashlib.sha256(f"{proposal.digest}\n{content.object_id}".encode()).hexdigest()
    run = JourneyRun(
        run_id=run_id,
        workspace_id=proposal.workspace_id,
        journey_id=content.object_id,
        version=content.version,
        proposal_id=proposal.proposal_id,
        approval_id=approval.approval_id,
        digest=proposal.digest,
        started_at=at,
        entered_until=at,
    )
    session.add(run)
    session.flush()
    creatives = [creative_of(step) for step in body.steps if isinstance(step, SendStep)]
    kept = [
        {
            "workspace_id": proposal.workspace_id,
            "digest": creative.digest(),
            "content": creative.model_dump(mode="json"),
            "created_at": at,
        }
        for creative in creatives
    ]
    insert_rows(session, CreativeRow, kept, keep=True)
    for earlier in before:
        if body.migration == "move":
            rows.carry_over(session, earlier, run, [step.id for step in body.steps], at)
            earlier.state, earlier.ended_at, earlier.due_at = "ended", at, None
        elif earlier.state == "running":
            earlier.state = "finishing"
        session.add(earlier)
    run.due_at = rows.first_due(session, run_id)
    session.add(run)


def journey_terms(session: Session, run_id: str) -> JourneyTerms:
    """Read a run's terms anew; its approval is valid only while every link from it to the content holds."""
    run = rows.get_run(session, run_id)
    proposal = get_proposal(session, run.workspace_id, run.proposal_id)
    approval = get_approval(session, run.workspace_id, run.approval_id)
    workspace = get_workspace(session, run.workspace_id)
    return JourneyTerms(
        run=run,
        journey=_journey(proposal.canonical_json),
        workspace=workspace,
        rules=WorkspaceRules.model_validate(workspace.rules),
        approval_valid=run.state in rows.OPEN_STATES
        and still_countersigned(session, approval, proposal, run.digest),
    )


@lru_cache(maxsize=64)
def _journey(canonical_json: str) -> Journey:
    """Read a definition once, not again at each look at its run; NotFoundError for a version of something else."""
    content = read_version(canonical_json)
    if not isinstance(content.body, JourneyBody):
        raise NotFoundError(f"{content.object_id} is no journey", value=content.object_id)
    return read_journey(content.object_id, content.version, content.body)


def control_journey(
    session: Session, audit: AuditLog, person: Person, journey_id: str, what: Action, at: datetime
) -> list[JourneyRun]:
    """Pause, resume or stop all open runs of a journey; returns them. Everyone with a role may halt it.

    Raises NotAuthorisedError, and NotFoundError where no run of it is open.
    """
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, what, resource)
    found = rows.open_runs(session, person.workspace_id, journey_id)
    if not found:
        raise NotFoundError(f"no version of the journey {journey_id} is running", value=journey_id)
    for run in found:
        match what:
            case Action.PAUSE:
                run.paused_at = run.paused_at or at
            case Action.RESUME:
                run.paused_at = None
            case _:
                end_run(session, run, "stopped", at)
        session.add(run)
    audit.append(
        session,
        workspace_id=person.workspace_id,
        at=at,
        actor=person.user_id,
        action=f"journey.{what.value}",
        subject=found[0].proposal_id,
        detail={"journey": journey_id, "versions": [run.version for run in found]},
    )
    return found


def stop_withdrawn(session: Session, workspace_id: str, journey_id: str, at: datetime) -> None:
    """End every open run of a journey whose live version was withdrawn."""
    for run in rows.open_runs(session, workspace_id, journey_id):
        end_run(session, run, "withdrawn", at)


def end_run(session: Session, run: JourneyRun, reason: str, at: datetime) -> None:
    """End a run for good: everybody in it leaves where they are."""
    rows.end_everybody(session, run, at, reason)
    run.state, run.ended_at, run.due_at = "stopped", at, None
    session.add(run)
