from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import select

from store.database import Database
from store.importing.csv_table import TextTable
from store.importing.errors import ImportRefusedError
from store.importing.offers import import_offers
from store.tables.catalogue import Offer
from tools.audience.fields import schema_of

AsTable = Callable[[str], TextTable]
SCHEMA = schema_of({"tier": "text", "order_count": "integer"})
HEAD = "offer_id,name,value,cost,start,end,placements,eligibility,cap_total,cap_per_person"


def test_an_offer_is_read_in_with_its_costs_and_caps(
    database: Database, workspace: str, as_table: AsTable
) -> None:
    line = "free_post,Free post,free delivery,2.50,2026-12-01,2026-12-14,email; sms,tier = 'gold',100,"
    with database.write() as session:
        done = import_offers(
            session, as_table(f"{HEAD}\n{line}"), workspace_id=workspace, currency="USD", schema=SCHEMA
        )
    with database.read() as session:
        offer = session.exec(select(Offer)).one()
    assert done == 1
    assert (offer.cost_minor, offer.currency) == (250, "USD")
    assert (offer.starts_on, offer.ends_on) == (date(2026, 12, 1), date(2026, 12, 14))
    assert offer.placements == {"channels": ["email", "sms"]}
    assert (offer.eligibility, offer.caps) == ("tier = 'gold'", {"total": 100})


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        ("10 %", "10"),
        ("10% off, 12.50 percent with a card", "12.5"),
        ("free delivery", None),
        ("1000 %", None),
    ],
)
def test_the_deepest_percentage_of_an_offer_is_its_discount(
    database: Database, workspace: str, as_table: AsTable, value: str, percent: str | None
) -> None:
    rows = f'offer_id,name,value,cost\nten,Ten,"{value}",2.50'
    with database.write() as session:
        import_offers(session, as_table(rows), workspace_id=workspace, currency="USD")
    with database.read() as session:
        assert session.exec(select(Offer)).one().discount_percent == percent


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,X,free,cheap,,,,,,", "'cheap' is not a cost"),
        ("x,X,free,-1,,,,,,", "'-1' is not a cost"),
        ("x,X,,1,,,,,,", "is not a value in words"),
        ("x,X,free,1,tomorrow,,,,,", "'tomorrow' is not a day"),
        ("x,X,free,1,2026-12-14,2026-12-01,,,,", "before it starts"),
        ("x,X,free,1,,,pigeon,,,", "'pigeon' is not channels"),
        ("x,X,free,1,,,,tear = 'gold',,", "no field 'tear'"),
        ("x,X,free,1,,,,,many,", "'many' is not a whole number"),
    ],
)
def test_a_bad_offer_is_named_and_nothing_is_written(
    line: str, words: str, database: Database, workspace: str, as_table: AsTable
) -> None:
    with database.write() as session:
        with pytest.raises(ImportRefusedError) as caught:
            import_offers(
                session, as_table(f"{HEAD}\n{line}"), workspace_id=workspace, currency="USD", schema=SCHEMA
            )
        assert words in caught.value.message
        assert not session.exec(select(Offer)).all()


def test_an_unknown_offer_column_is_named(database: Database, workspace: str, as_table: AsTable) -> None:
    with database.write() as session, pytest.raises(ImportRefusedError, match="'colour' is not known"):
        import_offers(
            session,
            as_table("offer_id,name,value,cost,colour\nx,X,free,1,red"),
            workspace_id=workspace,
            currency="USD",
        )
