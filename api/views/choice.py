"""A logged choice explained: what could be chosen, how likely each was, what was excluded and why, and its replay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from sqlmodel import Session, select

from api.records.catalogue import actions_of
from api.records.choices import Logged
from api.report.wording import arm_words
from api.views.numbers import View
from delivery.choice_file import find_choices
from delivery.terms import NONE_ARM
from policies.errors import NotFoundError
from policies.figures import money
from policies.layers import RULE_INDEX, RULES, Layer
from policies.proposal import Content, parse
from store.repositories.agent_work import draft_by_digest
from store.repositories.campaigns import get_proposal
from store.repositories.launches import batches_of, get_launch
from store.repositories.workspaces import get_workspace
from store.tables import Batch, Outcome, Send
from store.warehouse import Warehouse
from tools.bandits.draw import replay, uniforms
from tools.bandits.features import FeatureDefinition
from tools.bandits.prior import PRIOR_KIND

_BUDGET_RULE = "gate.budget_short"


class ExclusionView(View):
    """Why an arm could not be drawn. `rule` is empty where the gate closed some arms and kept no rule for them."""

    layer: str
    rule: str
    words: str


class ChoiceArmView(View):
    """One arm: its probability after all guardrails, its expected reward, and why it was closed if it was."""

    arm: str
    name: str
    channel: str | None
    probability: float
    expected_reward: float
    after_price: float
    cost: str
    chosen: bool
    excluded: ExclusionView | None


class ReplayView(View):
    """The draw made again from the log alone. Numbers are shown as the exact 64-bit values (hexadecimal floats).

    `file_is_whole`: the file that the choice stands in has the sha256 that its batch was written with.
    """

    seed: int
    stream: int
    position: int
    logged_u: str
    again_u: str
    logged_arm: str
    again_arm: str
    file_sha256: str
    file_is_whole: bool
    matches: bool


class SendView(View):
    """What became of the message: its status, and the gate's decision before the provider where there was one."""

    status: str
    channel: str
    layer: str | None
    rule: str | None
    words: str
    cost: str
    sent_at: datetime | None
    due_at: datetime | None


class OutcomeView(View):
    """What followed; a name that is absent was not observed."""

    name: str
    value: int
    unit: str
    source: str
    observed_at: datetime


class ChoiceView(View):
    """Why one person got what they got. `place` counts in the launch's seeded order of `places` people, from 1."""

    choice_id: str
    campaign_id: str
    person_id: str
    group: str
    arm: str
    name: str
    chosen_at: datetime
    batch: int
    batches: int
    slot_at: datetime
    place: int
    places: int
    decided_by: ExclusionView | None
    arms: tuple[ChoiceArmView, ...]
    policy_id: str
    policy_parameters: str
    bounds: str
    price: float
    price_binds: bool
    left_before: str | None
    features: dict[str, float]
    versions: dict[str, str]
    replay: ReplayView
    send: SendView | None
    outcomes: tuple[OutcomeView, ...]


def choice_view(session: Session, warehouse: Warehouse, workspace_id: str, row: Logged) -> ChoiceView:
    """Explain one logged choice, and draw it again; NotFoundError where its launch or batch is gone."""
    launch = get_launch(session, row["launch_id"])
    content = parse(get_proposal(session, workspace_id, launch.proposal_id).canonical_json)
    batches = batches_of(session, launch.launch_id)
    batch = next((each for each in batches if each.batch_id == row["batch_id"]), None)
    if batch is None:
        raise NotFoundError(f"the batch of choice {row['choice_id']} is not kept", value=row["choice_id"])
    names = {action.action_id: action.name for action in actions_of(session, workspace_id)}
    currency = get_workspace(session, workspace_id).currency
    left = int(row["left_before_minor"])
    return ChoiceView(
        choice_id=row["choice_id"],
        campaign_id=row["campaign_id"],
        person_id=row["person_id"],
        group=row["group"],
        arm=row["arm"],
        name=arm_words(row["arm"], names),
        chosen_at=row["chosen_at"],
        batch=batch.number,
        batches=len(batches),
        slot_at=batch.slot_at,
        place=int(row["counter"]) + 1,
        places=sum(each.people for each in batches),
        decided_by=_exclusion(row["layer"], row["rule"]),
        arms=_arms(row, content, names, currency),
        policy_id=row["policy_id"],
        policy_parameters=row["policy_parameters"],
        bounds=row["bounds"],
        price=float(row["price"]),
        price_binds=bool(row["price_binds"]),
        left_before=None if left < 0 else money(left, currency),
        features=_features(session, workspace_id, content, row["features"]),
        versions={
            "proposal": row["proposal_digest"],
            "rules": row["rules_digest"],
            "features": row["features_digest"],
            "model_state": row["state_digest"],
            "approval": row["approval_id"],
        },
        replay=replayed(row, _written(warehouse, workspace_id, batch)),
        send=_send(session, row["choice_id"], currency),
        outcomes=_outcomes(session, row["choice_id"]),
    )


def replayed(row: Logged, written: tuple[str, bool]) -> ReplayView:
    """Draw a logged choice again: u from seed, stream and position, the arm from p and u; both must agree bit for bit."""
    seed, stream, position = int(row["seed"]), int(row["stream"]), int(row["counter"])
    again = float(uniforms(seed, np.array([position]), stream)[0])
    index = int(replay(np.array([row["p"]], dtype=np.float64), np.array([again]))[0])
    logged = float(row["u"])
    sha256, whole = written
    return ReplayView(
        seed=seed,
        stream=stream,
        position=position,
        logged_u=logged.hex(),
        again_u=again.hex(),
        logged_arm=row["arm"],
        again_arm=row["arms"][index],
        file_sha256=sha256,
        file_is_whole=whole,
        matches=whole and again == logged and index == int(row["arm_index"]),
    )


def _written(warehouse: Warehouse, workspace_id: str, batch: Batch) -> tuple[str, bool]:
    """The sha256 that a batch's choices were written under, and whether their file still has it."""
    found = find_choices(warehouse, workspace_id, batch.batch_id)
    kept = batch.choices_sha256 or ""
    return kept, found is not None and found.sha256 == kept


def _arms(
    row: Logged, content: Content, names: Mapping[str, str], currency: str
) -> tuple[ChoiceArmView, ...]:
    channels = {arm.id: arm.channel for arm in content.arms}
    decided = _exclusion(row["layer"], row["rule"])
    made = []
    for k, arm in enumerate(row["arms"]):
        made.append(
            ChoiceArmView(
                arm=arm,
                name=arm_words(arm, dict(names)),
                channel=channels.get(arm),
                probability=float(row["p"][k]),
                expected_reward=float(row["scores"][k]),
                after_price=float(row["adjusted_scores"][k]),
                cost=money(int(row["costs_minor"][k]), currency),
                chosen=k == int(row["arm_index"]),
                excluded=_closed(row, k, decided),
            )
        )
    return tuple(made)


def _closed(row: Logged, k: int, decided: ExclusionView | None) -> ExclusionView | None:
    """Why arm k was closed: by the gate as it was asked before the choice, or because the money left was too little."""
    if row["arms"][k] == NONE_ARM or row["mask"][k]:
        return None
    if row["eligible"][k]:
        return _exclusion(Layer.BUDGET.code, _BUDGET_RULE)
    if decided is not None:
        return decided
    return ExclusionView(
        layer="", rule="", words="the gate closed it; its rule is kept where it closes all arms"
    )


def _exclusion(layer: str, rule: str) -> ExclusionView | None:
    if not layer:
        return None
    known = RULE_INDEX.get(rule)
    return ExclusionView(layer=layer, rule=rule, words="" if known is None else RULES[known].words)


def _features(session: Session, workspace_id: str, content: Content, values: list[float]) -> dict[str, float]:
    """The numbers that were scored, by name; numbered where their definition is not kept any more."""
    try:
        draft = draft_by_digest(session, workspace_id, PRIOR_KIND, content.bandit.prior_digest)
    except NotFoundError:
        return {str(k): float(value) for k, value in enumerate(values)}
    definition: dict[str, Any] = draft.content["features"]  # as tools/bandits/features.py reads it
    return dict(
        zip(FeatureDefinition.from_json(json.dumps(definition)).names, map(float, values), strict=True)
    )


def _send(session: Session, choice_id: str, currency: str) -> SendView | None:
    row = session.exec(select(Send).where(Send.choice_id == choice_id)).first()
    if row is None:
        return None
    known = RULE_INDEX.get(row.rule or "")
    return SendView(
        status=row.status,
        channel=row.channel,
        layer=row.layer,
        rule=row.rule,
        words="" if known is None else RULES[known].words,
        cost=money(row.cost_minor, currency),
        sent_at=row.sent_at,
        due_at=row.due_at,
    )


def _outcomes(session: Session, choice_id: str) -> tuple[OutcomeView, ...]:
    rows = session.exec(select(Outcome).where(Outcome.choice_id == choice_id).order_by(Outcome.name))
    return tuple(
        OutcomeView(
            name=row.name, value=row.value, unit=row.unit, source=row.source, observed_at=row.observed_at
        )
        for row in rows
    )
