"""A journey's definition: what is refused, and the order in which people are moved through it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from policies.journeys import (
    BranchArm,
    BranchStep,
    EventTrigger,
    ExitStep,
    ExperimentArm,
    ExperimentStep,
    JourneyBody,
    WaitStep,
)

END = ExitStep(id="end")


def body(*steps: object) -> JourneyBody:
    return JourneyBody(name="j", trigger=EventTrigger(name="signup"), steps=(*steps, END))  # type: ignore[arg-type]


def branch(step: str, to: str, otherwise: str) -> BranchStep:
    return BranchStep(id=step, arms=(BranchArm(when="a = 1", to=to),), otherwise=otherwise)


def test_each_step_comes_before_those_that_follow_without_a_wait() -> None:
    made = body(branch("c", "a", "b"), branch("a", "b", "end"), WaitStep(id="b", hours=1, next="c"))
    order = made.inward()
    assert sorted(order) == ["a", "b", "c", "end"]
    assert order.index("c") < order.index("a") < order.index("b")
    assert order.index("a") < order.index("end")


def test_a_way_round_with_a_wait_is_allowed() -> None:
    assert body(branch("ask", "again", "end"), WaitStep(id="again", hours=1, next="ask")).first == "ask"


def test_a_way_round_without_a_wait_is_refused_wherever_it_stands() -> None:
    with pytest.raises(ValidationError, match="leads back to itself without a wait"):
        body(WaitStep(id="w", hours=1, next="a"), branch("a", "b", "end"), branch("b", "a", "end"))


def test_shares_of_an_experiment_are_one_together() -> None:
    arms = tuple(ExperimentArm(name=name, share=0.4, to="end") for name in ("a", "b"))
    with pytest.raises(ValidationError, match=r"add up to 0\.8"):
        body(ExperimentStep(id="x", arms=arms))
