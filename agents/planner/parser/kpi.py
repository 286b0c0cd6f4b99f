"""The indicator that the campaign is to move: its name, where it stands and where it should go."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from agents.planner.parser.grammar import Found, Pattern
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.money import Money
from agents.planner.parser.reading import Reading

_FIGURE: Final = "NUM|PCT|MONEY"
_FROM_TO: Final = tuple(
    Pattern(source)
    for source in (
        f"kpi:KPI _4 FROM base:{_FIGURE} TO target:{_FIGURE}",
        f"kpi:KPI _3 base:{_FIGURE} TO target:{_FIGURE}",
        f"FROM base:{_FIGURE} TO target:{_FIGURE} _2 kpi:KPI",
        "kpi:KPI ~3 base:PCT _1 TO target:PCT",
        "kpi:KPI _3 base:PCT ~4 GOALWORD|TO _3 target:PCT",
        "MORE|GOALWORD _2 target:PCT _1 kpi:KPI ~4 base:PCT",
    )
)
_BY: Final = tuple(
    Pattern(source)
    for source in (
        "MORE|LESS _4 kpi:KPI _4 BY|AROUND lift:PCT",
        "MORE|LESS _4 kpi:KPI _2 lift:PCT",
        "lift:PCT MORE|LESS kpi:KPI",
        "lift:PCT MORE|LESS IN|OF|ON _2 kpi:KPI",
        "lift:PCT more kpi:KPI",
        "PLUS lift:PCT _2 kpi:KPI",
        "kpi:KPI PLUS lift:PCT",
        "kpi:KPI _3 BY lift:PCT",
    )
)
_TO: Final = tuple(
    Pattern(source)
    for source in (
        f"MORE|LESS _4 kpi:KPI _4 TO|MIN|MAX|OF target:{_FIGURE}",
        f"kpi:KPI _2 TO|MIN target:{_FIGURE} !UNIT",
        "MORE|GOALWORD _2 target:PCT kpi:KPI",
    )
)
_COUNT: Final = tuple(
    Pattern(source)
    for source in (
        "MORE|GOALWORD _3 target:NUM _2 kpi:KPI",
        "target:NUM NEW|MORE|EXTRA? kpi:KPI !PER|AGO|OR",
        "target:NUM NEW|MORE|EXTRA? kpi:OBJECTIVE",
    )
)
_NAMED: Final = tuple(
    Pattern(source) for source in ("MORE|GOALWORD|COLLECT _3 kpi:KPI", "LESS _3 kpi:KPI:churn_rate")
)
_MEASURE: Final = tuple(
    Pattern(source)
    for source in ("MEASUREWORD _4 kpi:KPI", "MEASUREWORD : _2 kpi:KPI", "kpi:KPI _2 MEASUREWORD")
)
# What a goal is about: to name it again without a figure says nothing more.
_OWN_INDICATOR: Final = {
    "aov_growth": "aov", "retention": "churn_rate", "conversion": "conversion_rate",
    "trial_conversion": "trial_conversion_rate", "repeat_purchase": "repeat_purchase_rate",
}  # fmt: skip
# What a counted goal is counted in: "250 webinar registrations", "3,000 installs of our app".
_COUNTED_BY: Final = {
    "app_install": "app_installs", "event_registration": "registrations", "review_collection": "reviews",
    "renewal": "renewals", "opt_in_growth": "email_opt_ins",
}  # fmt: skip
# The confidence of an indicator that is only wished for ("more visits").
_WISHED: Final = 0.8
# The goal that an indicator with a figure is the measure of; sales and visits may serve any goal.
GOAL_OF: Final = {indicator: goal for goal, indicator in (*_COUNTED_BY.items(), *_OWN_INDICATOR.items())}
_WANTED: Final = (
    "MORE",
    "GOALWORD",
    "WANT",
    "COLLECT",
    "GAIN",
    "TO",
    "FOR",
    "NEW",
    "MIN",
    "CAMPAIGN",
    "OBJECTIVE",
    "SIGNUP",
    "ASK",
)
# What shops count anyway; registrations or reviews with a number are counted for the goal.
_OF_EVERY_DAY: Final = ("purchases", "units_sold", "visits", "revenue", "clicks", "opens")
_NOT_A_COUNT: Final = ("LAST", "MIN", "EXACTLY", "WITHPEOPLE", "THAN", "WHO", "BUY", "ORDINAL")


def find_kpi(sentence: Sentence) -> Reading | None:
    """Read the indicator the brief wants moved; None unless the text names one as a goal, calls it the measure or counts it.

    The value is the mapping of the record's `kpi`: percentages become fractions, "by 10 %" a relative lift of
    0.10, "from 2 % to 3 %" baseline and target, "500 registrations" a target.
    """
    for patterns, confidence in (
        (_FROM_TO, 0.95),
        (_BY, 0.9),
        (_TO, 0.9),
        (_COUNT, 0.85),
        (_MEASURE, 0.82),
        (_NAMED, _WISHED),
    ):
        readings = [
            reading
            for pattern in patterns
            for found in pattern.find(sentence)
            if (reading := _reading(found, confidence)) is not None
        ]
        # One of two goals that were named without a figure is not the indicator of the campaign.
        if readings and not (confidence == _WISHED and "TWOGOALS" in sentence.vocabulary):
            return min(readings, key=lambda reading: (reading.start, -reading.end))
    return None


def says_no_more_than_the_goal(kpi: Reading, objective: object) -> bool:
    """ "Collect product reviews", "more sales": without a figure, and not called the measure, a wish beside no other goal is no indicator."""
    if kpi.confidence > _WISHED or not isinstance(kpi.value, dict) or len(kpi.value) > 1:
        return kpi.value == {"name": _COUNTED_BY.get(f"{objective}")}
    own = (_COUNTED_BY.get(f"{objective}"), _OWN_INDICATOR.get(f"{objective}"))
    return objective is None or kpi.value["name"] in own


def _reading(found: Found, confidence: float) -> Reading | None:
    tags = found.item("kpi").tags
    name = next((tag[4:] for tag in sorted(tags) if tag.startswith("KPI:")), None)
    name = name or next(
        (_COUNTED_BY[tag[4:]] for tag in sorted(tags) if tag.startswith("OBJ:") and tag[4:] in _COUNTED_BY),
        None,
    )
    sentence = found.sentence
    before = sentence.before(found.first, 3)
    if name is None or any(item.has("GUARD", "NOT", "WITHOUT") for item in before[:2]):
        return None
    if not sentence.is_free(found.first, found.last):
        return None
    value: dict[str, object] = {"name": name}
    for key, group in (("baseline", "base"), ("target", "target"), ("relative_lift", "lift")):
        item = found.get(group)
        if item is not None:
            value[key] = _figure(item)
    if confidence == 0.85 and (any(item.has(*_NOT_A_COUNT) for item in before[:1]) or _is_a_fact(found)):
        return None
    if confidence == _WISHED and (_describes_people(sentence, found.named["kpi"]) or _labels_the_goal(found)):
        return None
    for group in ("base", "target", "lift"):
        if group in found.named:
            sentence.take(found.named[group], found.named[group])
    return Reading("kpi", value, *found.span, confidence)


def _is_a_fact(found: Found) -> bool:
    """ "We sell about 300 units a month", "that brought in 300 orders": a count that nothing in its clause calls wanted."""
    sentence = found.sentence
    following = sentence.items[found.last + 1 : found.last + 2]
    if any(tag.startswith("EVERY:") for item in following for tag in item.tags):
        return True
    name = found.item("kpi").tags
    if not any(f"KPI:{fact}" in name for fact in _OF_EVERY_DAY):
        return False
    clause = [*sentence.before(found.first, 8, clause=True), *sentence.items[found.first : found.last]]
    return any(not item.tags and item.form.isalpha() for item in clause) and not any(
        item.has(*_WANTED) for item in clause
    )


def _describes_people(sentence: Sentence, index: int) -> bool:
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    return following is not None and following.stop == "W" and following.has("PEOPLE", "DATE", "AGO")


def _labels_the_goal(found: Found) -> bool:
    """ "Goal: renewals" names the objective; no figure makes an indicator of it."""
    labelled = any(item.form == ":" for item in found.sentence.items[found.first : found.named["kpi"]])
    return labelled and any(tag.startswith("OBJ:") for tag in found.item("kpi").tags)


def _figure(item: Item) -> Decimal | None:
    if isinstance(item.value, Money):
        return item.value.amount
    if not isinstance(item.value, Decimal):
        return None
    return item.value / 100 if "PCT" in item.tags else item.value
