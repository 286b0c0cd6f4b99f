"""The state machine whole, and how a number of its sequences is run from a seed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.internal.conjecture.engine import ConjectureRunner
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.figures import LONG_ENOUGH, Figures
from tests.machine.house import Street
from tests.machine.talking import Talking

STEPS = 10


class Countersigning(Talking):
    """People, clients and meddlers around one small shop."""


def run_sequences(
    number: int,
    *,
    seeded: int,
    street: Street | None = None,
    steps: int = STEPS,
    only: frozenset[str] = frozenset(),
    author: str = "Ada",
) -> Figures:
    """Run so many sequences of `steps` actions from a seed and count what they did; the first Broken ends them.

    Without `street`, one is made and removed; with `only`, these are the actions around one
    proposal of `author`.
    """
    own = street or Street()
    counted = Figures(least=min(steps, LONG_ENOUGH))
    machine = type(
        "Machine", (Countersigning,), {"street": own, "figures": counted, "only": only, "author": author}
    )
    bounded = settings(
        max_examples=number,
        stateful_step_count=steps + 1,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    # the rule that begins a sequence is counted as a step, and may do nothing
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Hypothesis would make a third of the sequences from parts of others, and these are to differ
            patch.setattr(ConjectureRunner, "generate_mutations_from", lambda *_: None)
            run_state_machine_as_test(seed(seeded)(machine), settings=bounded, _min_steps=steps + 1)
    finally:
        if street is None:
            own.close()
    return counted
