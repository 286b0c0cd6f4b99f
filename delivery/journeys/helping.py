"""What a person does for somebody who is stuck in a journey."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from delivery.journeys.arriving import arrive
from delivery.journeys.running import journey_terms
from policies.authority import Action, Person, Resource, require_authority
from policies.errors import ConflictError
from policies.journeys import SendStep
from store.audit import AuditLog
from store.repositories import journeys as rows
from store.repositories.journeys import STUCK, Place


class NotStuckError(ConflictError):
    """Only somebody who is stuck needs help."""

    code = "journey_person_not_stuck"


def help_stuck(
    session: Session,
    audit: AuditLog,
    person: Person,
    journey_id: str,
    person_id: str,
    then: Literal["proceed", "leave"],
    at: datetime,
) -> None:
    """Let somebody who is stuck go on with the next step, or leave; their message is never sent again.

    Raises NotAuthorisedError, NotFoundError, and NotStuckError for anybody else.
    """
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, Action.RESUME, resource)
    found = rows.person_in(session, person.workspace_id, journey_id, person_id)
    if found.status != STUCK:
        raise NotStuckError(f"{person_id} is {found.status} in {journey_id}, not stuck", value=found.status)
    terms = journey_terms(session, found.run_id)
    step = terms.body.step(found.step)
    rows.unstick(session, terms.run, person_id, at)
    if then == "proceed" and isinstance(step, SendStep):
        arrive(session, terms, found.step, step.next, at, "resumed", people=[person_id])
    else:
        rows.move_people(
            session, terms.run, found.step, at, [person_id], Place(found.step, at, "left"), "left"
        )
    terms.run.due_at = rows.first_due(session, terms.run.run_id)
    session.add(terms.run)
    audit.append(
        session,
        workspace_id=person.workspace_id,
        at=at,
        actor=person.user_id,
        action="journey.helped",
        subject=terms.run.proposal_id,
        detail={"journey": journey_id, "person": person_id, "step": found.step, "then": then},
    )
