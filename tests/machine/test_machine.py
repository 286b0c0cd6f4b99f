"""Whatever people, clients and meddlers do in whatever order: nothing launches or leaves but what was countersigned."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.machine.figures import Figures, summed
from tests.machine.house import Street
from tests.machine.machine import Countersigning, run_sequences
from tests.machine.mutations import MUTATIONS
from tests.machine.soak import SHARD, SHARDS, run_shards, shortcomings
from tests.small_shop import BRIEF

SEQUENCES = 150
FEW = 3
"""Actions after what a sequence begins with, which is up to three: `make test` has little time."""
SEED = 5
NARROW = 40
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
    assert shortcomings(counted, sequences=SEQUENCES, launches=1) == []


@pytest.mark.promise
def test_what_was_countersigned_is_launched_once_and_sent(street: Street) -> None:
    """What the sequences are made of works: nothing is proven by a machine in which nothing can leave."""
    figures = Figures(least=3)
    machine = type("Machine", (Countersigning,), {"street": street, "figures": figures})()
    for act in (
        lambda: machine.objective_in_chat("Ada", BRIEF),
        lambda: machine.countersigns("Grace", 0),
        lambda: machine.a_launch_is_replayed(0),
        lambda: machine.a_campaign_runs(11),
    ):
        act()
        machine.book.check()
    machine.teardown()
    assert (figures.launches, figures.messages > 0) == (1, True)


@pytest.mark.promise
@pytest.mark.parametrize("rule", MUTATIONS)
def test_the_loss_of_a_rule_shows(street: Street, rule: str) -> None:
    mutation = MUTATIONS[rule]
    with pytest.MonkeyPatch.context() as patch, mutation.on(street, patch) as broken:
        run_sequences(NARROW, seeded=0, street=street, steps=5, only=mutation.actions, author=mutation.author)
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
