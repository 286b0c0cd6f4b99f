"""What the send gate is told about a batch of messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


class GateFactsError(InvalidInputError):
    """The facts about a batch do not fit together."""

    code = "gate_facts_invalid"


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known about n messages of one source, in the order in which they are to be sent.

    Arrays have shape (n,). Nothing has a default: a fact that is left out must not become permission.
    """

    workspace_stopped: bool
    approval_valid: bool
    campaign_paused: bool
    money_left_minor: int | None
    """Minor units left for this batch; None when the source has no budget of its own."""
    tests_sent: int
    """Test messages of this proposal already sent; counts towards the limit of 20."""
    person: IntArray
    """The same number for the same person, to count contacts inside the batch."""
    send_key: IntArray
    """The same number for the same send key of promise 2, numbered by the caller without collisions."""
    legal_blocked: BoolArray
    consent: NDArray[np.int8]
    """`ConsentStatus` on the message's channel for the purpose of its category."""
    suppressed: BoolArray
    held_out: BoolArray
    eligible: BoolArray
    test_recipient: BoolArray
    """The address is that of a signed-in user or of the seed list; no profile of a customer."""
    timezone: NDArray[np.str_]
    contacts_day: IntArray
    contacts_week: IntArray
    contacts_month: IntArray
    cost_minor: IntArray
    already_sent: BoolArray
    not_before: IntArray
    """Epoch seconds; 0 = at once."""
    not_after: IntArray
    """Epoch seconds; 0 = no last time."""
    chosen: BoolArray
    """False where the choice was to send nothing."""

    def __post_init__(self) -> None:
        for name, kinds in _ARRAYS.items():
            array = getattr(self, name)
            if array.ndim != 1 or array.shape != self.person.shape:
                raise GateFactsError(
                    f"The fact {name} has shape {array.shape}; every fact needs one value for each message, "
                    f"in the shape {self.person.shape} of the persons.",
                    value=array.shape,
                )
            if array.dtype.kind not in kinds:
                wanted = {"b": "yes or no", "i": "whole numbers"}.get(kinds, "text")
                raise GateFactsError(
                    f"The fact {name} has type {array.dtype}; it needs {wanted}.", value=array.dtype
                )
        for name in ("workspace_stopped", "approval_valid", "campaign_paused"):
            if not isinstance(getattr(self, name), bool):
                raise GateFactsError(
                    f"The fact {name} is {getattr(self, name)!r}; it must be True or False.", value=name
                )
        for name, value in (
            ("message cost", self.cost_minor.min(initial=0)),
            ("money left", self.money_left_minor),
        ):
            if value is not None and value < 0:
                raise GateFactsError(
                    f"The {name} is {value} minor units; it cannot be below zero.", value=value
                )

    def __len__(self) -> int:
        return len(self.person)

    def take(self, index: IntArray | BoolArray) -> GateFacts:
        """The same facts for some of the messages, in the order of `index`."""
        return replace(self, **{name: getattr(self, name)[index] for name in _ARRAYS})


_BOOLEANS: Final = (
    "legal_blocked",
    "suppressed",
    "held_out",
    "eligible",
    "test_recipient",
    "already_sent",
    "chosen",
)
_INTEGERS: Final = (
    "person",
    "send_key",
    "consent",
    "contacts_day",
    "contacts_week",
    "contacts_month",
    "cost_minor",
    "not_before",
    "not_after",
)
# By numpy's letters: b bool, i integer, U text, O Python objects (here text).
_ARRAYS: Final = {**dict.fromkeys(_BOOLEANS, "b"), **dict.fromkeys(_INTEGERS, "i"), "timezone": "UO"}
