"""Free text is searched for addresses, quickly, and what was found is never repeated."""

from __future__ import annotations

import time

import pytest

from policies.errors import InvalidInputError
from policies.privacy import AddressInTextError, holds_address, require_no_address


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com",
        "write to <ada.l+x@mail.example.co.uk>, please",
        "ada＠example.com",
        "a@b.c",
        "@ a@b.c @",
    ],
)
def test_an_address_anywhere_in_a_text_is_found(text: str) -> None:
    assert holds_address(text)


@pytest.mark.parametrize(
    "text", ["", "meet @ 9.30", "@ada", "20 % off @shop", "ada@home", "a @b.c", "a@.", "a@b."]
)
def test_an_at_sign_alone_is_no_address(text: str) -> None:
    assert not holds_address(text)
    require_no_address("the comment", text)


def test_the_refusal_names_the_field_and_keeps_the_address_to_itself() -> None:
    with pytest.raises(AddressInTextError, match="the comment holds an e-mail address") as caught:
        require_no_address("the comment", "ask ada@example.com")
    assert isinstance(caught.value, InvalidInputError)
    assert caught.value.code == "address_in_text"
    assert "ada" not in caught.value.message and caught.value.value is None


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "a@" * 500_000, "a@" + "b" * 1_000_000, "a@" + "." * 1_000_000]
)
def test_a_long_text_is_searched_in_linear_time(text: str) -> None:
    start = time.perf_counter()
    holds_address(text)
    assert time.perf_counter() - start < 1.0
