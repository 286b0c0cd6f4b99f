"""What the campaign is for: the objective code behind the marketer's words."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from agents.planner.brief import OBJECTIVE_CODES, ObjectiveCode
from agents.planner.parser.grammar import Pattern
from agents.planner.parser.items import Sentence
from agents.planner.parser.reading import Reading

# 3: the words state a goal; 2: they describe whom or what, and a stated goal outranks them; 1: a hint.
_SOURCES: Final[tuple[tuple[ObjectiveCode, int, str], ...]] = (
    ("winback", 3, "BRING _8 BACK"),
    ("winback", 3, "BACK _2 BRING"),
    ("cart_recovery", 3, "ABANDON _5 CART"),
    ("cart_recovery", 3, "CART _4 ABANDON"),
    ("trial_conversion", 3, "TRIAL _9 PAY"),
    ("trial_conversion", 3, "CONVERT _9 TRIAL"),
    ("trial_conversion", 3, "TRIAL _6 CONVERT"),
    ("event_registration", 3, "SIGNUP _6 EVENT"),
    ("event_registration", 3, "EVENT _6 SIGNUP"),
    ("event_registration", 3, "INVITE ~7 EVENT"),
    ("event_registration", 3, "FILL_UP _5 EVENT"),
    ("opt_in_growth", 3, "SIGNUP _4 NEWSWORD"),
    ("opt_in_growth", 3, "MORE _2 NEWSWORD"),
    ("review_collection", 3, "MORE|ASK|COLLECT|SOLE ~12 REVIEW"),
    ("review_collection", 3, "REVIEW _3 ASK|COLLECT"),
    ("app_install", 3, "INSTALL _4 APP"),
    ("app_install", 3, "APP _3 INSTALL"),
    ("repeat_purchase", 3, "BUY _4 AGAIN"),
    ("repeat_purchase", 3, "AGAIN _2 BUY"),
    ("repeat_purchase", 3, "SECONDTIME _2 BUY|ORDERS"),
    ("retention", 3, "LESS _4 CHURN|KPI:churn_rate"),
    ("retention", 3, "KEEP _6 LEAVE"),
    ("retention", 3, "BEFORE _4 LEAVE"),
    ("retention", 2, "CHURN _3 RISKWORD"),
    ("retention", 2, "KEEP THEM !BACKOUT"),
    ("retention", 1, "DECILE"),
    ("upsell", 3, "CONVERT|MOVEV _6 PLANWORD|PLANNAME _3 TO _3 PLANWORD|PLANNAME"),
    ("upsell", 3, "SELLV _6 PEOPLE _4 PLANWORD|PLANNAME"),
    ("loyalty", 2, "POINTS _7 EXPIRE"),
    ("winback", 2, "NOT _2 BUY _3 SINCE"),
    ("product_launch", 3, "LAUNCH _6 THING|PRODUCTWORD"),
    ("product_launch", 3, "LAUNCH _3 NEW"),
    ("product_launch", 3, "NEW _4 LAUNCH"),
    ("product_launch", 1, "LAUNCH OF|FOR !CAMPAIGN|ARTICLE"),
    ("event_registration", 1, "SIGNUP !NEWSWORD"),
    ("product_launch", 2, "LAUNCH CAMPAIGN"),
    ("product_launch", 1, "LAUNCH DATE"),
    ("product_promotion", 1, "PROMO"),
    ("product_launch", 2, "NEW _2 THING|PRODUCTWORD"),
    ("loyalty", 3, "REWARD _6 LOYAL|TIER"),
    ("acquisition", 3, "GAIN _3 NEWCUSTOMER"),
    ("aov_growth", 3, "MORE _3 KPI:aov"),
    ("engagement", 2, "MORE _4 KPI:opens|KPI:clicks|KPI:visits"),
    ("conversion", 2, "LOOKED ~8 NOT _3 BUY"),
    ("conversion", 2, "TURN _6 INTO _3 BUYERWORD"),
    ("seasonal_promotion", 2, "HOLIDAY _2 CAMPAIGN|SALE|OFFER|THING"),
    ("seasonal_promotion", 2, "CAMPAIGN|SALE|OFFER|THING _3 HOLIDAY"),
    ("seasonal_promotion", 2, "SEASON _1 CAMPAIGN|SALE|OFFER|THING"),
    ("product_promotion", 2, "PRODUCTCUE"),
    ("seasonal_promotion", 1, "HOLIDAY"),
    ("winback", 1, "NOT _4 BUY ~4 DUR"),
    ("winback", 1, "DUR _4 NOT _3 BUY"),
    ("winback", 1, "INACTIVE _3 DUR"),
    ("winback", 1, "INACTIVE _2 PEOPLE"),
    ("winback", 1, "PEOPLE _4 INACTIVE"),
    ("winback", 1, "SEGMENT:lapsed|SEGMENT:dormant|SEGMENT:inactive"),
    ("retention", 1, "SEGMENT:at-risk"),
    ("repeat_purchase", 1, "ONETIME"),
    ("conversion", 1, "NEVERBOUGHT"),
    ("product_promotion", 1, "SALE"),
    (
        "product_promotion",
        1,
        "DISCOUNT _2 ON|FOR !DATE|WEEKDAY|CHANNEL|EVERYONE|CART|ORDERS|BUY|PEOPLE|TO|THE|ARTICLE|TIER|TYPE|SEGMENT|NUM|WHO|NEWCUSTOMER .",
    ),
    ("app_install", 1, "NOT _3 APP"),
    ("review_collection", 1, "REVIEW"),
)
_RULES: Final = tuple((code, weight, Pattern(source)) for code, weight, source in _SOURCES)
# Goals that go together: the first is a way to the second, so naming both is not naming two.
_COMPATIBLE: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("winback", "repeat_purchase"), ("cart_recovery", "conversion"), ("trial_conversion", "upsell"),
        ("renewal", "retention"), ("loyalty", "retention"), ("product_launch", "product_promotion"),
        ("trial_conversion", "conversion"), ("product_launch", "app_install"), ("activation", "conversion"),
        ("loyalty", "repeat_purchase"), ("activation", "trial_conversion"), ("upsell", "renewal"),
        ("product_launch", "seasonal_promotion"), ("winback", "activation"), ("trial_conversion", "activation"),
        ("acquisition", "opt_in_growth"), ("winback", "retention"), ("product_launch", "event_registration"),
    )
)  # fmt: skip


class Goal(NamedTuple):
    """One objective the text speaks of."""

    code: ObjectiveCode
    weight: int
    first: int
    last: int


class ObjectiveReading(NamedTuple):
    """The objective, and the goals that compete for first place when there are several equal ones."""

    objective: Reading | None
    competing: list[Goal]


def find_objective(sentence: Sentence) -> ObjectiveReading:
    """Read the objective: the stated goal before the described one, the first before the later.

    Two goals joined by "and" with equal words are `multi`, and which comes first is to be asked.
    """
    goals = _goals(sentence)
    two = next((item for item in sentence.items if "TWOGOALS" in item.tags), None)
    if two is not None:
        return ObjectiveReading(Reading("objective", "multi", *two.span, 0.8), goals[:2])
    if not goals:
        return ObjectiveReading(None, [])
    weight = max(goal.weight for goal in goals)
    strong = [goal for goal in goals if goal.weight == weight]
    first = strong[0]
    equal = [first, *(goal for goal in strong[1:] if _is_equal(sentence, first, goal))]
    if weight == 3 and len({goal.code for goal in equal}) > 1:
        span = (sentence.items[first.first].start, sentence.items[equal[-1].last].end)
        return ObjectiveReading(Reading("objective", "multi", *span, 0.8), equal)
    confidence = {3: 0.95, 2: 0.85, 1: 0.7}[weight]
    return ObjectiveReading(
        Reading("objective", first.code, *sentence.span(first.first, first.last), confidence), []
    )


def find_answered_objective(sentence: Sentence) -> Reading | None:
    """Read an objective from an answer, where its plain name suffices ("winback", "cross-sell")."""
    found = find_objective(sentence).objective
    if found is not None:
        return found
    for code in OBJECTIVE_CODES:
        match = re.search(rf"\b{re.sub('_', '[ _-]', code)}\b", sentence.text, re.IGNORECASE)
        if match:
            return Reading("objective", code, *match.span())
    return None


def _goals(sentence: Sentence) -> list[Goal]:
    goals: list[Goal] = []
    for index, item in enumerate(sentence.items):
        if index in sentence.asides:
            continue
        for tag in item.tags:
            prefix, _, code = tag.partition(":")
            if prefix in ("OBJ", "HINT") and not _is_description(sentence, index, code):
                goals.append(Goal(code, 3 if prefix == "OBJ" else 2, index, index))  # type: ignore[arg-type]  # keys of the lexicon are codes, see its test
    for code, weight, pattern in _RULES:
        for found in pattern.find(sentence):
            if found.first in sentence.asides or _is_a_state(sentence, found.first, code):
                continue
            if not any(
                goal.first <= found.first
                and found.last <= goal.last
                and goal.weight >= weight
                and goal.code == code
                for goal in goals
            ):
                goals.append(Goal(code, weight, found.first, found.last))
    kept = [goal for goal in goals if not _is_negated(sentence, goal.first)]
    return sorted(kept, key=lambda goal: (goal.first, -goal.last))


def _is_description(sentence: Sentence, index: int, code: str) -> bool:
    """ "Loyalty members", "renewal date": whom or what is spoken of, not the goal."""
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if following is None or following.stop != "W":
        return False
    if code == "engagement" and following.has("PRODUCTWORD", "THING"):
        return True  # "Engagement rings" are goods.
    if code == "product_launch" and "LAUNCH" in sentence.items[index].form.upper():
        # "Launch our campaign", "launch the loyalty programme": what is launched is no product.
        return following.has("CAMPAIGN", "OBJECTIVE", "SEND", "CHANNEL")
    if " " in sentence.items[index].form:
        return False
    return code in ("loyalty", "acquisition", "retention") and following.has(
        "PEOPLE", "TIER", "POINTS", "COSTWORD"
    )


def _is_a_state(sentence: Sentence, index: int, code: str) -> bool:
    """ "With the app installed" is whom; "before Christmas" is when."""
    near = sentence.before(index, 3, clause=True)
    if code == "app_install":
        return any(item.has("WITHPEOPLE") for item in near) and not any(
            item.has("NOT", "WITHOUT", "NO") for item in near
        )
    item = sentence.items[index]
    return item.has("HOLIDAY") and (
        any(each.has("BEFORE", "AFTER", "UNTIL", "SINCE", "BETWEEN", "AROUND") for each in near[:2])
        or any(each.has("IN", "DURING", "OVER", "BY", "ON") and not each.has("FOR") for each in near[:2])
    )


def _is_negated(sentence: Sentence, index: int) -> bool:
    for item in sentence.before(index, 3, clause=True):
        if item.has("NOT", "AVOID", "WITHOUT", "NO") and not item.has("STOPVERB"):
            return True
        if not item.has("FILL", "THE", "TO", "ARTICLE", "MORE", "ONLY", "ANY"):
            break
    return False


def _is_exclusive(sentence: Sentence, goal: Goal) -> bool:
    """ "Focus solely on loyalty": a goal that leaves room for no other."""
    return any(item.has("ONLY", "SOLE") and not item.has("FILL") for item in sentence.before(goal.first, 4))


def _is_equal(sentence: Sentence, first: Goal, other: Goal) -> bool:
    if first.code == other.code or other.first <= first.last:
        return False
    if any("EQUAL" in item.tags for item in sentence.items) or (
        _is_exclusive(sentence, first) and _is_exclusive(sentence, other)
    ):
        return True
    if frozenset((first.code, other.code)) in _COMPATIBLE:
        return False
    between = sentence.items[first.last + 1 : other.first]
    if len(between) > 8 or any(item.stop == "S" for item in between):
        return False
    if not any(item.has("AND", "OR") or item.form in (",", "/") for item in between):
        return False
    return not any(
        item.has("PEOPLE", "BY_DOING", "WHO", "FOR", "MONEY", "DATE", "CHANNEL") for item in between
    )
