"""Who a person is: the only tables with addresses, names and external ids. A database of their own."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from store.tables.base import NAMES, UtcDateTime


class IdentityModel(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=NAMES))):
    """Base of the identity tables, apart from the operational metadata."""


class Identity(IdentityModel, table=True):
    """One way to recognise a person: kind is `external_id`, `email`, `phone`; value is normalised."""

    __tablename__ = "identities"
    __table_args__ = (sa.Index("ix_identities_person", "workspace_id", "person_id"),)

    workspace_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    person_id: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class PersonName(IdentityModel, table=True):
    __tablename__ = "person_names"

    workspace_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)
    first_name: str = ""
    last_name: str = ""


class UserAddress(IdentityModel, table=True):
    """Where a signed-in user is written to about approvals; set by the user alone.

    `verified_at` is when the user gave back the code that was sent there; test messages go to no other address.
    """

    __tablename__ = "user_addresses"

    workspace_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    email: str
    set_at: datetime = Field(sa_type=UtcDateTime)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


identity_metadata = IdentityModel.metadata
