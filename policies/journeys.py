"""Journeys: what starts one for a person, the steps, and what ends it; a version is signed whole before anybody enters.

Each step has an id of its own and names the steps that may follow, so a journey is a graph. Time passes in waits only, and
every way round it has one, so nobody runs in circles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from policies.parts import ManagedKind, ObjectId, Part

MOST_STEPS, MOST_ARMS, LONGEST_WAIT_HOURS = 100, 10, 24 * 366
FieldKind = Literal["integer", "number", "text", "flag", "date"]
_HOUR: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
LocalTime = Annotated[str, Field(pattern=_HOUR)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class EventTrigger(Part):
    """Whoever does something enters."""

    type: Literal["event"] = "event"
    name: ObjectId


class SegmentTrigger(Part):
    """Whoever begins to match a filter over the journey's fields enters; it is looked at once an hour."""

    type: Literal["segment"] = "segment"
    definition: str = Field(min_length=1, max_length=4_000)
    words: str = Field(min_length=1, max_length=300)


class DateTrigger(Part):
    """Whoever has a date `offset_days` from today enters: -7 is a week before it, 30 a month after."""

    type: Literal["date"] = "date"
    field: str = Field(min_length=1, max_length=100)
    offset_days: int = Field(ge=-366, le=366)


Trigger = EventTrigger | SegmentTrigger | DateTrigger


class Words(Part):
    """One message in words, as in a campaign; each text may hold Liquid with a default for what is not known."""

    locale: str = "en"
    subject: str = Field(min_length=1, max_length=120)
    preheader: str = Field(default="", max_length=200)
    heading: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=4_000)
    call_to_action: str = Field(min_length=1, max_length=80)
    link: str = Field(min_length=1, max_length=300)
    footer: str = Field(min_length=1, max_length=1_000)


class Step(Part):
    """What all steps have: an id, and what happens to a person for whom it fails."""

    id: ObjectId
    on_failure: Literal["proceed", "stop"] = "proceed"


class SendStep(Step):
    """Hand a message to the send gate; whoever it drops goes on without the message."""

    type: Literal["send"] = "send"
    channel: Literal["email", "sms", "push", "in_app"]
    words: Words
    cost_minor: int = Field(default=0, ge=0, le=10**9)
    next: ObjectId


class WaitStep(Step):
    """Let `hours` pass."""

    type: Literal["wait"] = "wait"
    hours: int = Field(ge=1, le=LONGEST_WAIT_HOURS)
    next: ObjectId


class WaitUntilStep(Step):
    """Wait for the next time of the person's own day, or of their own week where a weekday is named."""

    type: Literal["wait_until"] = "wait_until"
    at: LocalTime
    weekday: Weekday | None = None
    next: ObjectId


class BranchArm(Part):
    """Where a person goes who matches a filter over the journey's fields."""

    when: str = Field(min_length=1, max_length=4_000)
    to: ObjectId


class BranchStep(Step):
    """The first arm that fits decides; what is not known fits none."""

    type: Literal["branch"] = "branch"
    arms: tuple[BranchArm, ...] = Field(min_length=1, max_length=MOST_ARMS)
    otherwise: ObjectId


class ExperimentArm(Part):
    """One way of an experiment, with its share of the people."""

    name: ObjectId
    share: float = Field(gt=0, le=1)
    to: ObjectId


class ExperimentStep(Step):
    """Part people at random, each the same way for ever; the shares add up to one."""

    type: Literal["experiment"] = "experiment"
    arms: tuple[ExperimentArm, ...] = Field(min_length=2, max_length=MOST_ARMS)


class LimitStep(Step):
    """Let at most `people` through in each period of `hours`; the others wait here, first come first served."""

    type: Literal["limit"] = "limit"
    people: int = Field(ge=1, le=10**9)
    hours: int = Field(ge=1, le=24 * 31)
    next: ObjectId


class ExitStep(Step):
    """The end of a way through the journey."""

    type: Literal["exit"] = "exit"


AnyStep = Annotated[
    SendStep | WaitStep | WaitUntilStep | BranchStep | ExperimentStep | LimitStep | ExitStep,
    Field(discriminator="type"),
]
_PASSES_TIME: Final = (WaitStep, WaitUntilStep)


class JourneyBody(Part):
    """A journey. The first step is where people enter; whoever does the `goal` leaves at once.

    `reentry_days`: None lets nobody in twice, 0 lets people in again as soon as they have left, n so many days after they
    entered. `migration` says what becomes of people inside an earlier version when this one goes live: they `finish`
    under what they entered, or `move` to the step of the same id (and leave where there is none).
    """

    type: Literal[ManagedKind.JOURNEY] = ManagedKind.JOURNEY
    name: str = Field(min_length=1, max_length=200)
    trigger: Annotated[Trigger, Field(discriminator="type")]
    fields: Mapping[str, FieldKind] = Field(default_factory=dict, max_length=50)
    steps: tuple[AnyStep, ...] = Field(min_length=1, max_length=MOST_STEPS)
    goal: ObjectId | None = None
    reentry_days: int | None = Field(default=None, ge=0, le=3_650)
    migration: Literal["finish", "move"] = "finish"
    seed: int = Field(default=1, ge=0, lt=2**53)

    @property
    def first(self) -> str:
        """The step at which people enter."""
        return self.steps[0].id

    def step(self, step_id: str) -> AnyStep | None:
        """Return a step by id, None where this version has none."""
        return next((step for step in self.steps if step.id == step_id), None)

    def messages(self) -> tuple[Words, ...]:
        """The words of every message, in the order of the steps."""
        return tuple(step.words for step in self.steps if isinstance(step, SendStep))

    def filters(self) -> tuple[str, ...]:
        """Every filter by which people are picked: who enters, and who goes which way."""
        trigger = self.trigger
        entrance = (trigger.definition,) if isinstance(trigger, SegmentTrigger) else ()
        arms = (arm.when for step in self.steps if isinstance(step, BranchStep) for arm in step.arms)
        return (*entrance, *arms)

    def inward(self) -> tuple[str, ...]:
        """The ids of the steps so that each comes before those that follow it at once, without a wait between."""
        placed: dict[str, None] = {}

        def place(step_id: str) -> None:
            if step_id in placed:
                return
            step = self.step(step_id)
            assert step is not None
            if not isinstance(step, _PASSES_TIME):
                for target in targets(step):
                    place(target)
            placed[step_id] = None

        for step in reversed(self.steps):
            place(step.id)
        return tuple(reversed(placed))

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have one id; give each its own")
        for step in self.steps:
            for target in targets(step):
                if target not in ids:
                    raise ValueError(f"step {step.id} leads to {target}, which is no step")
        self._require_shares()
        _require_reachable(self)
        _require_waits(self)
        return self

    def _require_shares(self) -> None:
        for step in self.steps:
            if isinstance(step, ExperimentStep):
                total = sum(arm.share for arm in step.arms)
                if abs(total - 1) > 1e-9:
                    raise ValueError(
                        f"the shares of experiment {step.id} add up to {total:g}; they must be 1 together"
                    )
                if len({arm.name for arm in step.arms}) < len(step.arms):
                    raise ValueError(f"two arms of experiment {step.id} have one name")


def targets(step: AnyStep) -> tuple[str, ...]:
    """The ids of the steps that may follow a step."""
    match step:
        case BranchStep():
            return (*(arm.to for arm in step.arms), step.otherwise)
        case ExperimentStep():
            return tuple(arm.to for arm in step.arms)
        case ExitStep():
            return ()
        case _:
            return (step.next,)


def _require_reachable(journey: JourneyBody) -> None:
    seen, ahead = set[str](), [journey.first]
    while ahead:
        step = journey.step(ahead.pop())
        if step is not None and step.id not in seen:
            seen.add(step.id)
            ahead += targets(step)
    lost = [step.id for step in journey.steps if step.id not in seen]
    if lost:
        raise ValueError(f"no way leads to step {lost[0]}; lead one there, or leave it out")


def _require_waits(journey: JourneyBody) -> None:
    """Refuse a way round without a wait: a person on it would be moved for ever at one instant."""

    def circles(step_id: str, behind: tuple[str, ...]) -> Iterator[str]:
        if step_id in behind:
            yield step_id
            return
        step = journey.step(step_id)
        if step is not None and not isinstance(step, _PASSES_TIME) and step_id not in cleared:
            for target in targets(step):
                yield from circles(target, (*behind, step_id))
            cleared.add(step_id)

    cleared: set[str] = set()
    for step in journey.steps:
        for found in circles(step.id, ()):
            raise ValueError(f"step {found} leads back to itself without a wait; put one on the way")
