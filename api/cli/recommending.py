"""`countersign recommend`: what to recommend to a person, and why, from a file of purchases. Needs no home."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import Console

    from store.item_file import ItemRows
    from tools.recommend.purchases import Purchases
    from tools.recommend.recommender import Recommender

_FILE = "CSV file; .gz is read too."


def recommend(
    ctx: typer.Context,
    purchases: Annotated[Path, typer.Argument(metavar="PURCHASES", help=f"One row an item bought. {_FILE}")],
    to: Annotated[list[str], typer.Option("--to", help="Id of a person; may be repeated.")],
    by: Annotated[
        str, typer.Option(help="item_item, cosine, factors, or texts (needs --items).")
    ] = "item_item",
    person: Annotated[str, typer.Option(help="Column of the person.")] = "person",
    item: Annotated[str, typer.Option(help="Column of the item.")] = "item",
    day: Annotated[str, typer.Option(help="Column of the day, YYYY-MM-DD.")] = "day",
    amount: Annotated[
        str | None, typer.Option(help="Column of pieces; returns, not above 0, are left out.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Learn from purchases before this day; else from all.")
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help=f"Columns item, value, margin, stock, text. {_FILE}")
    ] = None,
    segments: Annotated[
        Path | None, typer.Option(help=f"Columns person, segment: for people without purchases. {_FILE}")
    ] = None,
    count: Annotated[int, typer.Option(help="Items a person, 1 to 100.")] = 10,
    value_weight: Annotated[float, typer.Option(help="Weight of an item's value, 0 to 1.")] = 0.0,
    least_margin: Annotated[float | None, typer.Option(help="Leave out items of a smaller margin.")] = None,
    in_stock: Annotated[bool, typer.Option("--in-stock", help="Leave out items without stock.")] = False,
    exclude: Annotated[list[str] | None, typer.Option(help="An item never to show; may be repeated.")] = None,
    new_only: Annotated[bool, typer.Option("--new-only", help="Only what the person never bought.")] = False,
    diversity: Annotated[
        float, typer.Option(help="How much items like one another count against, 0 to 1.")
    ] = 0.0,
    serendipity: Annotated[float, typer.Option(help="Share of places for discoveries, 0 to 1.")] = 0.0,
) -> None:
    """Rank items for people, each with its reason; who has bought nothing gets what is popular, and it says so."""
    from store.item_file import ItemRows, read_items, read_segments
    from store.purchase_file import read_purchases
    from tools.recommend.for_person import recommend_for
    from tools.recommend.purchases import purchases_of
    from tools.recommend.ranking import ItemFacts, RankingRules

    rules = RankingRules(
        count,
        value_weight,
        least_margin,
        in_stock,
        frozenset(exclude or ()),
        new_only,
        diversity,
        serendipity,
    )
    rows = read_purchases(purchases, person=person, item=item, day=day, amount=amount)
    until = _day(as_of) if as_of else rows.last_day + timedelta(days=1)
    known = purchases_of(rows.person, rows.item, rows.day, until)
    about = read_items(items) if items else ItemRows({}, {}, {}, {})
    made = _learnt(known, by, about)
    facts = ItemFacts(about.value, about.margin, about.stock)
    where = read_segments(segments) if segments else {}
    people = [_told(each, recommend_for(made, each, rules, facts, where)) for each in to]
    answer = {
        "purchases": len(known.age),
        "left_out_rows": rows.left_out,
        "before": until.isoformat(),
        "by": by,
        "people": people,
    }
    give(ctx, answer, _show)


def _learnt(known: Purchases, by: str, about: ItemRows) -> Recommender:
    from tools.recommend.recommender import beside_repeats, learn_recommender
    from tools.recommend.repeat import following, repeat_rates
    from tools.recommend.texts import learn_texts

    if by != "texts":
        return learn_recommender(known, by)
    if not about.text:
        raise InvalidInputError("texts needs a file --items with a column text", value=by)
    import numpy as np

    from store.embedding import MiniLMEmbedder

    named = [k for k, name in enumerate(known.items.tolist()) if name in about.text]
    vectors = np.zeros((len(known.items), MiniLMEmbedder.dimension))
    vectors[named] = MiniLMEmbedder().embed([about.text[known.items[k]] for k in named])
    return beside_repeats(known, learn_texts(known, vectors), repeat_rates(following(known)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"--as-of {text!r} must be a day as YYYY-MM-DD", value=text) from None


def _told(person: str, made: Any) -> dict[str, Any]:  # PersonList; JSON
    return {
        "person": person,
        "cold_start": made.cold_start,
        "items": [
            {"item": each.item, "score": each.score, **each.reason._asdict()} for each in made.ranking.items
        ],
        "left_out": [each._asdict() for each in made.ranking.left_out],
    }


def _show(console: Console, answer: dict[str, Any]) -> None:  # JSON
    from rich.markup import escape
    from rich.table import Table

    console.print(f"{answer['purchases']:,} purchases before {answer['before']}, by {answer['by']}")
    for person in answer["people"]:
        cold = " (cold start: nothing is known of what they bought)" if person["cold_start"] else ""
        console.print(f"\n{person['person']}{cold}", markup=False)
        table = Table(box=None, pad_edge=False)
        for name in ("item", "score", "why"):
            table.add_column(name, justify="right" if name == "score" else "left")
        for each in person["items"]:
            table.add_row(escape(each["item"]), f"{each['score']:.3f}", escape(each["words"]))
        console.print(table)
        for each in person["left_out"]:
            console.print(f"left out: {each['item']} ({each['rule']})", markup=False)
