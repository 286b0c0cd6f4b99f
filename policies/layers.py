"""The layers of the send gate, the rules that speak in them, and which layers apply to which message: data.

The order of `Layer` is the order of judgement. The first layer that objects decides, and is kept. So a hold of
an early layer comes before a drop of a later one: a held message is judged again, with fresh facts, when it is
due, and then the later layer has its say. Nothing is lost by that, and nothing can slip through.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple


class Category(StrEnum):
    """What a message is for; it decides which layers apply."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    TEST = "test"


class Decision(IntEnum):
    """What becomes of a message."""

    SEND = 0
    HOLD = 1
    DROP = 2


class Layer(IntEnum):
    """The layers of the gate, in the order in which they are asked."""

    WORKSPACE_STOPPED = 0
    LEGAL = 1
    CONSENT = 2
    SUPPRESSION = 3
    APPROVAL = 4
    HOLDOUT = 5
    ELIGIBILITY = 6
    QUIET_HOURS = 7
    CONTACT_CAPS = 8
    BUDGET = 9
    DEDUP = 10
    EXPLICIT_TIME = 11
    OPTIMISER = 12

    @property
    def code(self) -> str:
        """The stable name of the layer in logs."""
        return self.name.lower()


class Rule(NamedTuple):
    """One way in which a layer objects: a stable id, what it does, and the sentence people read."""

    rule_id: str
    layer: Layer
    decision: Decision
    words: str


NO_LAYER: Final = -1
NO_RULE: Final = -1

# Test messages go to signed-in users and seed lists only, and to few of them.
TEST_MESSAGE_LIMIT: Final = 20

# The position of a rule is what verdicts carry; within a layer the order is the order of asking.
RULES: Final[tuple[Rule, ...]] = (
    Rule("gate.workspace_stopped", Layer.WORKSPACE_STOPPED, Decision.DROP, "the workspace is stopped"),
    Rule("gate.legal_block", Layer.LEGAL, Decision.DROP, "the law forbids this message to this person"),
    Rule("gate.consent_withdrawn", Layer.CONSENT, Decision.DROP, "consent was withdrawn"),
    Rule("gate.consent_unknown", Layer.CONSENT, Decision.DROP, "consent was never given"),
    Rule(
        "gate.suppressed",
        Layer.SUPPRESSION,
        Decision.DROP,
        "the address bounced, complained or is suppressed",
    ),
    Rule("gate.not_approved", Layer.APPROVAL, Decision.DROP, "no valid approval covers this content"),
    Rule(
        "gate.campaign_paused",
        Layer.APPROVAL,
        Decision.HOLD,
        "the campaign is paused until somebody resumes it",
    ),
    Rule("gate.held_out", Layer.HOLDOUT, Decision.DROP, "the person is in the holdout"),
    Rule(
        "gate.not_eligible",
        Layer.ELIGIBILITY,
        Decision.DROP,
        "the person no longer meets the audience's rules",
    ),
    Rule(
        "gate.test_recipient",
        Layer.ELIGIBILITY,
        Decision.DROP,
        "a test goes to users and seed addresses only",
    ),
    Rule("gate.test_limit", Layer.ELIGIBILITY, Decision.DROP, "more test messages than the limit of 20"),
    Rule("gate.quiet_hours", Layer.QUIET_HOURS, Decision.HOLD, "it is quiet hours where the person lives"),
    Rule("gate.cap_day", Layer.CONTACT_CAPS, Decision.DROP, "the daily frequency cap is reached"),
    Rule("gate.cap_week", Layer.CONTACT_CAPS, Decision.DROP, "the weekly frequency cap is reached"),
    Rule("gate.cap_month", Layer.CONTACT_CAPS, Decision.DROP, "the monthly frequency cap is reached"),
    Rule("gate.budget_short", Layer.BUDGET, Decision.DROP, "the money left does not pay for this message"),
    Rule("gate.already_sent", Layer.DEDUP, Decision.DROP, "this message has already reached a provider"),
    Rule("gate.twice_in_batch", Layer.DEDUP, Decision.DROP, "the same message stands earlier in this batch"),
    Rule("gate.expired", Layer.EXPLICIT_TIME, Decision.DROP, "the last time to send it has passed"),
    Rule("gate.not_yet", Layer.EXPLICIT_TIME, Decision.HOLD, "its time to send has not come"),
    Rule("gate.chose_none", Layer.OPTIMISER, Decision.DROP, "the choice for this person was to send nothing"),
)

RULE_INDEX: Final[Mapping[str, int]] = {rule.rule_id: index for index, rule in enumerate(RULES)}

_ALL: Final = frozenset(Layer)

# Transactional skips caps, quiet hours, holdout and bandits; never suppression. Service keeps quiet hours, since
# a notice can wait for the morning. A test goes to no customer: what protects it is who may receive it.
APPLIES: Final[Mapping[Category, frozenset[Layer]]] = {
    Category.MARKETING: _ALL,
    Category.TRANSACTIONAL: _ALL - {Layer.HOLDOUT, Layer.QUIET_HOURS, Layer.CONTACT_CAPS, Layer.OPTIMISER},
    Category.SERVICE: _ALL - {Layer.HOLDOUT, Layer.CONTACT_CAPS, Layer.OPTIMISER},
    Category.TEST: frozenset(
        {
            Layer.WORKSPACE_STOPPED,
            Layer.LEGAL,
            Layer.SUPPRESSION,
            Layer.ELIGIBILITY,
            Layer.DEDUP,
            Layer.EXPLICIT_TIME,
        }
    ),
}
