"""Canonical JSON is that of RFC 8785, whichever encoder wrote it."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from policies.proposal import canonical_json

LONGEST = 2**53 - 1
numbers = st.integers(-LONGEST, LONGEST) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_any_value_is_written_as_the_reference_encoder_writes_it(value: JsonValue) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [0.0, -0.0, 1.0, 1e-4, 9.99e-5, 1e-7, 1e15, 1e16, 1e21, 2.0**53 - 1, 2.0**53, 0.1 + 0.2, 5e-324, 1.5],
)
def test_floats_are_written_as_ecmascript_does(value: float) -> None:
    assert canonical_json({"x": [value, -value]}) == rfc8785.dumps({"x": [value, -value]})


def test_keys_are_sorted_by_utf_16() -> None:
    keys = {"\ufb33": 1, "\U0001f600": 2, "a": 3}
    wanted = '{"a":3,"\U0001f600":2,"\ufb33":1}'
    assert canonical_json(keys) == rfc8785.dumps(keys) == wanted.encode()


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", b"\x00"])
def test_what_the_form_has_no_place_for_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError):
        canonical_json([value])
