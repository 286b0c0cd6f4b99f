"""Rows written past the unit of work: refused, kept or replaced where the key is there."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from policies.figures import Figure, FigureSource
from store.bulk import insert_rows
from store.database import Database
from store.repositories.agent_work import figures_of, put_figures, unknown_figures
from store.tables import Product


def figure(value: int | str) -> Figure:
    return Figure(value=value, unit="people", source=FigureSource(kind="tool", name="count", digest="d"))


def product(workspace_id: str, name: str) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "product_id": "p1",
        "name": name,
        "category": "c",
        "description": "",
        "attributes": {"size": [1, None]},
    }


@pytest.mark.parametrize(("keep", "replace", "left"), [(True, False, "old"), (False, True, "new")])
def test_a_row_whose_key_is_there_is_kept_or_replaced(
    any_database: Database, workspace_id: str, keep: bool, replace: bool, left: str
) -> None:
    with any_database.write() as session:
        insert_rows(session, Product, [product(workspace_id, "old")])
        insert_rows(session, Product, [product(workspace_id, "new")], keep=keep, replace=replace)
    with any_database.read() as session:
        found = session.exec(select(Product)).one()
    assert (found.name, found.attributes) == (left, {"size": [1, None]})


def test_a_row_whose_key_is_there_is_refused_otherwise(any_database: Database, workspace_id: str) -> None:
    with any_database.write() as session:
        insert_rows(session, Product, [product(workspace_id, "old")])
    with pytest.raises(IntegrityError), any_database.write() as session:
        insert_rows(session, Product, [product(workspace_id, "new")])


def test_figures_come_back_as_they_were_kept_and_the_newer_of_an_id_stays(
    any_database: Database, workspace_id: str
) -> None:
    first = {"a": figure(7), "b": figure("0.10"), "c": figure("12")}
    with any_database.write() as session:
        put_figures(session, workspace_id, "t", first)
        put_figures(session, workspace_id, "other", {"a": figure(1)})
        put_figures(session, workspace_id, "t", {"b": figure("0.2")})
        assert figures_of(session, "t") == {**first, "b": figure("0.2")}
        assert unknown_figures(session, "t", {"a", "z", "y"}) == ["y", "z"]
