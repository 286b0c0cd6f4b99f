"""Objects that are approved version by version: offers, placements, eligibility rules, collections, journeys.

A version is frozen under a digest as a campaign is, and is served only once somebody else has signed exactly it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, ValidationError, model_validator

from policies.errors import InvalidInputError
from policies.journeys import JourneyBody
from policies.offers import check_discount
from policies.parts import ManagedKind, ObjectId, Part
from policies.proposal import Frozen, canonical_json
from policies.rule_digests import rule_digests
from policies.workspace_rules import WorkspaceRules

MOST_OFFERS, MOST_RULES, MOST_CAPS = 1_000, 20, 10
MOST_WORTH: Final = 1_000
"""Largest reward of one event, so that exact sums of their squares fit for millions of rows."""
NOTHING: Final = "none"
"""The arm that stands for offering nothing."""
Share = Annotated[float, Field(ge=0, le=1)]


class Cap(Part):
    """At most `limit` displays or interactions, by everyone together or by each person, ever or in each `every_days` days.

    Those two are reserved when an item is chosen. A cap on dismissals reserves nothing: it only counts them.
    """

    cap_id: ObjectId
    scope: Literal["everyone", "person"]
    limit: int = Field(ge=1, le=10**9)
    counts: Literal["display", "interact", "dismiss"] = "display"
    every_days: int | None = Field(default=None, ge=1, le=3_650)


class OfferBody(Part):
    """An offer: when it holds, whom it is for (all of `rules`), how often, and what is shown at each placement."""

    type: Literal[ManagedKind.OFFER] = ManagedKind.OFFER
    name: str = Field(min_length=1, max_length=200)
    cost_minor: int = Field(default=0, ge=0, le=10**12)
    discount_percent: Decimal | None = Field(default=None, ge=0, le=100)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    rules: tuple[ObjectId, ...] = Field(default=(), max_length=MOST_RULES)
    caps: tuple[Cap, ...] = Field(default=(), max_length=MOST_CAPS)
    content: Mapping[ObjectId, dict[str, JsonValue]] = Field(min_length=1)
    metadata: dict[str, JsonValue] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError(f"ends_at {self.ends_at} must be later than starts_at {self.starts_at}")
        ids = [cap.cap_id for cap in self.caps]
        if len(set(ids)) < len(ids):
            raise ValueError("two caps have one cap_id; give each its own")
        return self


class PlacementBody(Part):
    """Where something is shown: on which channel and for which purpose, which consent must allow."""

    type: Literal[ManagedKind.PLACEMENT] = ManagedKind.PLACEMENT
    name: str = Field(min_length=1, max_length=200)
    channel: Literal["email", "sms", "push", "in_app"]
    purpose: Literal["marketing", "service"] = "marketing"


class RuleBody(Part):
    """Whom an offer is for: a filter over the fields that it declares with their kinds.

    A field is a customer attribute, `count_<event>` (integer), `last_<event>` (date; `days_since_<event>` follows from
    it) or `context_<name>`, which the request brings.
    """

    type: Literal[ManagedKind.RULE] = ManagedKind.RULE
    definition: str = Field(min_length=1, max_length=4_000)
    fields: Mapping[str, Literal["integer", "number", "text", "flag", "date"]] = Field(min_length=1)
    words: str = Field(min_length=1, max_length=300)


class Learning(Part):
    """What a collection learns from: the worth, to six decimals, of each kind of event inside the window after a choice.

    Without `displayed_only` a choice that nothing came of is worth 0, seen or not. The declared values count as `prior_rows`
    rows an arm. A changed definition learns the whole log anew.
    """

    rewards: Mapping[Literal["display", "interact", "dismiss"], float] = Field(min_length=1)
    window_hours: int = Field(ge=1, le=8_784)
    displayed_only: bool = False
    prior_rows: float = Field(default=10.0, gt=0, le=1e9)

    @property
    def definition(self) -> str:
        """What the sums are kept under: all that decides a reward."""
        said = [sorted(self.rewards.items()), self.window_hours, self.displayed_only]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _is_finite(self) -> Self:
        for name, worth in self.rewards.items():
            if not abs(worth) <= MOST_WORTH:
                raise ValueError(
                    f"the reward of {name} is {worth}; it must be a number within {MOST_WORTH}: take a larger unit"
                )
        return self


class Guard(Part):
    """Leaving the `baseline` arm only for arms whose gain over it has a lower bound above 0, `width` deviations below."""

    baseline: ObjectId
    width: float = Field(default=1.645, ge=0, le=100)


class CollectionBody(Part):
    """The offers that a decision chooses among, and how.

    `values` is what an offer is believed to be worth a choice, in one unit, `observations` on how many rows that rests.
    `context` declares what a request may bring. Whoever is held out gets the fallback; random control an eligible offer
    at random. `do_nothing` lets offering nothing compete as an arm. With `learning` the values are where it begins.
    `guard` keeps to one arm but where another is better beyond doubt; `shortlist` lets the bandit policy choose among that many
    of the highest scores, the exploration share reaching the rest.
    """

    type: Literal[ManagedKind.COLLECTION] = ManagedKind.COLLECTION
    name: str = Field(min_length=1, max_length=200)
    offers: tuple[ObjectId, ...] = Field(min_length=1, max_length=MOST_OFFERS)
    placements: tuple[ObjectId, ...] = Field(min_length=1, max_length=50)
    fallback: dict[str, JsonValue] = Field(default_factory=dict)
    policy_id: str = "squarecb/1"
    parameters: dict[str, float] = Field(default_factory=dict)
    guard: Guard | None = None
    shortlist: int | None = Field(default=None, ge=1, le=MOST_OFFERS)
    exploration_share: Share = 0.02
    minimum_arm_probability: Share = 0.0
    values: Mapping[str, float] = Field(default_factory=dict)
    observations: float = Field(default=1.0, ge=1, le=1e12)
    noise_deviation: float = Field(default=1.0, gt=0, le=1e12)
    seed: int = Field(default=1, ge=0, lt=2**53)
    context: Mapping[str, Literal["integer", "number", "text", "flag", "date"]] = Field(default_factory=dict)
    holdout_share: float = Field(default=0.0, ge=0, lt=1)
    random_control_share: float = Field(default=0.0, ge=0, lt=1)
    do_nothing: bool = False
    reservation_minutes: int = Field(default=30, ge=1, le=10_080)
    learning: Learning | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(set(self.offers)) < len(self.offers) or NOTHING in self.offers:
            raise ValueError(f"offers must differ, and none is called {NOTHING}")
        unknown = sorted(set(self.values) - set(self.offers) - {NOTHING})
        if unknown:
            raise ValueError(f"values names {unknown[0]}, which is not among the offers")
        if self.holdout_share + self.random_control_share > 1:
            raise ValueError("holdout_share and random_control_share are together above 1; lower one")
        return self


Body = OfferBody | PlacementBody | RuleBody | CollectionBody | JourneyBody


class ManagedVersion(Part):
    """Content v1 of one version. `rules` are the digests of the rules it was judged by."""

    schema_id: Literal["countersign.managed_version/1"] = Field(
        default="countersign.managed_version/1", alias="schema"
    )
    kind: Literal["offer", "eligibility", "discount", "journey"]
    object_id: ObjectId
    version: int = Field(ge=1)
    reason: str = Field(default="", max_length=500)
    body: Annotated[Body, Field(discriminator="type")]
    rules: Mapping[str, str]


class ManagedVersionUnreadableError(InvalidInputError):
    """A stored version is not one that this release can read."""

    code = "managed_version_unreadable"


class DiscountCeilingError(InvalidInputError):
    """An offer's discount is above the ceiling of the workspace."""

    code = "discount_above_ceiling"


def shown_texts(body: Body) -> tuple[str, ...]:
    """Return every text of a body that a customer may be shown: contents at placements, the fallback, names of offers."""
    match body:
        case OfferBody(name=name, content=content):
            return (name, *_texts(dict(content)))
        case CollectionBody(fallback=fallback):
            return _texts(fallback)
        case _:
            return ()


def picked_by(body: Body) -> tuple[str, ...]:
    """Return what a body picks people by: a rule's filter and its fields, the context that a collection asks for."""
    match body:
        case RuleBody(definition=definition, fields=fields):
            return (definition, *fields)
        case CollectionBody(context=context):
            return tuple(context)
        case _:
            return ()


def _texts(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    inner: Iterable[JsonValue] = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    return tuple(text for each in inner for text in _texts(each))


def proposal_kind(body: Body) -> Literal["offer", "eligibility", "discount", "journey"]:
    """Return by which kind of proposal a body is approved: its rules say who signs."""
    if isinstance(body, JourneyBody):
        return "journey"
    if isinstance(body, RuleBody):
        return "eligibility"
    if isinstance(body, OfferBody) and body.discount_percent:
        return "discount"
    return "offer"


def freeze_version(object_id: str, version: int, body: Body, *, reason: str, rules: WorkspaceRules) -> Frozen:
    """Return a version's canonical JSON and digest; DiscountCeilingError above the ceiling of `rules`."""
    if isinstance(body, OfferBody) and body.discount_percent is not None:
        check = check_discount([body.discount_percent], Decimal(rules.discount_ceiling_percent))
        if not check.within:
            raise DiscountCeilingError(check.evidence, value=body.discount_percent)
    content = ManagedVersion(
        kind=proposal_kind(body),
        object_id=object_id,
        version=version,
        reason=reason,
        body=body,
        rules=rule_digests(rules),
    )
    canonical = canonical_json(content.model_dump(mode="json", by_alias=True))
    return Frozen(digest=hashlib.sha256(canonical).hexdigest(), canonical_json=canonical.decode())


def read_version(text: str) -> ManagedVersion:
    """Return the content behind a stored version; ManagedVersionUnreadableError for anything else."""
    try:
        return ManagedVersion.model_validate_json(text)
    except ValidationError as error:
        raise ManagedVersionUnreadableError(
            f"this is no version that this release can read: {error.errors()[0]['msg']}"
        ) from error
