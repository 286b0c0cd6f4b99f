from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session

from policies.errors import InvalidInputError
from store.clock import FixedClock
from store.ids import ALPHABET, RandomIds, SeededIds, encode_ulid, milliseconds_of

AT = datetime(2026, 11, 21, tzinfo=UTC)


def decode(ulid: str) -> tuple[int, int]:
    value = 0
    for letter in ulid:
        value = value * 32 + ALPHABET.index(letter)
    return value >> 80, value & ((1 << 80) - 1)


class SteppingClock:
    def __init__(self, *instants: datetime) -> None:
        self.instants = list(instants)

    def now(self, session: Session | None = None) -> datetime:
        return self.instants.pop(0)


def test_the_largest_ulid_is_the_one_of_the_specification():
    assert encode_ulid(2**48 - 1, 2**80 - 1) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


def test_a_known_time_is_encoded_as_in_the_specification():
    assert encode_ulid(1469918176385, 0)[:10] == "01ARYZ6S41"


def test_an_id_carries_the_time_of_the_clock():
    ulid = RandomIds(FixedClock(AT)).new()
    assert len(ulid) == 26
    assert decode(ulid)[0] == milliseconds_of(AT) == int(AT.timestamp() * 1000)


def test_an_id_made_at_a_known_time_reads_no_clock():
    source = RandomIds(SteppingClock())
    first, second = source.new(AT), source.new(AT)
    assert decode(first)[0] == milliseconds_of(AT)
    assert first < second


def test_ids_rise_while_the_clock_stands_still():
    source = RandomIds(FixedClock(AT))
    made = [source.new() for _ in range(2000)]
    assert made == sorted(set(made))


def test_ids_rise_when_the_clock_goes_back():
    source = RandomIds(SteppingClock(AT, AT - timedelta(days=1), AT + timedelta(milliseconds=1)))
    made = [source.new() for _ in range(3)]
    assert made == sorted(set(made))


def test_ids_made_by_four_threads_are_all_different():
    source = RandomIds(FixedClock(AT))
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(source.new() for _ in range(500))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_two_random_sources_at_one_instant_differ():
    assert RandomIds(FixedClock(AT)).new() != RandomIds(FixedClock(AT)).new()


def test_neighbours_of_one_millisecond_cannot_be_counted_up():
    source = RandomIds(FixedClock(AT))
    chances = [decode(source.new())[1] for _ in range(50)]
    steps = {later - earlier for earlier, later in pairwise(chances)}
    assert len(steps) > 45


def test_a_seed_gives_the_same_ids_again():
    first, second = SeededIds("demo:7", AT), SeededIds("demo:7", AT)
    assert [first.new() for _ in range(100)] == [second.new() for _ in range(100)]


def test_seeded_ids_are_golden():
    source = SeededIds("demo:7", AT)
    assert [source.new() for _ in range(2)] == ["01M7XPE600DXK2PEH887RQEQP1", "01M7XPE600DXK2PEH88AN6W4AT"]


def test_another_seed_gives_other_ids():
    assert not {SeededIds("a", AT).new()} & {SeededIds("b", AT).new()}


def test_seeded_ids_rise():
    source = SeededIds("demo", AT)
    made = [source.new() for _ in range(2000)]
    assert made == sorted(set(made))


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidInputError, match="no zone"):
        SeededIds("demo", datetime(2026, 11, 21))  # noqa: DTZ001  # the bad input itself
