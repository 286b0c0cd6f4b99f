"""Campaign states and proposal statuses, against the table of the design."""

from __future__ import annotations

from itertools import product

import pytest

from policies.authority import SYSTEM, Role
from policies.campaign import (
    PROPOSAL_MOVES,
    TERMINAL_STATES,
    TRANSITIONS,
    AlreadySentError,
    CampaignEvent,
    CampaignState,
    ProposalMoveError,
    ProposalStatus,
    TransitionNotAllowedError,
    allowed_events,
    move_proposal,
    next_state,
    who_may,
)

S = CampaignState
E = CampaignEvent


def walk(*events: CampaignEvent, sent_from: int = 99) -> CampaignState:
    """Follow events from a draft; something has been sent from step `sent_from` on."""
    state = S.DRAFT
    for step, event in enumerate(events):
        state = next_state(state, event, sent_any=step >= sent_from).to
    return state


def test_a_campaign_runs_from_draft_to_completed() -> None:
    path = (E.SUBMIT, E.APPROVE, E.SCHEDULE, E.START_CANARY, E.GO_LIVE, E.COMPLETE)
    assert [walk(*path[: n + 1], sent_from=4).value for n in range(len(path))] == [
        "in_review",
        "approved",
        "scheduled",
        "canary",
        "live",
        "completed",
    ]


@pytest.mark.promise
@pytest.mark.parametrize(("state", "sent_any"), list(product(CampaignState, [False, True])))
def test_stop_works_from_every_state(state: CampaignState, sent_any: bool) -> None:
    after = next_state(state, E.STOP, sent_any=sent_any)
    if state in TERMINAL_STATES:
        assert after == (state, False)
    else:
        assert after == (S.STOPPED if sent_any else S.CANCELLED, True)


@pytest.mark.promise
def test_nothing_reaches_a_sending_state_without_passing_approved() -> None:
    def reachable(avoid: CampaignState) -> set[CampaignState]:
        seen, fresh = {S.DRAFT}, [S.DRAFT]
        while fresh:
            state = fresh.pop()
            for event, sent, paused in product(E, [False, True], [None, S.SCHEDULED, S.CANARY, S.LIVE]):
                if event not in allowed_events(state, sent_any=sent):
                    continue
                to = next_state(state, event, sent_any=sent, paused_from=paused).to
                if to not in seen and to is not avoid:
                    seen.add(to)
                    fresh.append(to)
        return seen

    assert reachable(avoid=S.APPROVED) == {S.DRAFT, S.IN_REVIEW, S.CANCELLED, S.STOPPED}
    assert reachable(avoid=S.CANCELLED) == set(S) - {S.CANCELLED}


@pytest.mark.parametrize("event", [E.REJECT, E.REQUEST_CHANGES, E.EXPIRE, E.EDIT])
def test_any_answer_but_yes_leads_back_to_draft(event: CampaignEvent) -> None:
    assert next_state(S.IN_REVIEW, event, sent_any=False) == (S.DRAFT, True)


@pytest.mark.promise
@pytest.mark.parametrize("state", [S.APPROVED, S.SCHEDULED, S.CANARY, S.LIVE, S.PAUSED])
def test_an_approval_can_be_revoked_until_the_first_provider_call(state: CampaignState) -> None:
    assert next_state(state, E.REVOKE, sent_any=False) == (S.DRAFT, True)
    with pytest.raises(AlreadySentError, match="Pause or stop"):
        next_state(state, E.REVOKE, sent_any=True)


def test_an_edit_after_approval_takes_the_campaign_back_to_draft() -> None:
    assert walk(E.SUBMIT, E.APPROVE, E.SCHEDULE, E.EDIT) is S.DRAFT


@pytest.mark.parametrize("state", [S.SCHEDULED, S.CANARY, S.LIVE])
def test_resume_goes_back_to_where_the_pause_began(state: CampaignState) -> None:
    assert next_state(state, E.PAUSE, sent_any=True).to is S.PAUSED
    assert next_state(S.PAUSED, E.RESUME, sent_any=True, paused_from=state).to is state


def test_resume_without_a_memory_goes_back_to_the_careful_side() -> None:
    assert next_state(S.PAUSED, E.RESUME, sent_any=True).to is S.CANARY
    assert next_state(S.PAUSED, E.RESUME, sent_any=False).to is S.SCHEDULED


@pytest.mark.parametrize("state", sorted(TERMINAL_STATES))
def test_nothing_but_stop_is_possible_at_the_end(state: CampaignState) -> None:
    assert allowed_events(state, sent_any=False) == {E.STOP}
    with pytest.raises(TransitionNotAllowedError):
        next_state(state, E.RESUME, sent_any=False)


def test_allowed_events_are_exactly_those_that_do_not_raise() -> None:
    for state, event, sent in product(S, E, [False, True]):
        if event in allowed_events(state, sent_any=sent):
            assert next_state(state, event, sent_any=sent).to in S
        else:
            with pytest.raises((TransitionNotAllowedError, AlreadySentError)):
                next_state(state, event, sent_any=sent)


def test_each_event_has_at_most_one_row_for_a_state() -> None:
    rows = [(rule.event, state) for rule in TRANSITIONS for state in rule.sources]
    assert len(rows) == len(set(rows))


def test_halting_is_for_everyone_and_approving_never_for_the_system() -> None:
    for event in (E.PAUSE, E.STOP, E.ROLL_BACK):
        assert who_may(event) == set(Role) | {SYSTEM}
    assert SYSTEM not in who_may(E.APPROVE) | who_may(E.RESUME)
    assert who_may(E.SCHEDULE) == who_may(E.GO_LIVE) == {SYSTEM}


def test_a_proposal_is_approved_and_launched() -> None:
    assert move_proposal(ProposalStatus.OPEN, ProposalStatus.APPROVED) == (ProposalStatus.APPROVED, True)
    assert move_proposal(ProposalStatus.APPROVED, ProposalStatus.LAUNCHED).changed


@pytest.mark.promise
def test_only_an_approved_proposal_is_ever_launched() -> None:
    assert [status for status, to in PROPOSAL_MOVES.items() if ProposalStatus.LAUNCHED in to] == ["approved"]


def test_the_same_proposal_status_again_changes_nothing() -> None:
    for status in ProposalStatus:
        assert move_proposal(status, status) == (status, False)


@pytest.mark.parametrize(
    "status", ["rejected", "changes_requested", "superseded", "expired", "revoked", "blocked"]
)
def test_a_decided_proposal_never_comes_back(status: str) -> None:
    for to in set(ProposalStatus) - {ProposalStatus(status)}:
        with pytest.raises(ProposalMoveError, match="start a new proposal"):
            move_proposal(ProposalStatus(status), to)


def test_a_proposal_is_revoked_only_before_the_first_provider_call() -> None:
    assert move_proposal(ProposalStatus.LAUNCHED, ProposalStatus.REVOKED).changed
    with pytest.raises(AlreadySentError):
        move_proposal(ProposalStatus.LAUNCHED, ProposalStatus.REVOKED, sent_any=True)
