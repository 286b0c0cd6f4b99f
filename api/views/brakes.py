"""What happens when somebody pulls the brake, and what can no longer be undone: the rollback plan in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.views.numbers import View
from policies.authority.roles import Role
from policies.campaign import TRANSITIONS, CampaignEvent, who_may

WORDS: Final[Mapping[CampaignEvent, str]] = {
    CampaignEvent.REVOKE: "the approval is taken back, nothing is sent and the campaign returns to draft",
    CampaignEvent.EDIT: "the approval is closed with its proposal, and a new proposal has to be signed",
    CampaignEvent.PAUSE: "no further message leaves; what a provider was handed is on its way; due batches wait",
    CampaignEvent.RESUME: "sending goes on where it was; batches whose time has passed go out at once",
    CampaignEvent.STOP: "sending ends for good; people whose turn had not come are not reached, messages no provider "
    "was given are dropped, and what was sent is still measured",
}
UNDONE: Final = (
    "A message that has left cannot be called back. To roll back is to stop: the money still reserved is released, "
    "and the readout covers those who were reached."
)


class BrakeView(View):
    """One thing a person may do: from which states, where it leads, what it does, who may."""

    event: str
    sources: tuple[str, ...]
    leads_to: str
    words: str
    who: tuple[str, ...]
    only_before_first_send: bool


class RollbackView(View):
    """Every brake with its words, and what none of them undoes."""

    brakes: tuple[BrakeView, ...]
    undone: str


def rollback_view() -> RollbackView:
    """Return the brakes as the table of a campaign's life has them."""
    return RollbackView(brakes=tuple(_brake(event) for event in WORDS), undone=UNDONE)


def _brake(event: CampaignEvent) -> BrakeView:
    rules = [rule for rule in TRANSITIONS if rule.event is event]
    targets = {rule.to.value if rule.to else _TARGETS[event] for rule in rules}
    everyone = set(Role) <= {str(name) for name in who_may(event)}
    people = sorted(str(name) for name in who_may(event) if name in set(Role))
    return BrakeView(
        event=event.value,
        sources=tuple(sorted({state.value for rule in rules for state in rule.sources})),
        leads_to=", ".join(sorted(targets)),
        words=WORDS[event],
        who=("anyone with a role",) if everyone else tuple(people),
        only_before_first_send=any(rule.before_first_send for rule in rules),
    )


_TARGETS: Final = {
    CampaignEvent.RESUME: "where it was paused",
    CampaignEvent.STOP: "cancelled before the first send, stopped after it",
}
