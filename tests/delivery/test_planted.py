"""Choices and messages that somebody planted behind the approval's back reach nobody."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from delivery.batches import choose_batch
from delivery.choice_file import CHOICES
from delivery.errors import ChoiceFileError
from delivery.steps import run_batch
from store.tables import Batch, Send
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import launched, the_batches, the_sends
from tests.delivery.small_plan import FIRST_SLOT, Plan
from tests.delivery.small_world import World


@pytest.fixture
def short(make: MakeWorld) -> World:
    return make(Plan(batches=2, budget_minor=100_000))


def take_first(world: World) -> str:
    """Launch, move to the first slot and lease the first batch."""
    launch_id = launched(world)
    world.ports.clock.advance_to(FIRST_SLOT)  # type: ignore[attr-defined]
    leased = {"attempt": 1, "leased_until": FIRST_SLOT + timedelta(hours=1)}
    world.change(sa.update(Batch).where(Batch.number == 1).values(**leased))
    return launch_id


@pytest.mark.promise
def test_a_planted_file_of_choices_is_not_adopted(short: World) -> None:
    launch_id = take_first(short)
    batch = the_batches(short)[0]
    n = batch.people
    planted = pa.table(
        {
            "choice_id": [f"{batch.batch_id}.{row:05d}" for row in range(n)],
            "row": list(range(n)),
            "person_id": [f"OUTSIDER{row}" for row in range(n)],
            "group": ["optimised"] * n,
            "layer": [""] * n,
            "arms": [["mens_email", "womens_email", "none"]] * n,
            "arm_index": np.zeros(n, dtype=np.int64),
            "features": [[0.0]] * n,
        }
    )
    short.ports.warehouse.append(batch.workspace_id, CHOICES, batch.batch_id, planted)
    with pytest.raises(ChoiceFileError, match="not about the people"):
        choose_batch(short.ports, launch_id, 1, 1)
    assert the_sends(short) == []


@pytest.mark.promise
def test_a_held_message_turned_to_another_person_does_not_leave(short: World) -> None:
    launch_id = take_first(short)
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    held = [row for row in the_sends(short) if row.status == "held"]
    assert held, "the first slot is within the quiet hours of one of the two zones"
    outsider = next(
        person for person in short.people if person not in {row.person_id for row in the_sends(short)}
    )
    short.change(sa.update(Send).where(Send.send_key == held[0].send_key).values(person_id=outsider))
    later = FIRST_SLOT + timedelta(hours=2)
    short.ports.clock.advance_to(later)  # type: ignore[attr-defined]
    short.change(
        sa.update(Batch).where(Batch.number == 1).values(attempt=2, leased_until=later + timedelta(hours=1))
    )
    with pytest.raises(ChoiceFileError, match="not for the person"):
        asyncio.run(run_batch(short.ports, launch_id, 1, 2))
    assert next(row.status for row in the_sends(short) if row.send_key == held[0].send_key) == "held"
