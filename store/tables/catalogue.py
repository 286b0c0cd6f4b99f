"""What can be offered and said: products, offers, the actions of a workspace, brand documents."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Product(SQLModel, table=True):
    __tablename__ = "products"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    product_id: str = Field(primary_key=True)
    name: str
    category: str
    description: str = ""
    price_minor: int | None = Field(default=None, sa_type=sa.BigInteger)
    currency: str | None = None
    attributes: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)


class Offer(SQLModel, table=True):
    """An incentive and its cost. `value` is in words; `cost_minor` is what one redemption costs."""

    __tablename__ = "offers"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    offer_id: str = Field(primary_key=True)
    name: str
    value: str
    cost_minor: int = Field(sa_type=sa.BigInteger)
    currency: str
    discount_percent: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    placements: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)
    eligibility: str = ""
    caps: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)


class ActionRow(SQLModel, table=True):
    """What may be done for a person: a message on a channel about a product or offer, at a declared cost."""

    __tablename__ = "actions"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    action_id: str = Field(primary_key=True)
    name: str
    channel: str
    message_cost_minor: int = Field(sa_type=sa.BigInteger)
    currency: str
    product_id: str | None = None
    offer_id: str | None = None
    cost_source: str


class Document(SQLModel, table=True):
    """A brand document, approved claim or learning: the truth that the memory index is rebuilt from."""

    __tablename__ = "documents"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    document_id: str = Field(primary_key=True)
    kind: str
    title: str
    text: str
    version: int = 1
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Creative(SQLModel, table=True):
    """The words of one message as approved, under their digest; content is `tools.content.creative.Creative`."""

    __tablename__ = "creatives"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    digest: str = Field(primary_key=True)
    content: JsonObject = Field(sa_type=sa.JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
