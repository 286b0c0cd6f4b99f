from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.audience.errors import FunnelError
from tools.audience.funnel import Removal, run_funnel


@given(
    st.integers(1, 60).flatmap(
        lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=5)
    )
)
def test_gross_is_net_plus_everyone_removed_and_nobody_is_counted_twice(masks: list[list[bool]]) -> None:
    arrays = [np.asarray(mask, dtype=np.bool_) for mask in masks]
    removals = [Removal(f"r{i}", "", mask) for i, mask in enumerate(arrays[1:])]
    funnel, net = run_funnel(arrays[0], removals)
    assert funnel.gross == funnel.net + sum(step.removed for step in funnel.steps)
    by_hand = {i for i, match in enumerate(masks[0]) if match and not any(m[i] for m in masks[1:])}
    assert set(np.flatnonzero(net)) == by_hand
    assert funnel.net == len(by_hand)


def test_the_first_reason_that_holds_takes_the_person() -> None:
    everyone = np.ones(4, dtype=np.bool_)
    first = Removal("first", "first", np.array([True, True, False, False]))
    second = Removal("second", "second", np.array([False, True, True, False]))
    assert [step.removed for step in run_funnel(everyone, [first, second]).funnel.steps] == [2, 1]
    assert [step.removed for step in run_funnel(everyone, [second, first]).funnel.steps] == [2, 1]
    assert [step.left for step in run_funnel(everyone, [first, second]).funnel.steps] == [2, 1]


def test_an_empty_audience_has_an_empty_funnel() -> None:
    nobody = np.zeros(0, dtype=np.bool_)
    assert run_funnel(nobody, [Removal("a", "a", nobody)]).funnel.net == 0


def test_a_reason_about_other_people_is_refused() -> None:
    with pytest.raises(FunnelError, match="covers 2 people"):
        run_funnel(np.ones(3, dtype=np.bool_), [Removal("a", "a", np.ones(2, dtype=np.bool_))])


def test_a_reason_named_twice_is_refused() -> None:
    mask = np.ones(1, dtype=np.bool_)
    with pytest.raises(FunnelError, match="once"):
        run_funnel(mask, [Removal("a", "a", mask), Removal("a", "a", mask)])
