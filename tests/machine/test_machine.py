"""Whatever people, clients and meddlers do in whatever order: nothing launches or leaves but what was countersigned."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.machine.figures import summed
from tests.machine.house import Street
from tests.machine.machine import run_sequences
from tests.machine.mutations import MUTATIONS
from tests.machine.soak import SHARD, SHARDS, run_shards, shortcomings

SEQUENCES = 150
FEW = 3
"""Actions after what a sequence begins with, which is up to three: `make test` has little time."""
SEED = 5
NARROW = 15
"""Sequences of the few actions that rest on a rule, in which its loss must show."""
WHOLE = 300
"""Sequences of all actions, in which its loss must show."""
SOAK = os.environ.get("COUNTERSIGN_MACHINE_SHARDS")
"""Shards to run, as FIRST-LAST, where not all are wanted."""


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    made = Street()
    yield made
    made.close()


@pytest.mark.promise
def test_nothing_is_launched_or_sent_but_what_was_countersigned(street: Street) -> None:
    counted = run_sequences(SEQUENCES, seeded=SEED, street=street, steps=FEW)
    assert shortcomings(counted, sequences=SEQUENCES, launches=5) == []
    assert counted.messages > 0


@pytest.mark.promise
@pytest.mark.parametrize("rule", MUTATIONS)
def test_the_loss_of_a_rule_shows(street: Street, rule: str) -> None:
    mutation = MUTATIONS[rule]
    with pytest.MonkeyPatch.context() as patch, mutation.on(street, patch) as broken:
        run_sequences(NARROW, seeded=mutation.seed, street=street, steps=6, only=mutation.actions)
    assert broken.found is not None, f"{NARROW} sequences without the {rule} broke nothing"


@pytest.mark.promise
@pytest.mark.soak
@pytest.mark.parametrize("rule", MUTATIONS)
def test_the_loss_of_a_rule_shows_among_all_actions(street: Street, rule: str) -> None:
    mutation = MUTATIONS[rule]
    with pytest.MonkeyPatch.context() as patch, mutation.on(street, patch) as broken:
        run_sequences(WHOLE, seeded=SEED, street=street)
    assert broken.found is not None, f"{WHOLE} sequences without the {rule} broke nothing"


@pytest.mark.promise
@pytest.mark.soak
def test_nothing_is_launched_or_sent_in_thousands_of_sequences() -> None:
    first, last = (int(number) for number in (SOAK or f"0-{SHARDS}").split("-"))
    counted = summed(run_shards(range(first, last)))
    part = (last - first) / SHARDS
    missing = shortcomings(
        counted,
        sequences=(last - first) * SHARD,
        each=int(200 * part),
        launches=int(300 * part),
    )
    assert missing == [], counted.as_json()
