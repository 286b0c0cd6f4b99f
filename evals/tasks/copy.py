"""A labelled text put to the rule of messages that its label is about."""

from __future__ import annotations

from evals.harness.case import Case
from evals.harness.errors import ScorerError
from evals.tasks.outcome import TaskOutcome
from policies.figures import unsourced_numbers
from policies.privacy import holds_address
from tools.content.creative import UNSUBSCRIBE, Creative, check
from tools.content.wording import wording_problems


async def check_copy(case: Case, seed: int) -> TaskOutcome:  # noqa: ARG001  # nothing here is drawn
    """Say whether the rule that a case names catches its text."""
    rule = str(case.data["rule"])
    return TaskOutcome(output={"rule": rule, "caught": _caught(rule, case.text)})


def _caught(rule: str, text: str) -> bool:
    match rule:
        case "number":
            return bool(unsourced_numbers(text, {}))
        case "link" | "template":
            return bool(wording_problems("body", text) and _refused(body=text))
        case "unsubscribe":
            return _refused(footer=text)
        case "address":
            return holds_address(text) and _refused(body=text)
    raise ScorerError(f"there is no rule of messages called {rule!r}", value=rule)


def _refused(*, body: str = "Hello", footer: str = f"Unsubscribe: {UNSUBSCRIBE}") -> bool:
    creative = Creative(
        arm_id="arm",
        channel="email",
        subject="Hello",
        heading="Hello",
        body=body,
        call_to_action="See it",
        link="https://shop.invalid/x",
        footer=footer,
    )
    return bool(check(creative))
