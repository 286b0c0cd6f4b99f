"""What a matched phrase says of an audience: the filters that it states, with their values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from agents.planner.parser.goods import goods_after, goods_before
from agents.planner.parser.grammar import Found
from agents.planner.parser.items import Item
from agents.planner.parser.lengths import Length
from agents.planner.parser.moments import Moment


class Filter(NamedTuple):
    """One filter of the audience and the items it was read from."""

    key: str
    value: object
    first: int
    last: int
    confidence: float = 0.95


Build = Callable[[Found, date], list[Filter]]


def gap(found: Found, _today: date) -> list[Filter]:
    length = found.item("d").value
    if not isinstance(length, Length):
        return []
    # "Have not bought" is read from its auxiliary on.
    first = found.first - (found.first > 0 and "HAVE" in found.sentence.items[found.first - 1].tags)
    made = [Filter("days_since_purchase_min", length.least, first, found.last)]
    if length.most is not None:
        made.append(Filter("days_since_purchase_max", length.most, first, found.last))
    return made


def gap_since(found: Found, today: date) -> list[Filter]:
    """Not bought since a day: the latest such day that has passed."""
    moment = found.item("t").value
    day = latest_past(moment, today) if isinstance(moment, Moment) else None
    return (
        [Filter("days_since_purchase_min", (today - day).days, found.first, found.last, 0.85)] if day else []
    )


def latest_past(moment: Moment, today: date) -> date | None:
    years = [moment.year] if moment.year else [today.year, today.year - 1]
    days = [day for year in years if (day := moment.first(year)) is not None and day < today]
    return days[0] if days else None


def recent(found: Found, _today: date) -> list[Filter]:
    length = found.item("d").value
    if not isinstance(length, Length) or is_negated(found):
        return []
    days = length.most or length.least
    goods = goods_of(found)
    if goods:
        return [
            Filter("bought_category", goods, found.first, found.last, 0.8),
            Filter("within_days", days, found.first, found.last, 0.9),
        ]
    return [Filter("days_since_purchase_max", days, found.first, found.last)]


def goods_of(found: Found) -> str | None:
    at = found.named.get("b")
    if at is None:
        return None
    goods = goods_after(found.sentence, at)
    if goods is None and found.sentence.language in ("de", "nl"):
        goods = goods_before(found.sentence, at)
    return goods[0] if goods else None


def is_negated(found: Found) -> bool:
    return any(
        item.has("NOT", "WITHOUT", "NO") for item in found.sentence.before(found.first, 4, clause=True)
    )


def category(found: Found, _today: date) -> list[Filter]:
    goods = goods_of(found)
    if goods is None or is_negated(found):
        return []
    return [Filter("bought_category", goods, found.first, found.last, 0.8)]


def times(found: Found, _today: date) -> list[Filter]:
    item = found.item("n")
    count = 1 if item.has("ONCE") else 2 if item.has("TWICE") else item.value
    if isinstance(count, Decimal):
        count = int(count) if count == int(count) and count < 1000 else None
    if not isinstance(count, int):
        return []
    bound = found.get("bound")
    after = found.sentence.items[found.last + 1] if found.last + 1 < len(found.sentence.items) else None
    plus = any(found.sentence.items[at].form == "+" for at in range(found.first, found.last + 1)) or (
        after is not None and after.has("ORMORE")
    )
    value: object = count
    if bound is not None and bound.has("MIN"):
        value = {"min": count + 1 if bound.has("MORETHAN") else count}
    elif bound is not None and bound.has("MAX"):
        value = {"max": count}
    elif plus:
        value = {"min": count}
    return [Filter("order_count", value, found.first, found.last)]


def constant(key: str, value: object, confidence: float = 0.9) -> Build:
    return lambda found, _today: [Filter(key, value, found.first, found.last, confidence)]


def named(key: str, prefix: str, confidence: float = 0.9) -> Build:
    def build(found: Found, _today: date) -> list[Filter]:
        tag = next((tag for tag in sorted(found.item("x").tags) if tag.startswith(prefix)), None)
        return [Filter(key, tag.removeprefix(prefix), found.first, found.last, confidence)] if tag else []

    return build


def subscribers(found: Found, _today: date) -> list[Filter]:
    """Subscribers to be won are a goal; those who are subscribed an audience, and "not on the newsletter" its contrary."""
    before = found.sentence.before(found.first, 3, clause=True)
    if any(item.has("GAIN", "MORE", "NEW") for item in before[:1]):
        return []
    return [Filter("newsletter", not any(item.has("NOT", "NO") for item in before), found.first, found.last)]


def tier(found: Found, _today: date) -> list[Filter]:
    """A bare "gold" is a tier only beside another tier or people; VIPs always are."""
    item = found.item("x")
    name = next(tag[5:] for tag in sorted(item.tags) if tag.startswith("TIER:"))
    sentence, at = found.sentence, found.first
    near = [*sentence.items[at + 1 : at + 4], *sentence.before(at, 3)]
    if name != "vip" and " " not in item.form and not any(each.has("PEOPLE", "TIER") for each in near):
        return []
    return [Filter("tier", name, found.first, found.last, 0.9)]


def called_segment(found: Found, _today: date) -> list[Filter]:
    """ "The VIP segment" is a segment by that name, whatever tiers there are."""
    at = found.named["x"]
    return [Filter("segment", found.sentence.words(at, at), found.first, found.last)]


def plan_called(found: Found, _today: date) -> list[Filter]:
    """A plan named before the word: "on the family plan"."""
    item = found.item("n")
    if not item.form.isalpha() or item.tags:
        return []
    return [Filter("plan", item.form, found.first, found.last, 0.85)]


def plan_held(found: Found, today: date) -> list[Filter]:
    """The plan that people are on; the one that they are to move to ("upsell to the Pro plan") is no audience."""
    before = found.sentence.before(found.first, 3, clause=True)
    moved = any(item.has("OBJ:upsell", "MOVEV", "CONVERT") for item in found.sentence.before(found.first, 9))
    after = found.sentence.items[found.last + 1 : found.last + 2]
    held = found.item("x").has("PEOPLE") or any(item.has("PEOPLE") and item.stop == "W" for item in after)
    ours = bool(before) and before[0].has("OURS") and not found.item("x").has("PEOPLE")
    if ours and not held and any(item.has("IS") for item in after_plan(found)):
        return []  # "Our annual plan for 2027 is in the drive."
    if moved and not held and any(item.has("TO") and not item.has("WHO") for item in before):
        return []
    return named("plan", "PLAN:")(found, today)


def after_plan(found: Found) -> list[Item]:
    """The rest of the clause behind a plan's name, up to four items."""
    behind: list[Item] = []
    for item in found.sentence.items[found.last + 1 : found.last + 5]:
        if item.stop != "W":
            break
        behind.append(item)
    return behind


def number(key: str) -> Build:
    def build(found: Found, _today: date) -> list[Filter]:
        value = found.item("n").value
        if not isinstance(value, Decimal) or value > 10**6:
            return []
        return [Filter(key, int(value) if value == int(value) else value, found.first, found.last)]

    return build


def within(key: str) -> Build:
    def build(found: Found, today: date) -> list[Filter]:
        length = found.item("d").value
        if isinstance(length, Length):
            return [Filter(key, length.most or length.least, found.first, found.last)]
        if isinstance(length, Moment) and key == "trial_ends_within_days":
            day = length.last(length.year or today.year)
            return [Filter(key, (day - today).days, found.first, found.last)] if day and day >= today else []
        return []

    return build


def delivered(found: Found, today: date) -> list[Filter]:
    """Whose order came how long ago; "delivery takes three days" is told of nobody."""
    sentence = found.sentence
    near = [*sentence.before(found.first, 8), *sentence.items[found.first : found.last + 4]]
    if not any(
        item.has("PEOPLE", "WHO", "EVERYONE", "TYPE", "AGO", "LAST", "BUYERWORD", "BOUGHT") for item in near
    ):
        return []
    return within("delivered_within_days")(found, today)


def expires(found: Found, today: date) -> list[Filter]:
    moment = found.item("t").value
    if not isinstance(moment, Moment) or not moment.is_period:
        return []
    years = [moment.year] if moment.year else [today.year, today.year + 1]
    day = next((day for year in years if (day := moment.last(year)) is not None and day >= today), None)
    if day is None:
        return []
    return [
        Filter("plan_expires", f"{day:%Y-%m}", found.first, found.last),
        *named("plan", "PLAN:")(found, today),
    ]


def cancelled(found: Found, today: date) -> list[Filter]:
    """The cancellations lie behind us: the latest time of that name that has begun."""
    value = found.item("t").value
    if isinstance(value, Length):
        opens = today - timedelta(days=value.most or value.least)
        return [Filter("cancelled_from", opens, found.first, found.last)]
    if not isinstance(value, Moment):
        return []
    until = found.get("u")
    last = until.value if until is not None and isinstance(until.value, Moment) else value
    first_day = latest_past(value, today)
    if first_day is None:
        return []
    closes = last.last(first_day.year)
    if closes is not None and closes < first_day:
        closes = last.last(first_day.year + 1)
    made = [Filter("cancelled_from", first_day, found.first, found.last)]
    if closes is not None:
        made.append(Filter("cancelled_to", closes, found.first, found.last))
    return made


def top(found: Found, _today: date) -> list[Filter]:
    value = found.item("p").value
    if not isinstance(value, Decimal) or not 0 < value < 100:
        return []
    return [Filter("clv_percentile_min", 100 - value, found.first, found.last)]


def looked(found: Found, _today: date) -> list[Filter]:
    goods = goods_after(found.sentence, found.named["b"])
    return [Filter("browsed_not_bought", goods[0] if goods else True, found.first, found.last, 0.85)]


def quoted_segment(found: Found, _today: date) -> list[Filter]:
    """A segment named in quotation marks."""
    first, last = found.named["o"], found.named["c"]
    if last - first < 2:
        return []
    return [Filter("segment", found.sentence.words(first + 1, last - 1), found.first, found.last)]


def new_customers(found: Found, _today: date) -> list[Filter]:
    """New customers to be won are a goal; those who are here are an audience."""
    if any(item.has("GAIN", "GOALWORD", "OBJ:acquisition") for item in found.sentence.before(found.first, 2)):
        return []
    return [Filter("new_customer", True, found.first, found.last, 0.85)]
