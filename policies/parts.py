"""What every approved object is built of: strict, frozen parts with plain ids."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
ObjectId = Annotated[str, Field(pattern=_ID)]


class ManagedKind(StrEnum):
    """What is managed, by name."""

    OFFER = "offer"
    PLACEMENT = "placement"
    RULE = "eligibility_rule"
    COLLECTION = "collection"
    JOURNEY = "journey"


class Part(BaseModel):
    """A piece of content that people sign: nothing may be added to it, and nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
