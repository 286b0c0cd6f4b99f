"""Choosing for the people of one batch: gate as mask, one draw a person, one Parquet part, then the row moves on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from delivery.choice_file import (
    Chosen,
    Common,
    WrittenChoices,
    discard_choices,
    find_choices,
    read_choices,
    write_choices,
)
from delivery.errors import ChoiceFileError
from delivery.facts import Asked, gate_rules, read_facts
from delivery.order import HOLDOUT, OPTIMISED, RANDOM_CONTROL, Ordered, order_people
from delivery.ports import Ports
from delivery.prior import Learner, load_learner
from delivery.settle import settle_launch
from delivery.terms import NONE_ARM, SYSTEM, Terms, read_terms
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.gate import open_arms
from policies.layers import RULES, Layer
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories.campaigns import move_campaign
from store.repositories.people import snapshot_people
from store.tables import Batch
from tools.bandits.pipeline import Budget, choose
from tools.bandits.pricing import Outlook, price_for_budget
from tools.bandits.projection import ShareBounds
from tools.bandits.registry import make_policy
from tools.bandits.ridge import Posterior

BoolArray = NDArray[np.bool_]
OUTLOOK_PEOPLE = 500
"""How many of the people still to come stand for all of them when the price of money is set."""
_CONTROL_POLICY = "uniform/1"


@dataclass(frozen=True)
class _Crowd:
    """People with their features and the arms that the gate leaves open for them (doing nothing always)."""

    ordered: Ordered
    features: NDArray[np.float64]
    open_arms: BoolArray
    layers: list[str]
    rules: list[str]


@dataclass(frozen=True)
class _Setting:
    """What one batch is chosen with, as of one instant."""

    terms: Terms
    batch: Batch
    everyone: Ordered
    learner: Learner
    posterior: Posterior
    costs: NDArray[np.int64]
    left_minor: int
    now: datetime


def choose_batch(ports: Ports, launch_id: str, number: int, attempt: int) -> None:
    """Choose an arm for everybody of a planned batch, or take the batch back when the launch was stopped.

    Choices that an earlier attempt wrote are adopted, never drawn again. Raises BatchMovedError where another attempt
    has taken the batch over.
    """
    now = ports.clock.now()
    with ports.database.read() as session:
        terms = read_terms(session, launch_id, now)
        batch = launch_rows.get_batch(session, launch_id, number)
        if batch.state != "planned":
            return
        written = _earlier(session, ports, terms, batch)
        if terms.stopped_by is None and not terms.paused and written is None:
            setting = _setting(session, ports, terms, batch, now)
            written = _draw(session, ports, setting)
    if terms.paused and terms.stopped_by is None:
        return
    if not _keep(ports, launch_id, number, attempt, None if terms.stopped_by else written):
        discard_choices(ports.warehouse, batch.workspace_id, batch.batch_id)


def _earlier(session: Session, ports: Ports, terms: Terms, batch: Batch) -> WrittenChoices | None:
    """What an earlier attempt chose for this batch; ChoiceFileError for a file that is about anybody else."""
    written = find_choices(ports.warehouse, batch.workspace_id, batch.batch_id)
    if written is None:
        return None
    mine = _everyone(session, ports, terms).part(batch.first, batch.people)
    rows = read_choices(ports.warehouse, batch.workspace_id, written)
    found = dict(zip(rows.person_ids, rows.groups, strict=True))
    if found != dict(zip(mine.person_ids.tolist(), mine.groups.tolist(), strict=True)):
        raise ChoiceFileError(
            f"the choices {written.path} are not about the people of batch {batch.number}; remove the file",
            value=written.path,
        )
    return written


def _keep(ports: Ports, launch_id: str, number: int, attempt: int, written: WrittenChoices | None) -> bool:
    """Move the batch on to `chosen`, or to `cancelled` when a stop came first; says whether it is chosen."""
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        terms = read_terms(session, launch_id, now)
        batch = launch_rows.get_batch(session, launch_id, number)
        stopped = terms.stopped_by
        if stopped is not None or written is None:
            launch_rows.advance_batch(
                session,
                batch,
                attempt=attempt,
                to="cancelled",
                due_at=None,
                release=True,
                cancelled_by=stopped or "stopped",
            )
            detail: dict[str, str | int] = {
                "batch": number,
                "people": batch.people,
                "by": stopped or "stopped",
            }
            _audit(session, ports, terms, "batch.cancelled", detail, now)
            settle_launch(session, ports, launch_id, now)
            return False
        launch_rows.advance_batch(
            session,
            batch,
            attempt=attempt,
            to="chosen",
            due_at=now,
            release=False,
            choices_path=written.path,
            choices_sha256=written.sha256,
        )
        _go_live(session, terms, number, now)
        _audit(
            session, ports, terms, "batch.chosen", {"batch": number, "choices_sha256": written.sha256}, now
        )
        return True


def _go_live(session: Session, terms: Terms, number: int, now: datetime) -> None:
    """The first batch starts the launch; the campaign is live once its ramp steps are behind it."""
    if terms.launch.started_at is None:
        launch_rows.set_launch_state(session, terms.launch, state="running", started_at=now)
    state = CampaignState(terms.campaign.state)
    event = CampaignEvent.GO_LIVE if number > terms.canaries else CampaignEvent.START_CANARY
    wanted = {CampaignEvent.GO_LIVE: CampaignState.LIVE, CampaignEvent.START_CANARY: CampaignState.CANARY}[
        event
    ]
    if state in (wanted, CampaignState.LIVE, CampaignState.PAUSED):
        return
    following = next_state(state, event, sent_any=False)
    move_campaign(session, terms.campaign.campaign_id, expected=state, to=following.to, at=now)


def _everyone(session: Session, ports: Ports, terms: Terms) -> Ordered:
    """The approved audience in the launch's seeded order."""
    people = snapshot_people(
        session, ports.warehouse, terms.workspace.workspace_id, terms.content.audience.snapshot_sha256
    )
    return order_people(people, terms.content)


def _setting(session: Session, ports: Ports, terms: Terms, batch: Batch, now: datetime) -> _Setting:
    learner = load_learner(session, terms.launch, terms.content)
    spent = send_rows.spent_minor(session, terms.launch.launch_id)
    return _Setting(
        terms=terms,
        batch=batch,
        everyone=_everyone(session, ports, terms),
        learner=learner,
        posterior=learner.state.posterior(),
        costs=np.array([terms.cost_minor(arm) for arm in learner.state.arms], dtype=np.int64),
        left_minor=max(terms.bounds.budget_minor - spent, 0),
        now=now,
    )


def _draw(session: Session, ports: Ports, setting: _Setting) -> WrittenChoices:
    batch, content = setting.batch, setting.terms.content
    mine = setting.everyone.part(batch.first, batch.people)
    crowd = _crowd(session, ports, setting, mine)
    control = crowd.ordered.groups == RANDOM_CONTROL
    drawn_by_chance = _choose(setting, crowd, control, _CONTROL_POLICY, Budget(setting.left_minor))
    left = setting.left_minor - drawn_by_chance.choices.spent_minor
    budget = Budget(left, price=_price(session, ports, setting, left))
    optimised = _choose(setting, crowd, ~control, content.bandit.policy_id, budget)
    common = Common(
        workspace_id=batch.workspace_id,
        launch_id=batch.launch_id,
        batch_id=batch.batch_id,
        campaign_id=setting.terms.campaign.campaign_id,
        approval_id=setting.terms.launch.approval_id,
        proposal_digest=setting.terms.launch.digest,
        rules_digest=setting.terms.rules.digest(),
        features_digest=setting.learner.features.digest,
        chosen_at=setting.now,
    )
    return write_choices(ports.warehouse, common, [optimised, drawn_by_chance])


def _choose(setting: _Setting, crowd: _Crowd, rows: BoolArray, policy_id: str, budget: Budget) -> Chosen:
    """Run the pipeline over some rows of the batch."""
    index = np.flatnonzero(rows)
    choices = choose(
        setting.posterior,
        crowd.features[index],
        crowd.open_arms[index],
        setting.costs,
        make_policy(policy_id),
        _bounds(setting.terms),
        setting.terms.content.number(setting.terms.content.bandit.seed),
        index + setting.batch.first,
        budget,
    )
    layers, rules = [crowd.layers[i] for i in index], [crowd.rules[i] for i in index]
    # the gate left arms open and the money left closed them: the budget is the layer that decided
    short = crowd.open_arms[index].sum(axis=1) > 1
    short &= choices.open_arms.sum(axis=1) == 1
    for place in np.flatnonzero(short).tolist():
        layers[place], rules[place] = Layer.BUDGET.code, "gate.budget_short"
    ordered = crowd.ordered
    return Chosen(
        index, ordered.person_ids[index], ordered.groups[index], layers, rules, crowd.features[index], choices
    )


def _price(session: Session, ports: Ports, setting: _Setting, left: int) -> float:
    """The price of money, in reward per minor unit, at which it lasts for everybody still to come.

    It follows from an even sample of the people the bandit still chooses for, this batch included, and from what the
    random control group is expected to cost after it.
    """
    batch, terms = setting.batch, setting.terms
    rest = setting.everyone.part(batch.first, terms.bounds.people - batch.first)
    places = np.flatnonzero(rest.groups == OPTIMISED)
    if not len(places):
        return 0.0
    picked = places
    if len(places) > OUTLOOK_PEOPLE:
        picked = places[np.linspace(0, len(places) - 1, OUTLOOK_PEOPLE).astype(np.int64)]
    crowd = _crowd(session, ports, setting, Ordered(rest.person_ids[picked], rest.groups[picked]))
    costs = np.broadcast_to(setting.costs, crowd.open_arms.shape).astype(np.int64)
    by_chance = int((rest.groups[batch.people :] == RANDOM_CONTROL).sum() * setting.costs.mean())
    outlook = Outlook(crowd.features, crowd.open_arms, costs, len(places))
    policy = make_policy(terms.content.bandit.policy_id)
    return price_for_budget(
        setting.posterior, policy, _bounds(terms), outlook, max(left - by_chance, 0)
    ).per_minor_unit


def _bounds(terms: Terms) -> ShareBounds:
    return ShareBounds(float(terms.content.text(terms.content.envelope.exploration_share)))


def _crowd(session: Session, ports: Ports, setting: _Setting, ordered: Ordered) -> _Crowd:
    definition, terms = setting.learner.features, setting.terms
    names = [n.name for n in definition.numeric] + list(definition.flags)
    names += [category.name for category in definition.categories]
    columns = ports.features.columns(
        terms.workspace.workspace_id, ordered.person_ids.tolist(), names, setting.now
    )
    mask, layers, rules = _mask(session, setting, ordered)
    return _Crowd(ordered, definition.matrix(columns), mask, layers, rules)


def _mask(session: Session, setting: _Setting, ordered: Ordered) -> tuple[BoolArray, list[str], list[str]]:
    """Which arms the gate leaves open, and its objection to those for whom only doing nothing is left."""
    terms, arms = setting.terms, setting.posterior.arms
    n = len(ordered.person_ids)
    mask = np.zeros((n, len(arms)), dtype=np.bool_)
    mask[:, arms.index(NONE_ARM)] = True
    rule_of = np.full(n, -1)
    rules = gate_rules(terms.rules, terms.workspace.timezone, quiet=False)
    for channel in sorted({terms.arm(arm).channel or "" for arm in arms} - {""}):
        asked = Asked(
            ordered.person_ids.tolist(),
            channel,
            ordered.groups == HOLDOUT,
            np.zeros(n, dtype=np.int64),
            None,
        )
        facts = read_facts(session, terms, asked, setting.now)
        places = [place for place, arm in enumerate(arms) if terms.arm(arm).channel == channel]
        opened = open_arms(facts, rules, setting.now, setting.costs[places])
        mask[:, places] = opened.mask
        rule_of = np.where(rule_of < 0, opened.verdicts.rule, rule_of)
    closed = mask.sum(axis=1) == 1
    named = [RULES[rule] if shut and rule >= 0 else None for rule, shut in zip(rule_of, closed, strict=True)]
    return (
        mask,
        [rule.layer.code if rule else "" for rule in named],
        [rule.rule_id if rule else "" for rule in named],
    )


def _audit(
    session: Session, ports: Ports, terms: Terms, action: str, detail: dict[str, str | int], now: datetime
) -> None:
    ports.audit.append(
        session,
        workspace_id=terms.workspace.workspace_id,
        at=now,
        actor=SYSTEM,
        action=action,
        subject=terms.launch.launch_id,
        detail=detail,
    )
