"""What follows once a batch is over: learning from it in order, and ending the launch after the last one.

Both happen in the transaction that ends the batch, so no crash can leave a launch that nothing is due for.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from delivery.choice_file import WrittenChoices, read_choices
from delivery.ports import Ports
from delivery.prior import load_learner, state_content
from delivery.reconcile import require_reconciled
from delivery.schedule import last_instant
from delivery.terms import SYSTEM, Terms, read_terms
from policies.campaign import TERMINAL_STATES, CampaignEvent, CampaignState, next_state
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories.campaigns import move_campaign
from store.tables import Batch
from tools.bandits.rewards import Outcomes, reward_named
from tools.bandits.ridge import RidgeState

FloatArray = NDArray[np.float64]
_BEFORE_LAUNCH = (CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.APPROVED)
"""Where a campaign stands whose approval was revoked under a launch that had sent nothing."""


def settle_launch(session: Session, ports: Ports, launch_id: str, now: datetime) -> None:
    """Learn from every batch that is next in order and, when all are over, end the launch.

    The campaign is completed, the money settled, everybody counted, and the readout due. Raises ReconciliationError when
    the counts do not add up to the audience.
    """
    launch_rows.hold_launch(session, launch_id)
    terms = read_terms(session, launch_id, now)
    if terms.launch.finished_at is not None:
        return
    _learn(session, ports, terms)
    if not launch_rows.all_settled(session, launch_id):
        return
    counted = require_reconciled(session, ports.warehouse, terms)
    spent = send_rows.settle_budget(session, launch_id, at=now, final=True)
    _complete(session, terms, now)
    # no verdict before the declared end, however early the last batch was over
    due = max(now, last_instant(terms.content, terms.workspace.timezone))
    launch_rows.set_launch_state(session, terms.launch, state="finished", finished_at=now, readout_due_at=due)
    ports.audit.append(
        session,
        workspace_id=terms.workspace.workspace_id,
        at=now,
        actor=SYSTEM,
        action="launch.finished",
        subject=launch_id,
        detail={**counted.as_detail(), "spent_minor": spent.confirmed, "budget_minor": spent.amount},
    )


def _learn(session: Session, ports: Ports, terms: Terms) -> None:
    """Fold batches into the bandit's state, in order, up to the first that is not over.

    Rows count whose arm really reached the person and whose outcome was observed, each with weight 1: in a replay the
    logged arm is independent of the one chosen, so the matched rows are a fair sample of (person, arm). Batches that
    were taken back are passed over.
    """
    for batch in launch_rows.batches_of(session, terms.launch.launch_id):
        if batch.number <= terms.launch.learned_until:
            continue
        if batch.state not in ("observed", "cancelled"):
            return
        state = load_learner(session, terms.launch, terms.content).state
        if batch.state == "observed":
            state = _updated(session, ports, terms, batch, state)
        launch_rows.advance_learning(
            session, terms.launch, until=batch.number, bandit_state=state_content(state)
        )


def _updated(session: Session, ports: Ports, terms: Terms, batch: Batch, state: RidgeState) -> RidgeState:
    written = WrittenChoices(str(batch.choices_path), str(batch.choices_sha256))
    rows = read_choices(ports.warehouse, batch.workspace_id, written)
    outcomes = send_rows.outcomes_of(session, batch.batch_id)
    statuses = send_rows.statuses_of(session, batch.batch_id)
    places = [
        place
        for place, choice_id in enumerate(rows.choice_ids)
        if choice_id in outcomes and statuses.get(choice_id, "sent") == "sent"
    ]
    if not places:
        return state
    values = [outcomes[rows.choice_ids[place]] for place in places]
    arms = rows.arm_index[places]
    costs = np.array([terms.cost_minor(arm) for arm in rows.arms], dtype=np.float64)

    def column(name: str) -> FloatArray:
        return np.array([value.get(name, 0) for value in values], dtype=np.float64)

    seen = Outcomes(column("visit"), column("conversion"), column("spend"), costs[arms])
    reward = reward_named(terms.content.bandit.reward_id).of(seen, float(terms.rules.gross_margin))
    index = np.array([state.arms.index(rows.arms[arm]) for arm in arms.tolist()], dtype=np.int64)
    return state.updated(rows.features[places], index, reward)


def _complete(session: Session, terms: Terms, now: datetime) -> None:
    """A campaign that ran is completed; one that was halted before its start is cancelled; others stay as they are."""
    state = CampaignState(terms.campaign.state)
    if state in TERMINAL_STATES or state in _BEFORE_LAUNCH:
        return
    event = CampaignEvent.STOP if state is CampaignState.SCHEDULED else CampaignEvent.COMPLETE
    sent_any = send_rows.sent_any(session, [terms.launch.launch_id])
    following = next_state(state, event, sent_any=sent_any)
    move_campaign(session, terms.campaign.campaign_id, expected=state, to=following.to, at=now)
