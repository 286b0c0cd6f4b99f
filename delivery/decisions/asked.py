"""What is asked of a decision and of its events, as values that were checked."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, model_validator

from policies.parts import ObjectId
from policies.privacy import holds_address

MOST_ITEMS, MOST_REQUESTS, MOST_DECISIONS, MOST_EVENTS = 30, 30, 100, 100
Identity = Literal["external_id", "email", "phone", "person_id"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wanted(_In):
    """Up to `count` different items of one collection for one placement."""

    decision: ObjectId
    placement: ObjectId
    count: int = Field(default=1, ge=1, le=MOST_ITEMS)


class Duplicates(_In):
    """Whether an item may be chosen again for another decision, or another placement, of the same request."""

    across_decisions: bool = True
    across_placements: bool = True


class Include(_In):
    """What an item carries besides its token and versions."""

    content: bool = True
    metadata: bool = False
    score: bool = False
    explanation: bool = False
    propensity: bool = True


class Ask(_In):
    """One request: decisions for one person.

    `dry_run` writes nothing at all. `count_toward_caps` false obeys caps and moves none. `as_of` decides as at another
    instant, and only dry.
    """

    request_id: str | None = Field(default=None, min_length=1, max_length=200)
    requests: tuple[Wanted, ...] = Field(min_length=1, max_length=MOST_REQUESTS)
    identity_map: dict[Identity, Annotated[str, Field(min_length=1, max_length=320)]] = Field(min_length=1)
    context: dict[Annotated[str, Field(max_length=64)], JsonValue] = Field(
        default_factory=dict, max_length=50
    )
    validate_context: bool = False
    allow_duplicates: Duplicates = Duplicates()
    dry_run: bool = False
    count_toward_caps: bool = True
    include: Include = Include()
    as_of: AwareDatetime | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.as_of is not None and not self.dry_run:
            raise ValueError(
                "as_of decides as at another time, so nothing may follow from it; add dry_run: true"
            )
        pairs = [(each.decision, each.placement) for each in self.requests]
        if len(set(pairs)) < len(pairs):
            raise ValueError("requests names one decision and placement twice; ask once, with a higher count")
        if self.context and holds_address(str(self.context)):
            raise ValueError("context holds an e-mail address; say who it is in identity_map only")
        return self


class Batch(_In):
    """Up to 100 requests, each answered by itself."""

    decisions: tuple[Ask, ...] = Field(min_length=1, max_length=MOST_DECISIONS)


class ItemEvent(_In):
    """What became of a chosen item, named by its token; once an event id."""

    event_id: str = Field(min_length=1, max_length=200)
    token: str = Field(min_length=1, max_length=200)
    type: Literal["display", "interact", "dismiss"]
    ts: AwareDatetime


class ItemEvents(_In):
    """Up to 100 events of one decision, kept all or none."""

    events: tuple[ItemEvent, ...] = Field(min_length=1, max_length=MOST_EVENTS)
