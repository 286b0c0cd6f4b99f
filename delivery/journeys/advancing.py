"""One attempt at what is due in a run: people are moved on in sets until nobody is due any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from delivery.journeys.arriving import arrive, profiles_of
from delivery.journeys.running import JourneyTerms, end_run, journey_terms
from delivery.journeys.sending import send_step
from delivery.ports import Ports
from policies.journeys import (
    BranchStep,
    ExitStep,
    ExperimentStep,
    LimitStep,
    SendStep,
    WaitStep,
    WaitUntilStep,
)
from store.repositories import journeys as rows
from store.repositories.journeys import ENTRANCE, Place
from store.threads import in_thread
from tools.decisions.fields import Known
from tools.journeys.reading import experiment_arms

CHUNK = 5_000
"""People whose next step depends on who they are, in one transaction."""


async def run_journey(ports: Ports, run_id: str, attempt: int) -> None:
    """Move everybody of a run who is due as far as they may go now. Doing it again repeats no effect.

    A paused run, one without a valid approval, or one that another attempt holds stands still.
    """
    now = ports.clock.now()
    more = True
    while more:
        more = False
        for step_id, sends in await in_thread(_due, ports, run_id, attempt, now):
            more = True
            if sends:
                await send_step(ports, run_id, step_id, attempt, now)
            else:
                await in_thread(_advance, ports, run_id, step_id, attempt, now)
    await in_thread(_rest, ports, run_id, attempt)


def _due(ports: Ports, run_id: str, attempt: int, now: datetime) -> list[tuple[str, bool]]:
    """The steps where people are due, those first that lead to others at once, and whether each sends a message."""
    with ports.database.read() as session:
        terms = journey_terms(session, run_id)
        if terms.run.attempt != attempt or terms.paused or not _may_run(terms):
            return []
        order = {step: place for place, step in enumerate((ENTRANCE, *terms.body.inward()))}
        due = sorted(rows.due_steps(session, run_id, now), key=lambda step: order.get(step, len(order)))
        return [(step, isinstance(terms.body.step(step), SendStep)) for step in due]


def _may_run(terms: JourneyTerms) -> bool:
    return terms.approval_valid and terms.workspace.stopped_at is None


def _advance(ports: Ports, run_id: str, step_id: str, attempt: int, now: datetime) -> None:
    """Move one set of people on from a step, in one transaction."""
    with ports.database.write() as session:
        terms = journey_terms(session, run_id)
        if terms.run.attempt != attempt or terms.paused or not _may_run(terms):
            return
        step = terms.body.step(step_id)
        match step:
            case None if step_id == ENTRANCE:
                arrive(session, terms, ENTRANCE, terms.body.first, now, "entered")
            case None:
                rows.move_due(session, terms.run, step_id, now, Place(step_id, now, "stopped"), "step_gone")
            case ExitStep():
                rows.move_due(session, terms.run, step_id, now, Place(step_id, now, "left"), "left")
            case WaitStep() | WaitUntilStep():
                arrive(session, terms, step_id, step.next, now, "waited")
            case LimitStep():
                _limit(session, terms, step, now)
            case BranchStep() | ExperimentStep():
                _part(session, terms, step, now)
            case SendStep():
                raise AssertionError("messages have their own way")


def _limit(session: Session, terms: JourneyTerms, step: LimitStep, now: datetime) -> None:
    """Let the first through that still fit into this period; the others look again when it is over."""
    period = timedelta(hours=step.hours)
    begun = datetime.fromtimestamp(now.timestamp() // period.total_seconds() * period.total_seconds(), UTC)
    left = step.people - rows.passed_since(
        session, terms.run.run_id, step.id, begun - timedelta(microseconds=1)
    )
    if left > 0:
        moved = arrive(
            session, terms, step.id, step.next, now, "let_through", limit=min(left, rows.MOST_AT_ONCE)
        )
        if moved < left or moved == rows.MOST_AT_ONCE:
            return
    waiting = rows.due_at_step(session, terms.run.run_id, step.id, now, CHUNK)
    rows.postpone(session, terms.run.run_id, step.id, {due.person_id: begun + period for due in waiting})


def _part(session: Session, terms: JourneyTerms, step: BranchStep | ExperimentStep, now: datetime) -> None:
    due = [each.person_id for each in rows.due_at_step(session, terms.run.run_id, step.id, now, CHUNK)]
    for (to, outcome), people in _parted(session, terms, step, due, now).items():
        arrive(session, terms, step.id, to, now, outcome, people=people)


def _parted(
    session: Session, terms: JourneyTerms, step: BranchStep | ExperimentStep, due: list[str], now: datetime
) -> dict[tuple[str, str], list[str]]:
    """People by the step they go to, with what their timeline says."""
    found: dict[tuple[str, str], list[str]] = {}
    if isinstance(step, ExperimentStep):
        leads = {arm.name: arm.to for arm in step.arms}
        for person, arm in zip(due, experiment_arms(step, terms.body.seed, due), strict=True):
            found.setdefault((leads[arm], f"arm:{arm}"), []).append(person)
        return found
    known = profiles_of(session, due)
    nobody = Known({}, terms.workspace.timezone, "", {})
    to = terms.journey.branch(step, [known.get(person, nobody) for person in due], now.date())
    for person, target in zip(due, to, strict=True):
        found.setdefault((target, f"to:{target}"), []).append(person)
    return found


def _rest(ports: Ports, run_id: str, attempt: int) -> None:
    """Say when somebody is due again. A version that takes nobody in any more ends with its last person, one whose
    approval does not hold any more at once.
    """
    now = ports.clock.now()
    with ports.database.write() as session:
        terms = journey_terms(session, run_id)
        run = terms.run
        if run.attempt != attempt or run.state not in rows.OPEN_STATES:
            return
        if not terms.approval_valid:
            end_run(session, run, "not_approved", now)
            return
        run.due_at = rows.first_due(session, run_id)
        if run.state == "finishing" and not any(
            status in (rows.ACTIVE, rows.STUCK) for status, _, _ in rows.people_by_step(session, run_id)
        ):
            run.state, run.ended_at = "ended", now
        session.add(run)
