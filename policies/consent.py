"""Who may be written to: consent by channel and purpose, hard suppression by channel, packed into one integer.

Layout of the integer: each channel owns seven bits, `7 * channel`. Two bits a purpose hold the status
(0 unknown, 1 granted, 2 withdrawn), the seventh is the hard suppression of the channel. Zero therefore means
"nobody ever said anything", which is not contactable for marketing. Fifty-six bits hold eight channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
StatusArray = NDArray[np.int8]


class Channel(IntEnum):
    """A way to reach a person; the numbers are stored and never reused."""

    EMAIL = 0
    SMS = 1
    PUSH = 2
    IN_APP = 3
    WEBHOOK = 4


class Purpose(IntEnum):
    """Why a person is written to; the numbers are stored and never reused."""

    MARKETING = 0
    TRANSACTIONAL = 1
    SERVICE = 2


class ConsentStatus(IntEnum):
    """What a person said; unknown is what was never said."""

    UNKNOWN = 0
    GRANTED = 1
    WITHDRAWN = 2


class ConsentReading(NamedTuple):
    """One cell of an import: a status, and whether the word also closes the channel for good."""

    status: ConsentStatus
    suppressed: bool


class ConsentWordError(InvalidInputError):
    """A consent cell holds a word that has no agreed meaning."""

    code = "consent_word_unknown"


class ConsentColumnError(InvalidInputError):
    """A consent column names a channel or purpose that does not exist."""

    code = "consent_column_unknown"


# Marketing needs a yes. A confirmation or a service notice needs only that nobody said no.
ALLOWED_STATUSES: Final[Mapping[Purpose, frozenset[ConsentStatus]]] = {
    Purpose.MARKETING: frozenset({ConsentStatus.GRANTED}),
    Purpose.TRANSACTIONAL: frozenset({ConsentStatus.GRANTED, ConsentStatus.UNKNOWN}),
    Purpose.SERVICE: frozenset({ConsentStatus.GRANTED, ConsentStatus.UNKNOWN}),
}

_GRANTED_WORDS: Final = "yes y true 1 granted opt_in opted_in opt-in subscribed"
_WITHDRAWN_WORDS: Final = "no n false 0 withdrawn opt_out opted_out opt-out unsubscribed revoked denied"
_UNKNOWN_WORDS: Final = "unknown null none n/a na"
_SUPPRESSED_WORDS: Final = "suppressed bounced hard_bounce complained"

CONSENT_WORDS: Final[Mapping[str, ConsentReading]] = {
    "": ConsentReading(ConsentStatus.UNKNOWN, False),
    **{word: ConsentReading(ConsentStatus.UNKNOWN, False) for word in _UNKNOWN_WORDS.split()},
    **{word: ConsentReading(ConsentStatus.GRANTED, False) for word in _GRANTED_WORDS.split()},
    **{word: ConsentReading(ConsentStatus.WITHDRAWN, False) for word in _WITHDRAWN_WORDS.split()},
    **{word: ConsentReading(ConsentStatus.WITHDRAWN, True) for word in _SUPPRESSED_WORDS.split()},
}

_BITS_PER_CHANNEL: Final = 7
_BITS_PER_STATUS: Final = 2
_STATUS_MASK: Final = 0b11
_SUPPRESSION_BIT: Final = 6


def _status_shift(channel: Channel, purpose: Purpose) -> int:
    return _BITS_PER_CHANNEL * channel + _BITS_PER_STATUS * purpose


def _suppression_shift(channel: Channel) -> int:
    return _BITS_PER_CHANNEL * channel + _SUPPRESSION_BIT


def read_word(word: str | None) -> ConsentReading:
    """Decide what one consent cell says; capitals and outer blanks do not matter, a missing cell is unknown.

    Raises ConsentWordError for a word outside `CONSENT_WORDS`: a guess could turn a no into a yes.
    """
    reading = CONSENT_WORDS.get((word or "").strip().lower())
    if reading is None:
        raise ConsentWordError(
            f'The consent word "{word}" has no agreed meaning. Use yes, no, withdrawn, suppressed, '
            "or leave the cell blank when the person never answered (blank is not contactable for marketing).",
            value=word,
        )
    return reading


def read_words(words: Sequence[str | None]) -> tuple[StatusArray, BoolArray]:
    """Decide what a column of consent cells says: statuses (n,) and hard suppressions (n,).

    Each distinct spelling is read once. Raises ConsentWordError that names the row (1 is the first).
    """
    readings: dict[str | None, ConsentReading] = {}
    for row, word in enumerate(words, start=1):
        if word in readings:
            continue
        try:
            readings[word] = read_word(word)
        except ConsentWordError as error:
            raise ConsentWordError(f"Row {row}: {error.message}", value=error.value) from error
    statuses = np.fromiter((readings[word].status for word in words), dtype=np.int8, count=len(words))
    suppressed = np.fromiter((readings[word].suppressed for word in words), dtype=np.bool_, count=len(words))
    return statuses, suppressed


def read_column(name: str) -> tuple[Channel, Purpose]:
    """Decide which channel and purpose a column `consent.<channel>.<purpose>` is about.

    Raises ConsentColumnError naming the column and the words that would be understood.
    """
    parts = name.strip().lower().split(".")
    if len(parts) == 3 and parts[0] == "consent":
        channel = Channel.__members__.get(parts[1].upper())
        purpose = Purpose.__members__.get(parts[2].upper())
        if channel is not None and purpose is not None:
            return channel, purpose
    channels = ", ".join(item.name.lower() for item in Channel)
    purposes = ", ".join(item.name.lower() for item in Purpose)
    raise ConsentColumnError(
        f'The column "{name}" is not consent.<channel>.<purpose>. Channels: {channels}. Purposes: {purposes}.',
        value=name,
    )


def pack(
    statuses: Mapping[tuple[Channel, Purpose], ConsentStatus], suppressed: Iterable[Channel] = ()
) -> int:
    """Pack one person's consents and hard suppressions into the integer of the served profile."""
    bits = 0
    for (channel, purpose), status in statuses.items():
        bits |= int(status) << _status_shift(channel, purpose)
    for channel in suppressed:
        bits |= 1 << _suppression_shift(channel)
    return bits


def with_status(bits: IntArray, channel: Channel, purpose: Purpose, status: StatusArray) -> IntArray:
    """Return the packed consents (n,) with one channel and purpose set to `status` (n,)."""
    shift = _status_shift(channel, purpose)
    cleared = bits & ~np.int64(_STATUS_MASK << shift)
    return cleared | (status.astype(np.int64) << shift)


def with_suppression(bits: IntArray, channel: Channel, suppressed: BoolArray) -> IntArray:
    """Return the packed consents (n,) with the hard suppression of one channel set to `suppressed` (n,)."""
    shift = _suppression_shift(channel)
    return (bits & ~np.int64(1 << shift)) | (suppressed.astype(np.int64) << shift)


def status_of(bits: IntArray, channel: Channel, purpose: Purpose) -> StatusArray:
    """Read the statuses (n,) of one channel and purpose out of packed consents (n,).

    The unused code 3 can only come from damage; it reads as withdrawn.
    """
    codes = (bits >> _status_shift(channel, purpose)) & _STATUS_MASK
    statuses: StatusArray = np.minimum(codes, int(ConsentStatus.WITHDRAWN)).astype(np.int8)
    return statuses


def suppressed_on(bits: IntArray, channel: Channel) -> BoolArray:
    """Read who (n,) is hard suppressed on a channel: bounced, complained or put on the list."""
    found: BoolArray = ((bits >> _suppression_shift(channel)) & 1).astype(np.bool_)
    return found


def permits(statuses: StatusArray, purpose: Purpose) -> BoolArray:
    """Decide for each status (n,) whether it permits a message of this purpose (`ALLOWED_STATUSES`)."""
    return np.isin(statuses, [int(status) for status in ALLOWED_STATUSES[purpose]])


def contactable(bits: IntArray, channel: Channel, purpose: Purpose) -> BoolArray:
    """Decide who (n,) may be written to on a channel for a purpose: permitted, and not hard suppressed."""
    return permits(status_of(bits, channel, purpose), purpose) & ~suppressed_on(bits, channel)


def reachable_channel(bits: int, purpose: Purpose, preferred: Sequence[Channel]) -> Channel | None:
    """Choose the first preferred channel on which this person may be written to; None when there is none.

    Consent beats preference: a preferred channel without consent is passed over, and a channel that the
    person did not list is never used.
    """
    packed = np.array([bits], dtype=np.int64)
    for channel in preferred:
        if contactable(packed, channel, purpose)[0]:
            return channel
    return None
