from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from store.database import Database
from store.importing.catalogue import import_actions, import_products, read_documents, save_documents
from store.importing.csv_table import TextTable
from store.importing.errors import ImportRefusedError
from store.tables.catalogue import ActionRow, Document, Product

AsTable = Callable[[str], TextTable]

PRODUCTS = "product_id,name,category,price,currency\nshirt,Shirt,menswear,49.90,USD\nhat,Hat,hats,,"
ACTION = "action_id,name,channel,message_cost_minor,currency,product_id,cost_source"


def test_products_and_actions_are_read_in_and_replaced(
    database: Database, workspace: str, as_table: AsTable
) -> None:
    with database.write() as session:
        assert import_products(session, as_table(PRODUCTS), workspace_id=workspace) == 2
        import_products(
            session, as_table("product_id,name,category\nhat,Sun hat,hats"), workspace_id=workspace
        )
        import_actions(
            session, as_table(f"{ACTION}\nmail,Mail,email,20,USD,shirt,declared"), workspace_id=workspace
        )
    with database.read() as session:
        products = {row.product_id: row for row in session.exec(select(Product))}
        action = session.exec(select(ActionRow)).one()
    assert (products["shirt"].price_minor, products["shirt"].currency) == (4990, "USD")
    assert (products["hat"].name, products["hat"].price_minor) == ("Sun hat", None)
    assert (action.message_cost_minor, action.product_id, action.offer_id) == (20, "shirt", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("product_id,name,category\n,Shirt,menswear", "'' is not an id"),
        ("product_id,name,category\na b,Shirt,menswear", "'a b' is not an id"),
        ("product_id,name,category\nx,,menswear", "is not a name"),
        ("product_id,name,category\nx,X,y\nx,X,y", "'x' already stands in row 1"),
        ("product_id,name,category,price\nx,X,y,cheap", "'cheap' is not a price"),
        ("product_id,name,category,price\nx,X,y,5", "a price needs its currency"),
        ("product_id,name,category,colour\nx,X,y,red", "'colour' is not known"),
    ],
)
def test_a_bad_product_is_named(
    text: str, words: str, database: Database, workspace: str, as_table: AsTable
) -> None:
    with database.write() as session:
        with pytest.raises(ImportRefusedError, match=words):
            import_products(session, as_table(text), workspace_id=workspace)
        assert not session.exec(select(Product)).all()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("none,Nothing,email,20,USD,,declared", "kept for doing nothing"),
        ("mail,Mail,pigeon,20,USD,,declared", "'pigeon' is not a channel"),
        ("mail,Mail,email,-1,USD,,declared", "'-1' is not a whole number"),
        ("mail,Mail,email,0.2,USD,,declared", "'0.2' is not a whole number"),
        ("mail,Mail,email,20,$,,declared", "is not a currency"),
        ("mail,Mail,email,20,USD,,", "source of the cost"),
        ("mail,Mail,email,20,USD,boat,declared", "'boat' is not a product that was imported"),
    ],
)
def test_a_bad_action_is_named(
    line: str, words: str, database: Database, workspace: str, as_table: AsTable
) -> None:
    with database.write() as session, pytest.raises(ImportRefusedError) as caught:
        import_actions(session, as_table(f"{ACTION}\n{line}"), workspace_id=workspace)
    assert words in caught.value.message


def test_a_changed_document_gets_a_new_version(
    database: Database, workspace: str, start: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "voice.md"
    for text in ("We are warm.", "We are warm.", "We are brief."):
        path.write_text(f"---\nkind: brand\ntitle: Voice\n---\n{text}\n", encoding="utf-8")
        with database.write() as session:
            save_documents(
                session, read_documents(tmp_path), workspace_id=workspace, at=start + timedelta(hours=1)
            )
    with database.read() as session:
        document = session.exec(select(Document)).one()
    assert (document.document_id, document.text, document.version) == ("voice", "We are brief.", 2)


@pytest.mark.parametrize("text", ["no block", "---\nkind: poem\ntitle: x\n---\n", "---\nkind: brand\n---\nx"])
def test_a_document_without_kind_and_title_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "voice.md").write_text(text, encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=r"voice\.md must start with a block"):
        read_documents(tmp_path)
