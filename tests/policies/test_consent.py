"""Consent words, the packed integer, and that consent beats preference."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from policies.consent import (
    Channel,
    ConsentStatus,
    Purpose,
    contactable,
    pack,
    reachable_channel,
    read_column,
    read_word,
    read_words,
    status_of,
    suppressed_on,
    with_status,
    with_suppression,
)


def test_blank_consent_is_not_contactable_for_marketing_but_is_for_a_confirmation() -> None:
    bits = np.array([pack({(Channel.EMAIL, Purpose.MARKETING): read_word("").status}), 0])
    assert not contactable(bits, Channel.EMAIL, Purpose.MARKETING).any()
    assert contactable(bits, Channel.EMAIL, Purpose.TRANSACTIONAL).all()


@pytest.mark.parametrize(
    ("word", "status", "suppressed"),
    [
        ("yes", ConsentStatus.GRANTED, False),
        (" YES ", ConsentStatus.GRANTED, False),
        ("no", ConsentStatus.WITHDRAWN, False),
        ("withdrawn", ConsentStatus.WITHDRAWN, False),
        ("suppressed", ConsentStatus.WITHDRAWN, True),
        (None, ConsentStatus.UNKNOWN, False),
        ("unknown", ConsentStatus.UNKNOWN, False),
    ],
)
def test_consent_words_have_one_meaning(word: str | None, status: ConsentStatus, suppressed: bool) -> None:
    assert read_word(word) == (status, suppressed)


def test_a_column_of_words_is_read_in_order() -> None:
    statuses, suppressed = read_words(["yes", "", "suppressed", "yes"])
    assert statuses.tolist() == [1, 0, 2, 1]
    assert suppressed.tolist() == [False, False, True, False]


def test_column_names_give_channel_and_purpose() -> None:
    assert read_column("consent.in_app.marketing") == (Channel.IN_APP, Purpose.MARKETING)


@pytest.mark.parametrize("seed", range(5))
def test_packing_keeps_every_status_and_suppression_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = list(product(Channel, Purpose))
    statuses = {pair: ConsentStatus(int(rng.integers(0, 3))) for pair in pairs}
    closed = [channel for channel in Channel if rng.random() < 0.5]
    bits = np.array([pack(statuses, closed)], dtype=np.int64)
    assert {pair: status_of(bits, *pair)[0] for pair in pairs} == statuses
    assert [channel for channel in Channel if suppressed_on(bits, channel)[0]] == closed
    for channel, purpose in pairs:
        said = statuses[channel, purpose]
        allowed = said is ConsentStatus.GRANTED or (
            said is ConsentStatus.UNKNOWN and purpose is not Purpose.MARKETING
        )
        assert contactable(bits, channel, purpose)[0] == (allowed and channel not in closed)


def test_setting_one_status_changes_nothing_else() -> None:
    everything = dict.fromkeys(product(Channel, Purpose), ConsentStatus.GRANTED)
    bits = np.array([pack(everything), pack({})], dtype=np.int64)
    changed = with_status(bits, Channel.SMS, Purpose.SERVICE, np.array([2, 1], dtype=np.int8))
    expected = pack({**everything, (Channel.SMS, Purpose.SERVICE): ConsentStatus.WITHDRAWN})
    assert changed.tolist() == [expected, pack({(Channel.SMS, Purpose.SERVICE): ConsentStatus.GRANTED})]


def test_lifting_a_suppression_restores_the_bits() -> None:
    bits = np.array([pack({(Channel.PUSH, Purpose.MARKETING): ConsentStatus.GRANTED})], dtype=np.int64)
    closed = with_suppression(bits, Channel.PUSH, np.array([True]))
    assert not contactable(closed, Channel.PUSH, Purpose.MARKETING)[0]
    assert with_suppression(closed, Channel.PUSH, np.array([False])).tolist() == bits.tolist()


@pytest.mark.promise
def test_a_hard_suppression_beats_a_given_consent() -> None:
    granted = {(Channel.EMAIL, purpose): ConsentStatus.GRANTED for purpose in Purpose}
    bits = np.array([pack(granted, [Channel.EMAIL])], dtype=np.int64)
    assert not any(contactable(bits, Channel.EMAIL, purpose)[0] for purpose in Purpose)


def test_consent_beats_preference_and_the_next_channel_is_taken() -> None:
    bits = pack(
        {
            (Channel.SMS, Purpose.MARKETING): ConsentStatus.WITHDRAWN,
            (Channel.EMAIL, Purpose.MARKETING): ConsentStatus.GRANTED,
        }
    )
    assert reachable_channel(bits, Purpose.MARKETING, [Channel.SMS, Channel.EMAIL]) is Channel.EMAIL
    assert reachable_channel(bits, Purpose.MARKETING, [Channel.SMS, Channel.PUSH]) is None
