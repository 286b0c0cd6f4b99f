"""Journeys as people look at them: versions that run, who stands where, and what one person went through."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session

from api.views.numbers import View
from policies.errors import NotFoundError
from policies.managed import read_version
from store.repositories import journeys as rows
from store.repositories.campaigns import get_proposal
from store.tables import JourneyPerson, JourneyRun

LONGEST_PAGE = 1_000


class StepCount(View):
    """How many people of a status stand at a step."""

    status: str
    step: str
    people: int


class RunView(View):
    """One version that people are in, or were. `failure` says what the last attempt broke off with."""

    journey_id: str
    version: int
    state: str
    paused: bool
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    proposal_id: str
    approval_id: str
    digest: str
    failure: str | None
    people: tuple[StepCount, ...]


class JourneyView(View):
    """A journey: its versions, and the definition of the newest."""

    journey_id: str
    runs: tuple[RunView, ...]
    body: dict[str, JsonValue]


class PersonView(View):
    """Where somebody is in a journey."""

    person_id: str
    version_run: str
    status: str
    step: str
    entries: int
    entered_at: datetime
    arrived_at: datetime
    due_at: datetime
    reason: str | None


class MoveView(View):
    """A step that somebody left, when, and what came of it."""

    step: str
    outcome: str
    at: datetime


class TimelineView(View):
    """What somebody went through since they entered last."""

    person: PersonView
    moves: tuple[MoveView, ...]


def run_views(session: Session, workspace_id: str) -> tuple[RunView, ...]:
    """Return every version that ever ran, by journey, the newest first."""
    return tuple(run_view(session, run) for run in rows.runs_of(session, workspace_id))


def run_view(session: Session, run: JourneyRun) -> RunView:
    """Return one version with the people at each step."""
    return RunView(
        **run.model_dump(
            include={
                "journey_id",
                "version",
                "state",
                "started_at",
                "ended_at",
                "due_at",
                "proposal_id",
                "approval_id",
                "digest",
                "failure",
            }
        ),
        paused=run.paused_at is not None,
        people=tuple(
            StepCount(status=status, step=step, people=people)
            for status, step, people in rows.people_by_step(session, run.run_id)
        ),
    )


def journey_view(session: Session, workspace_id: str, journey_id: str) -> JourneyView:
    """Return a journey; NotFoundError where no version of it ever ran."""
    runs = [run for run in rows.runs_of(session, workspace_id) if run.journey_id == journey_id]
    if not runs:
        raise NotFoundError(
            f"no version of a journey {journey_id} ever ran; propose one and have it signed", value=journey_id
        )
    proposal = get_proposal(session, workspace_id, runs[0].proposal_id)
    return JourneyView(
        journey_id=journey_id,
        runs=tuple(run_view(session, run) for run in runs),
        body=read_version(proposal.canonical_json).body.model_dump(mode="json"),
    )


def person_view(person: JourneyPerson) -> PersonView:
    """Return where one person is."""
    return PersonView(
        **person.model_dump(exclude={"workspace_id", "journey_id", "run_id", "entry_id", "moves"}),
        version_run=person.run_id,
    )


def timeline_view(session: Session, workspace_id: str, journey_id: str, person_id: str) -> TimelineView:
    """Return what a person went through; NotFoundError where they never were in the journey."""
    person = rows.person_in(session, workspace_id, journey_id, person_id)
    moves = tuple(
        MoveView(step=move.step, outcome=move.outcome, at=move.at) for move in rows.timeline(session, person)
    )
    return TimelineView(person=person_view(person), moves=moves)
