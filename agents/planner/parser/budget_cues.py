"""What stands around an amount: whether it is called the budget, a price, a count, and for which period."""

from __future__ import annotations

from typing import Final

from agents.planner.parser.items import Item, Sentence

FILL: Final = (
    "FILL",
    "IS",
    "THE",
    "ARTICLE",
    "MAX",
    "AROUND",
    "OF",
    "ONLY",
    "FOR",
    "BETWEEN",
    "FROM",
    "DASH",
    "AT",
    "TO",
    "TOTALWORD",
    "ON",
    "IN",
)

_THINGS: Final = ("PRODUCTWORD", "THING", "PLANWORD", "EVENT", "BENIGN")


def cue_before(sentence: Sentence, at: int) -> str | None:
    """What stands before an amount: "budget", a "price", an upper bound, or nothing of the kind."""
    upper = floor = False
    for item in sentence.before(at, 8):
        if floor and item.has("CART", "ORDERS"):
            return "price"
        floor = floor or item.has("FROM", "MIN")
        if item.has("PRICEWORD", "PAYS") and not item.has("BUDGET"):
            return "price"
        if item.has("COSTS") and _is_of_a_thing(sentence, item):
            return "price"
        if item.has("BUDGET"):
            return "price" if _is_spent_by_people(sentence, item) or _is_gone(sentence, item) else "budget"
        if item.has("MIN") and not item.has("FROM"):
            return "price"
        if item.has("BUDGETCUE") and not item.has("WITHPEOPLE"):
            return "budget"
        upper = upper or item.has("MAX")
        if item.has("TOTALWORD"):
            return "budget"
        if not (item.has(*FILL, "CORRECT", "GOALWORD", "BUDGETAFTER") or item.form in (":", "(", "eq")):
            break
    return "max" if upper else None


def _is_spent_by_people(sentence: Sentence, item: Item) -> bool:
    """ "Our best customers spend €300 a year"."""
    index = sentence.items.index(item)
    before = sentence.items[index - 1] if index else None
    return before is not None and before.has("PEOPLE") and item.has("CLVWORD")


def _is_gone(sentence: Sentence, item: Item) -> bool:
    """ "The old budget was £900", "last year's budget": money of another time."""
    index = sentence.items.index(item)
    return any(each.has("FORMER", "LAST") for each in sentence.before(index, 3, clause=True))


def _is_of_a_thing(sentence: Sentence, item: Item) -> bool:
    """ "Suits cost £12": what a thing costs, where the campaign, "it" or "all" would be told of its budget."""
    index = sentence.items.index(item)
    before = sentence.items[index - 1] if index else None
    return before is not None and before.stop == "W" and _names_a_thing(before)


def _names_a_thing(item: Item) -> bool:
    return not item.tags or item.has(*_THINGS)


def is_said_of_a_thing(sentence: Sentence, at: int) -> bool:
    """ "A box is £34.50", "on sale at €99": an amount that nothing calls money to spend, told of a noun."""
    near = sentence.before(at, 4, clause=True)
    place = next((place for place, item in enumerate(near) if not item.has("AROUND", "ONLY")), None)
    if place is None or near[place].stop != "W":
        return False
    listed = next((each for each in sentence.before(at, 6, clause=True) if each.has("MONEY")), None)
    if listed is not None and any(each.has("AND") for each in near):
        return is_said_of_a_thing(sentence, sentence.items.index(listed))
    if near[place].has("AT") and near[place].form not in ("a", "à"):
        return True
    if not near[place].has("IS") and not (
        near[place].has("AT", "TO") and place + 1 < len(near) and near[place + 1].has("IS")
    ):
        return False
    further = place + (1 if near[place].has("IS") else 2)
    beyond = near[further] if further < len(near) else None
    return beyond is not None and beyond.stop == "W" and _names_a_thing(beyond)


def is_cued_after(sentence: Sentence, index: int) -> bool:
    for item in sentence.items[index + 1 : index + 5]:
        if item.stop != "W":
            return False
        if item.has("BUDGETAFTER"):
            return True
        if not item.has("FILL", "TOTALWORD", "IN", "OF", "ARTICLE", "THE", "FOR") and not any(
            t.startswith("EVERY:") for t in item.tags
        ):
            return False
    return False


def is_alone(sentence: Sentence, at: int) -> bool:
    if at == 0:
        return True
    before = sentence.items[at - 1]
    return before.stop != "W" or before.has("WITH", "FOR", "VIA", "FILL", "ONLY", "AROUND", "DASH", "USE")


def stands_alone(sentence: Sentence, index: int) -> bool:
    """ "..., 9k EUR." has nothing beside it that could make it anything but the budget."""
    before = sentence.items[index - 1] if index else None
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    opens = before is None or before.stop != "W" or before.form == ":"
    return opens and (following is None or following.stop != "W")


def is_price_after(sentence: Sentence, index: int) -> bool:
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if following is None or following.stop != "W":
        return False
    if any(tag.startswith("EVERY:") for tag in following.tags) or following.has("BUDGET", "BUDGETAFTER"):
        return False
    if following.has("PER") and not following.has("VIA"):
        beyond = sentence.items[index + 2] if index + 2 < len(sentence.items) else None
        return (
            beyond is not None
            and beyond.stop == "W"
            and not beyond.has("UNIT")
            and (following.form not in ("a", "an") or _names_a_thing(beyond))
        )
    return following.has("PRICEAFTER")


def is_count(sentence: Sentence, index: int) -> bool:
    """A number that counts something is no amount of money."""
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if following is None:
        return False
    if following.has(
        "COUNTED",
        "KPI",
        "PEOPLE",
        "UNIT",
        "PERCENT",
        "TIMES",
        "CHANNEL",
        "SENDWORD",
        "POINTS",
        "ORDERS",
        "VARIANT",
    ):
        return not following.has("BUDGETAFTER")
    beyond = sentence.items[index + 2] if index + 2 < len(sentence.items) else None
    if beyond is not None and beyond.stop == "W" and following.stop == "W" and beyond.has("COUNTED", "KPI"):
        return not following.has("BUDGETAFTER", "FOR", "TO")
    return following.form in ("x", "km", "mg", "ml", "cm", "kg", "+")


def period_of(sentence: Sentence, index: int) -> tuple[str | None, int]:
    for at in range(index + 1, min(index + 4, len(sentence.items))):
        item = sentence.items[at]
        unit = next((tag[6:] for tag in item.tags if tag.startswith("EVERY:")), None)
        if unit in ("day", "week", "month", "quarter", "year"):
            return unit, at
        if not item.has("BUDGET", "FILL", "MAX"):
            break
    for item in sentence.before(index, 5):
        unit = next((tag[6:] for tag in item.tags if tag.startswith("EVERY:")), None)
        if unit in ("day", "week", "month", "quarter", "year"):
            near = any(each.has("BUDGET") for each in sentence.before(index, 5))
            return (unit, index) if near else (None, index)
        if item.stop != "W" and item.form not in (":",):
            break
    return None, index


def is_earned(sentence: Sentence, at: int) -> bool:
    """ "Revenue last quarter was $1.2m", "we aim at sales of $90k": money that comes in, where nothing says what goes out."""
    for item in sentence.before(at, 8, clause=True):
        if item.has("BUDGET", "BUDGETCUE", "CAMPAIGN", "CHANNEL"):
            return False
        if item.has("KPI:revenue", "KPI:margin", "KPI:aov", "PRICEWORD"):
            return True
    return False
