"""A journey's definition, read once: filters checked against its fields, messages as creatives, who goes where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError
from policies.journeys import (
    BranchStep,
    DateTrigger,
    EventTrigger,
    ExperimentStep,
    JourneyBody,
    SegmentTrigger,
    SendStep,
)
from tools.content.creative import Creative, check
from tools.decisions.fields import Known, Rule, read_rule

Targets = NDArray[np.str_]
_PLACES = 2.0**56


class JourneyError(InvalidInputError):
    """A journey's definition cannot be carried out."""

    code = "journey_invalid"


@dataclass(frozen=True)
class Journey:
    """A definition ready to be carried out: the trigger's filter, and each branch's filters, by step."""

    body: JourneyBody
    entrance: Rule | None
    branches: Mapping[str, tuple[Rule, ...]]

    def enters(self, people: Sequence[Known], today: date) -> NDArray[np.bool_]:
        """Who (n,) fits a segment or date trigger today; nobody for an event trigger."""
        trigger = self.body.trigger
        if isinstance(trigger, SegmentTrigger) and self.entrance is not None:
            return self.entrance.holds(people, today)
        if isinstance(trigger, DateTrigger):
            wanted = (today - timedelta(days=trigger.offset_days)).isoformat()
            return np.array(
                [str(each.value(trigger.field))[:10] == wanted for each in people], dtype=np.bool_
            )
        return np.zeros(len(people), dtype=np.bool_)

    def branch(self, step: BranchStep, people: Sequence[Known], today: date) -> list[str]:
        """The step (n,) to which each person goes: the first arm that fits, else the step named `otherwise`."""
        to = [step.otherwise] * len(people)
        open_ = np.ones(len(people), dtype=np.bool_)
        for arm, rule in zip(step.arms, self.branches[step.id], strict=True):
            fits = rule.holds(people, today) & open_
            for place in np.flatnonzero(fits):
                to[place] = arm.to
            open_ &= ~fits
        return to


def read_journey(journey_id: str, version: int, body: JourneyBody) -> Journey:
    """Check a definition and make it ready; AudienceError for a filter that does not fit the fields, else JourneyError."""
    fields = dict(body.fields)
    entrance = None
    match body.trigger:
        case SegmentTrigger() as segment:
            entrance = read_rule(f"{journey_id}.entrance", version, segment.words, segment.definition, fields)
        case DateTrigger() as dated if fields.get(dated.field) != "date":
            raise JourneyError(
                f"the trigger reads {dated.field}, which the journey's fields do not declare as a date",
                value=dated.field,
            )
        case EventTrigger() | DateTrigger():
            pass
    branches = {
        step.id: tuple(
            read_rule(f"{journey_id}.{step.id}.{number}", version, arm.when, arm.when, fields)
            for number, arm in enumerate(step.arms)
        )
        for step in body.steps
        if isinstance(step, BranchStep)
    }
    for step in body.steps:
        if isinstance(step, SendStep):
            problems = check(creative_of(step))
            if problems:
                raise JourneyError(f"the message of step {problems[0]}", value=step.id)
    return Journey(body, entrance, branches)


def creative_of(step: SendStep) -> Creative:
    """The message of a step as it is approved, kept and rendered."""
    return Creative(arm_id=step.id, channel=step.channel, **step.words.model_dump())


def experiment_arms(step: ExperimentStep, seed: int, person_ids: Sequence[str]) -> list[str]:
    """The arm's name (n,) for each person: the same for ever, by sha256 of seed, step and person."""
    edges = np.cumsum([arm.share for arm in step.arms])[:-1]
    places = [
        int.from_bytes(hashlib.sha256(f"{seed}:{step.id}:{person}".encode()).digest()[:7], "big") / _PLACES
        for person in person_ids
    ]
    return [step.arms[int(place)].name for place in np.searchsorted(edges, places, side="right")]
