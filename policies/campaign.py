"""The life of a campaign and of a proposal: which step leads where, and who may take it, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from policies.authority.roles import SYSTEM, Role
from policies.errors import ConflictError


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    CANARY = "canary"
    LIVE = "live"
    PAUSED = "paused"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled_back"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class CampaignEvent(StrEnum):
    """What may happen to a campaign."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    EXPIRE = "expire"
    REVOKE = "revoke"
    EDIT = "edit"
    SCHEDULE = "schedule"
    START_CANARY = "start_canary"
    GO_LIVE = "go_live"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    ROLL_BACK = "roll_back"
    STOP = "stop"


class Transition(NamedTuple):
    """Where an event leads, and whether anything changed."""

    to: CampaignState
    changed: bool


class TransitionRule(NamedTuple):
    """One row of the table: `event` leads from any of `sources` to `to` and may be done by `who`.

    `before_first_send`: only while nothing has been handed to a provider. `to` is None where the target
    depends on the past: resume goes back, stop is cancelled or stopped.
    """

    event: CampaignEvent
    sources: frozenset[CampaignState]
    to: CampaignState | None
    who: frozenset[str]
    before_first_send: bool = False


class TransitionNotAllowedError(ConflictError):
    """The campaign is in a state in which this cannot happen."""

    code = "campaign_transition_not_allowed"


class AlreadySentError(ConflictError):
    """The first message has left, so the approval can no longer be taken back."""

    code = "campaign_already_sent"


class ProposalMoveError(ConflictError):
    """The proposal has been decided in another way."""

    code = "proposal_move_not_allowed"


_State = CampaignState
_Event = CampaignEvent

TERMINAL_STATES: Final = frozenset({_State.COMPLETED, _State.ROLLED_BACK, _State.STOPPED, _State.CANCELLED})
SENDING_STATES: Final = frozenset({_State.CANARY, _State.LIVE})

_MACHINE: Final = frozenset({SYSTEM})
_ANYONE: Final = frozenset(Role) | _MACHINE
_MAKERS: Final = frozenset({Role.MARKETER, Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.ADMIN})
_DECIDERS: Final = frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER})
_SIGNERS: Final = _DECIDERS | {Role.LEGAL}


def _from(*states: CampaignState) -> frozenset[CampaignState]:
    return frozenset(states)


_UNSENT: Final = _from(_State.APPROVED, _State.SCHEDULED, _State.CANARY, _State.LIVE, _State.PAUSED)
_RUNNING: Final = _from(_State.CANARY, _State.LIVE, _State.PAUSED)

TRANSITIONS: Final[tuple[TransitionRule, ...]] = (
    TransitionRule(_Event.SUBMIT, _from(_State.DRAFT), _State.IN_REVIEW, _MAKERS | _MACHINE),
    TransitionRule(_Event.APPROVE, _from(_State.IN_REVIEW), _State.APPROVED, _SIGNERS),
    TransitionRule(_Event.REJECT, _from(_State.IN_REVIEW), _State.DRAFT, _SIGNERS),
    TransitionRule(_Event.REQUEST_CHANGES, _from(_State.IN_REVIEW), _State.DRAFT, _SIGNERS),
    TransitionRule(_Event.EXPIRE, _from(_State.IN_REVIEW), _State.DRAFT, _MACHINE),
    TransitionRule(_Event.EXPIRE, _from(_State.APPROVED, _State.SCHEDULED), _State.DRAFT, _MACHINE, True),
    TransitionRule(_Event.REVOKE, _UNSENT, _State.DRAFT, _SIGNERS, True),
    TransitionRule(_Event.EDIT, _from(_State.DRAFT, _State.IN_REVIEW), _State.DRAFT, _MAKERS),
    TransitionRule(_Event.EDIT, _from(_State.APPROVED, _State.SCHEDULED), _State.DRAFT, _MAKERS, True),
    TransitionRule(_Event.SCHEDULE, _from(_State.APPROVED), _State.SCHEDULED, _MACHINE),
    TransitionRule(_Event.START_CANARY, _from(_State.SCHEDULED), _State.CANARY, _MACHINE),
    TransitionRule(_Event.GO_LIVE, _from(_State.SCHEDULED, _State.CANARY), _State.LIVE, _MACHINE),
    TransitionRule(_Event.PAUSE, _from(_State.SCHEDULED, *SENDING_STATES), _State.PAUSED, _ANYONE),
    TransitionRule(_Event.RESUME, _from(_State.PAUSED), None, _DECIDERS),
    TransitionRule(_Event.COMPLETE, _RUNNING, _State.COMPLETED, _MACHINE),
    TransitionRule(_Event.ROLL_BACK, _RUNNING, _State.ROLLED_BACK, _ANYONE),
    TransitionRule(_Event.STOP, frozenset(_State), None, _ANYONE),
)


def next_state(
    state: CampaignState,
    event: CampaignEvent,
    *,
    sent_any: bool,
    paused_from: CampaignState | None = None,
) -> Transition:
    """Decide where an event leads a campaign; whether the person may do it is decided by `policies.authority`.

    Stop works from every state: before the first send it cancels, after it stops, and on a terminal state it
    changes nothing. Resume goes back to `paused_from`; when that is not known, to the careful side: the
    canary once something was sent, the schedule before. Raises TransitionNotAllowedError listing what may
    happen instead, and AlreadySentError where the first message has left.
    """
    rules = [rule for rule in TRANSITIONS if rule.event is event and state in rule.sources]
    if not rules:
        raise TransitionNotAllowedError(
            f"A campaign that is {state.value} cannot {event.value.replace('_', ' ')}. "
            f"Possible now: {', '.join(sorted(allowed_events(state, sent_any=sent_any)))}.",
            value=event.value,
        )
    rule = rules[0]
    if rule.before_first_send and sent_any:
        raise AlreadySentError(
            f"The campaign is {state.value} and has sent messages, so it cannot {event.value.replace('_', ' ')} "
            "any more. Pause or stop it instead.",
            value=event.value,
        )
    target = rule.to
    if event is _Event.STOP:
        target = _stop_target(state, sent_any)
    elif event is _Event.RESUME:
        target = _resume_target(sent_any, paused_from)
    assert target is not None
    return Transition(target, target is not state)


def _stop_target(state: CampaignState, sent_any: bool) -> CampaignState:
    if state in TERMINAL_STATES:
        return state
    return _State.STOPPED if sent_any else _State.CANCELLED


def _resume_target(sent_any: bool, paused_from: CampaignState | None) -> CampaignState:
    if paused_from is None:
        return _State.CANARY if sent_any else _State.SCHEDULED
    if not any(rule.event is _Event.PAUSE and paused_from in rule.sources for rule in TRANSITIONS):
        raise TransitionNotAllowedError(
            f"A campaign cannot have been paused while {paused_from.value}, so it cannot go back there. "
            "Stop it and start a new one.",
            value=paused_from.value,
        )
    return paused_from


def allowed_events(state: CampaignState, *, sent_any: bool) -> frozenset[CampaignEvent]:
    """The events that may happen to a campaign in this state."""
    return frozenset(
        rule.event
        for rule in TRANSITIONS
        if state in rule.sources and not (rule.before_first_send and sent_any)
    )


def who_may(event: CampaignEvent) -> frozenset[str]:
    """The roles, or "system", that may bring an event about."""
    return frozenset().union(*(rule.who for rule in TRANSITIONS if rule.event is event))


class ProposalStatus(StrEnum):
    """Where a proposal stands; it never goes back."""

    OPEN = "open"
    APPROVED = "approved"
    LAUNCHED = "launched"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    REVOKED = "revoked"
    BLOCKED = "blocked"


class ProposalMove(NamedTuple):
    """Where a proposal now stands, and whether that is new."""

    to: ProposalStatus
    changed: bool


PROPOSAL_MOVES: Final[Mapping[ProposalStatus, frozenset[ProposalStatus]]] = {
    ProposalStatus.OPEN: frozenset(
        {
            ProposalStatus.APPROVED,
            ProposalStatus.REJECTED,
            ProposalStatus.CHANGES_REQUESTED,
            ProposalStatus.SUPERSEDED,
            ProposalStatus.EXPIRED,
            ProposalStatus.REVOKED,
            ProposalStatus.BLOCKED,
        }
    ),
    ProposalStatus.APPROVED: frozenset(
        {ProposalStatus.LAUNCHED, ProposalStatus.SUPERSEDED, ProposalStatus.EXPIRED, ProposalStatus.REVOKED}
    ),
    # Launched, but nothing handed to a provider yet: an approval can be revoked until the first provider call.
    ProposalStatus.LAUNCHED: frozenset({ProposalStatus.REVOKED}),
}


def move_proposal(status: ProposalStatus, to: ProposalStatus, *, sent_any: bool = False) -> ProposalMove:
    """Decide whether a proposal may move to another status; the same status again changes nothing.

    Raises ProposalMoveError listing where it may still go, and AlreadySentError for a revocation after the
    first provider call.
    """
    if status is to:
        return ProposalMove(to, False)
    possible = PROPOSAL_MOVES.get(status, frozenset())
    if to not in possible:
        listed = ", ".join(sorted(possible)) or "nothing; start a new proposal"
        raise ProposalMoveError(
            f"A proposal that is {status.value} cannot become {to.value}. Possible now: {listed}.",
            value=to.value,
        )
    if to is ProposalStatus.REVOKED and sent_any:
        raise AlreadySentError(
            "The first message has left, so the approval cannot be revoked. Pause or stop the campaign instead.",
            value=to.value,
        )
    return ProposalMove(to, True)
