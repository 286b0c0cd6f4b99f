"""A whole campaign in a small world: choices, sends, outcomes, learning, and everybody accounted for."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from delivery.reconcile import reconcile
from policies.proposal import parse
from store.repositories.agent_work import draft_by_digest
from store.tables import Proposal, Reservation
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import (
    bandit_state,
    drive,
    the_batches,
    the_campaign,
    the_choices,
    the_launch,
    the_outcomes,
    the_sends,
)
from tests.delivery.small_plan import COST, FEATURES, PEOPLE, USUAL, Plan
from tests.delivery.small_world import World, reopen
from tools.bandits.draw import replay, uniforms
from tools.bandits.ridge import RidgeState


@pytest.fixture(scope="module")
def finished(
    world_templates: Callable[[Plan, bool], tuple[Path, World]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One campaign run to its end; tests only look at it."""
    source, world = world_templates(USUAL, True)
    path = tmp_path_factory.mktemp("finished")
    shutil.copytree(source / "home", path / "home")
    world = reopen(path, world)
    drive(world)
    yield world
    world.ports.database.close()
    world.ports.warehouse.close()


@pytest.mark.promise
def test_everybody_is_accounted_for_and_reached_once(finished: World) -> None:
    counted = reconcile(finished.ports, the_launch(finished).launch_id)
    calls = finished.provider.calls()
    assert counted.accounted == counted.net == PEOPLE
    assert counted.sent == len(calls) == len([s for s in the_sends(finished) if s.status == "sent"]) > 50
    assert set(calls.values()) == {1}
    assert counted.pending == counted.unknown == counted.failed == 0
    assert counted.held_out == 20
    assert the_campaign(finished).state == "completed"
    assert [batch.state for batch in the_batches(finished)] == ["observed"] * 4
    assert finished.ports.audit.verify(finished.ports.database, finished.workspace_id).ok


def test_money_is_never_overspent_and_the_rest_is_given_back(finished: World) -> None:
    spent = COST * len(finished.provider.calls())
    with finished.ports.database.read() as session:
        reservation = session.exec(sa.select(Reservation)).scalar_one()
    assert reservation.status == "confirmed"
    assert reservation.confirmed == spent <= reservation.amount == 2000


@pytest.mark.promise
def test_a_choice_replays_bit_for_bit_from_its_row(finished: World) -> None:
    rows = the_choices(finished)
    assert len(rows) == len({row["choice_id"] for row in rows}) == PEOPLE
    for row in rows:
        p = np.array([row["p"]])
        u = uniforms(row["seed"], np.array([row["counter"]]), row["stream"])
        assert u[0] == row["u"]
        assert row["arms"][replay(p, u)[0]] == row["arm"]
        assert abs(p.sum() - 1) < 1e-12 and row["arm_probability"] == p[0][row["arm_index"]]
        assert np.all((p[0] > 0) <= np.array(row["mask"]))


def test_groups_have_their_shares_and_policies(finished: World) -> None:
    rows = the_choices(finished)
    assert Counter(row["group"] for row in rows) == {"optimised": 160, "holdout": 20, "random_control": 20}
    for row in rows:
        if row["group"] == "holdout":
            assert (row["arm"], row["layer"], row["arm_probability"]) == ("none", "holdout", 1.0)
        elif row["group"] == "random_control" and not row["layer"]:
            assert row["policy_id"] == "uniform/1" and row["p"] == pytest.approx([1 / 3] * 3)
        elif not row["layer"]:
            assert row["policy_id"] == "squarecb/1" and min(row["p"]) >= 0.02 / 3 - 1e-12


@pytest.mark.promise
def test_an_outcome_exists_only_where_the_arm_is_the_one_that_was_really_got(finished: World) -> None:
    world = pq.read_table(finished.home.replay_dir / "world.parquet").to_pylist()
    real = {row["person_id"]: row for row in world}
    arm = {row["choice_id"]: row for row in the_choices(finished)}
    seen = {(o.choice_id, o.name): o.value for o in the_outcomes(finished)}
    matched = {c for c, row in arm.items() if real[row["person_id"]]["arm"] == row["arm"]}
    assert {choice for choice, _ in seen} == matched
    assert 40 < len(matched) < 95
    for choice in matched:
        row = real[arm[choice]["person_id"]]
        assert seen[choice, "visit"] == row["visit"] and seen[choice, "spend"] == row["spend_minor"]


@pytest.mark.promise
def test_what_was_learnt_follows_from_the_log_alone(finished: World) -> None:
    with finished.ports.database.read() as session:
        content = parse(session.exec(sa.select(Proposal)).scalar_one().canonical_json)
        prior = draft_by_digest(session, finished.workspace_id, "bandit_prior", content.bandit.prior_digest)
    state = RidgeState.from_json(json.dumps(prior.content["state"]))
    seen = {(o.choice_id, o.name): o.value for o in the_outcomes(finished)}
    rows = the_choices(finished)
    for batch in the_batches(finished):
        mine = [r for r in rows if r["batch_id"] == batch.batch_id]
        assert {r["state_digest"] for r in mine} == {state.digest}
        learnt = [r for r in mine if (r["choice_id"], "visit") in seen]
        state = state.updated(
            np.array([r["features"] for r in learnt]),
            np.array([r["arm_index"] for r in learnt]),
            np.array([float(seen[r["choice_id"], "visit"]) for r in learnt]),
        )
    assert RidgeState.from_json(json.dumps(bandit_state(finished))).digest == state.digest
    assert the_launch(finished).learned_until == 4
    assert {r["features_digest"] for r in rows} == {FEATURES.digest}


def test_people_beyond_the_limit_are_not_reached(make: MakeWorld) -> None:
    world = make(Plan(limits={"maximum_people": 120}))
    drive(world)
    counted = reconcile(world.ports, the_launch(world).launch_id)
    assert counted.dropped["not_reached:limit"] == 80
    assert counted.accounted == counted.net == PEOPLE


def test_a_ramp_step_is_a_canary_before_the_campaign_is_live(make: MakeWorld) -> None:
    world = make(Plan(ramp=("0.05", "1")))
    states = []

    def watch() -> bool:
        states.append(the_campaign(world).state)
        return False

    drive(world, stop_when=watch)
    assert the_batches(world)[0].people == 10
    assert list(dict.fromkeys(states)) == ["approved", "scheduled", "canary", "live", "completed"]
