"""Rows as objects that no session follows, read and added by the driver: a fraction of what the ORM's own way costs.

A change of such an object is kept by nobody; what moves a row is a statement of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from store.bulk import insert_rows, table_of
from store.driver import Prepared

Model = TypeVar("Model", bound=SQLModel)


def row_object(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return a model's object with these values, one for each of its columns, each of the type the column reads as."""
    made: Model = sa.orm.class_mapper(model).class_manager.new_instance()
    made.__dict__.update(values)
    return made


def add_row(session: Session, model: type[Model], values: Mapping[str, Any]) -> Model:
    """Add a row, with what is not given at its default, after what the session still has to write; return its object."""
    session.flush()
    row = {**_defaults(model), **values}
    insert_rows(session, model, [row])
    return row_object(model, row)


def read_row(session: Session, model: type[Model], key: str, *, lock: bool = False) -> Model | None:
    """Return a row by its key as the transaction sees it, or None; with `lock` it is held until the transaction ends."""
    session.flush()
    found = _by_key(model, lock).mappings(session, of_key=key)
    return row_object(model, found[0]) if found else None


@cache
def _by_key(model: type[SQLModel], lock: bool) -> Prepared:
    table = table_of(model)
    (key,) = table.primary_key
    query = sa.select(*table.c).where(key == sa.bindparam("of_key"))
    return Prepared(query.with_for_update() if lock else query)


@cache
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    return {
        name: field.get_default() for name, field in model.model_fields.items() if not field.is_required()
    }
