"""How a person is reached, read from the identity database when a message leaves and kept nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session

from store.bulk import in_chunks, table_of
from store.tables.identity import Identity, PersonName


@dataclass(frozen=True, slots=True)
class Contact:
    """An address and the names that go with it; none of them shows when the value is printed or logged."""

    address: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)


def contacts_of(
    identity: Session, workspace_id: str, kind: Literal["email", "phone"], person_ids: Sequence[str]
) -> dict[str, Contact]:
    """Return how these people are reached; of several addresses the newest. Somebody without one is absent."""
    known, names = table_of(Identity).c, table_of(PersonName).c
    found: dict[str, Contact] = {}
    for chunk in in_chunks(sorted(person_ids)):
        query = (
            sa.select(known.person_id, known.value, names.first_name, names.last_name)
            .join_from(
                table_of(Identity),
                table_of(PersonName),
                sa.and_(names.workspace_id == known.workspace_id, names.person_id == known.person_id),
                isouter=True,
            )
            .where(known.workspace_id == workspace_id, known.kind == kind, known.person_id.in_(chunk))
            # the newest is read last
            .order_by(known.created_at, known.value)
        )
        for person_id, value, first, last in identity.connection().execute(query):
            found[person_id] = Contact(value, first or "", last or "")
    return found
