"""An approver's answer, and what it must say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from policies.errors import InvalidInputError
from policies.proposal import digest_json, parse
from store.tables import Proposal

Answer = Literal["approve", "approve_limited", "request_changes", "reject"]
YES = ("approve", "approve_limited")
LIMIT_FIELDS = ("first_step_people", "maximum_people", "budget_minor")


class LimitError(InvalidInputError):
    """A limit that is missing, unknown, or higher than what the proposal says."""

    code = "limit"


class LimitRaisedError(LimitError):
    """A limit above what the proposal says: more than was proposed is a proposal of its own."""


@dataclass(frozen=True)
class Resolution:
    """An approver's answer. `limits` are whole numbers by name (`LIMIT_FIELDS`), only with `approve_limited`."""

    answer: Answer
    digest: str
    comment: str = ""
    limits: Mapping[str, int] | None = None

    def answer_digest(self) -> str:
        """Return sha256 over answer, limits and comment: the same person repeating it is no second answer."""
        limits: JsonValue = None if self.limits is None else dict(self.limits)
        return digest_json({"answer": self.answer, "limits": limits, "comment": self.comment})


def says_something(text: str) -> bool:
    """Whether a text has a letter or a digit; blanks, invisible characters and dots say nothing."""
    return any(sign.isalnum() for sign in text)


def require_words(resolution: Resolution, proposal: Proposal) -> None:
    """Raise InvalidInputError for a no without a reason, LimitError for limits that do not only lower the proposal.

    One that would raise it is a LimitRaisedError, which is written down.
    """
    if resolution.answer in ("reject", "request_changes") and not says_something(resolution.comment):
        raise InvalidInputError(f"say why: {resolution.answer} needs a comment", value=resolution.comment)
    if resolution.answer != "approve_limited":
        if resolution.limits:
            raise LimitError(
                f"limits go with approve_limited, not with {resolution.answer}", value=resolution.answer
            )
        return
    if not resolution.limits:
        raise LimitError("approve_limited needs a limit: first_step_people, maximum_people or budget_minor")
    bounds = _bounds(proposal)
    for name, value in resolution.limits.items():
        if name not in bounds:
            raise LimitError(f"there is no limit {name!r}; use {', '.join(LIMIT_FIELDS)}", value=name)
        if not 0 < value <= bounds[name]:
            refused = LimitRaisedError if value > bounds[name] else LimitError
            raise refused(
                f"{name} is {value}; it may only be lowered, from {bounds[name]} to 1 or more", value=value
            )


def _bounds(proposal: Proposal) -> dict[str, int]:
    if proposal.campaign_id is None:
        words = proposal.kind.replace("_", " ")
        raise LimitError(
            f"a proposal of kind {words} has no number to lower; approve it, or ask for changes",
            value=proposal.kind,
        )
    content = parse(proposal.canonical_json)
    people = content.number(content.envelope.maximum_people)
    return {
        "first_step_people": people,
        "maximum_people": people,
        "budget_minor": content.number(content.envelope.budget),
    }
