"""The phrases that filter an audience: each pattern with what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.lexicon import one_of
from agents.planner.parser.moments import find_moments
from agents.planner.parser.numbers import DIGITS, WORDS, duration, read_duration, read_number
from agents.planner.parser.time_words import month_rules


class Scope(NamedTuple):
    """What a rule may look at beside its match."""

    text: str
    today: date


class Found(NamedTuple):
    """One filter of the audience."""

    key: str
    value: object
    confidence: float = 0.95


Build = Callable[[re.Match[str], Scope], list[Found]]

_NOT = r"(?:(?:have|has|had|did|do|does)(?:n['’]?t| not)|not|never|no longer|without)"
_BUY = (
    r"(?:bought|buy|buying|purchased?|purchasing|ordered|orders?|ordering|shopped|shop"
    r"|(?:made|make|making|placed?|placing) (?:a |an |any )?(?:purchase|order)s?)"
)
_THING = r"(?:\s(?:anything|again|from us|with us|in our shop|at our store|online)){0,6}"
_FOR = r"(?:\s?,?\s?(?:for|in|within|during|over|since))?\s?(?:at least |more than |over |the |last |past |previous |about |a full ){0,6}"
_PEOPLE = r"(?:customers|users|people|subscribers|shoppers|buyers|members|clients|accounts|contacts)"
_N = rf"(?:{DIGITS}|{WORDS})"
_M = one_of(ENGLISH.months)
# A thing somebody bought: up to four words, none of which opens another part of the sentence.
_STOP = r"(?:in|within|during|over|since|for|from|last|this|but|and|or|at|on|by|via|with|to|more|once|twice|again|anything|something|exactly|least|less|only|before|after|online|never|not|until|who|that|us|nothing|one|two|three|recently|it|them|our|these)\b"
_GOODS = rf"(?:(?!{_STOP})[a-z][\w'’-]*)(?:\s(?:(?!{_STOP})[a-z][\w'’-]*)){{0,3}}"


def _gap(match: re.Match[str], _scope: Scope) -> list[Found]:
    days = read_duration(match, "n")
    if days is None:
        return []
    return _between(days.least, days.most)


def _between(least: int, most: int | None) -> list[Found]:
    found = [Found("days_since_purchase_min", least)]
    if most is not None:
        found.append(Found("days_since_purchase_max", most))
    return found


def _gap_since(match: re.Match[str], scope: Scope) -> list[Found]:
    """Not bought since a day: the latest such day that has passed."""
    moments = find_moments(match["since"], scope.today).found
    if not moments:
        return []
    years = [moments[0].year] if moments[0].year else [scope.today.year, scope.today.year - 1]
    days = [day for year in years if (day := moments[0].first(year)) is not None and day < scope.today]
    return [Found("days_since_purchase_min", (scope.today - days[0]).days, 0.85)] if days else []


def _recent(match: re.Match[str], _scope: Scope) -> list[Found]:
    days = read_duration(match, "n")
    if days is None:
        return []
    goods = _goods(match)
    if goods:
        return [Found("bought_category", goods, 0.85), Found("within_days", days.most or days.least, 0.9)]
    return [Found("days_since_purchase_max", days.most or days.least)]


def _goods(match: re.Match[str]) -> str | None:
    goods = (match.groupdict().get("goods") or "").strip()
    return re.sub(r"^(?:our|the|a|an|any|some|new)\s", "", goods) or None


def _category(match: re.Match[str], _scope: Scope) -> list[Found]:
    goods = _goods(match)
    return [Found("bought_category", goods, 0.85)] if goods else []


def _times(match: re.Match[str], _scope: Scope) -> list[Found]:
    word = re.sub(r"\s+times?$", "", match["times"].lower())
    count = {"once": 1, "twice": 2}.get(word)
    if count is None:
        number = read_number(word)
        count = int(number) if number is not None and number == int(number) else None
    if count is None:
        return []
    bound = (match["bound"] or "").lower()
    if bound.startswith(("at least", "minimum")) or match["plus"]:
        return [Found("order_count", {"min": count})]
    if bound.startswith(("more than", "over")):
        return [Found("order_count", {"min": count + 1})]
    if bound.startswith(("at most", "up to", "no more")):
        return [Found("order_count", {"max": count})]
    return [Found("order_count", count)]


def _constant(key: str, value: object, confidence: float = 0.9) -> Build:
    return lambda match, scope: [Found(key, value, confidence)]


def _text(key: str, group: str, confidence: float = 0.9) -> Build:
    return lambda match, scope: [Found(key, match[group].strip(), confidence)]


def _lower(key: str, group: str, confidence: float = 0.9) -> Build:
    return lambda match, scope: [Found(key, match[group].strip().lower().replace("vips", "vip"), confidence)]


def _number(key: str, group: str = "number", confidence: float = 0.95) -> Build:
    def build(match: re.Match[str], _scope: Scope) -> list[Found]:
        number = read_number(match[group])
        if number is None or number > 10**9:
            return []
        return [Found(key, int(number) if number == int(number) else number, confidence)]

    return build


def _within(key: str) -> Build:
    def build(match: re.Match[str], _scope: Scope) -> list[Found]:
        days = read_duration(match, "n")
        return [Found(key, days.most or days.least)] if days else []

    return build


def _expires(match: re.Match[str], scope: Scope) -> list[Found]:
    month = ENGLISH.months[match["month"].lower()]
    year = int(match["year"]) if match["year"] else scope.today.year + (month < scope.today.month)
    return [Found("plan_expires", f"{year:04d}-{month:02d}")]


def _cancelled(match: re.Match[str], scope: Scope) -> list[Found]:
    """The cancellations lie behind us: the latest months of those names that have begun."""
    last = ENGLISH.months[(match["until"] or match["month"]).lower()]
    first = ENGLISH.months[match["month"].lower()]
    year = int(match["year"]) if match["year"] else scope.today.year - (last > scope.today.month)
    opens, closes = month_rules(first)[0](year - (first > last)), month_rules(last)[1](year)
    return [Found("cancelled_from", opens), Found("cancelled_to", closes)]


def _cancelled_within(match: re.Match[str], scope: Scope) -> list[Found]:
    days = read_duration(match, "n")
    return [Found("cancelled_from", scope.today - timedelta(days=days.most or days.least))] if days else []


def _top_percent(match: re.Match[str], _scope: Scope) -> list[Found]:
    number = read_number(match["number"])
    if number is None or not 0 < number < 100:
        return []
    return [Found("clv_percentile_min", 100 - number)]


def _looked(match: re.Match[str], _scope: Scope) -> list[Found]:
    return [Found("browsed_not_bought", _goods(match) or True, 0.85)]


def _type(match: re.Match[str], _scope: Scope) -> list[Found]:
    return [Found("type", re.sub(r"[\s-]+", "_", match["type"].lower()).rstrip("s"), 0.8)]


_RULES: tuple[tuple[str, Build], ...] = (
    (rf"\b{_NOT}\s(?:\w+\s)?{_BUY}{_THING}{_FOR}{duration('n')}", _gap),
    (rf"\bno (?:purchases?|orders?)(?: at all)?{_FOR}{duration('n')}", _gap),
    (rf"\b(?:last|latest|most recent) (?:bought|purchased?|ordered|orders?|shopped)(?: (?:was|is|were|from us)){{0,6}},? (?:more than |over |at least |between ){{0,6}}{duration('n')}\sago", _gap),
    (rf"\b(?:lapsed|inactive|dormant|silent|quiet|gone|absent|away|churned|asleep){_FOR}{duration('n')}", _gap),
    (rf"\b{duration('n')}[ -](?:lapsed|inactive|dormant)\b", _gap),
    (rf"\b{_NOT}\s{_BUY}{_THING}\s(?P<since>since\s(?:(?:last|early|late)\s)?[\w .,-]{{3,20}})", _gap_since),
    (rf"\b(?:browsed|viewed|looked at|visited)(?:\s(?P<goods>{_GOODS}))?[\w\s]{{0,25}}?\b(?:but|and|without)\s(?:\w+\s){{0,3}}?(?:n['’]t|not|never|buying|purchasing|ordering)(?:\s(?:buy|bought|purchase|purchased|order|ordered)\b)?", _looked),
    (rf"\b(?:never|(?:have|has|did)(?:n['’]?t| not)(?: yet)?(?: ever)?) (?:yet )?{_BUY}(?:\syet)?(?!\w)(?!\s(?:for|in|within|since)\b)", _constant("order_count", 0)),
    (r"\bno (?:purchases?|orders?) (?:yet|so far)\b", _constant("order_count", 0)),
    (rf"\b(?:bought|purchased|ordered|shopped)\s(?P<goods>{_GOODS})?\s?(?:in|within|during|over)\s(?:the )?(?:last |past |previous )?{duration('n')}", _recent),
    (rf"\b(?:bought|purchased|ordered|shopped)(?: from us)?\s?(?:in|within|during|over)\s(?:the )?(?:last |past |previous )?{duration('n')}", _recent),
    (rf"\b(?:last|latest) (?:purchase|order)(?: was| is)?\s(?:in|within)\s(?:the )?(?:last |past )?{duration('n')}", _recent),
    (r"\b(?:one|1|first|single)[- ](?:time|order|purchase) (?:customers|buyers|shoppers|purchasers)\b|\bfirst[- ]time (?:customers|buyers)\b", _constant("order_count", 1)),
    (rf"\b(?:bought|purchased|ordered|shopped)(?: from us| with us)?\s(?P<bound>exactly|only|just|at least|more than|over|at most|up to|no more than)?\s?(?P<times>once|twice|{_N}\stimes?)(?P<plus>\sor more)?\b", _times),
    (rf"\b(?:with|have|has|placed|made)\s(?P<bound>exactly|only|just|at least|more than|over|at most|up to|no more than)?\s?(?P<times>{_N})(?P<plus>\+|\sor more)?\s(?:orders|purchases|order|purchase)\b", _times),
    (rf"\b(?:people|customers|those|anyone|shoppers|everyone|buyers) who (?:have |has |had )?(?:already |previously |once )?(?:bought|purchased|ordered)\s(?P<goods>{_GOODS})", _category),
    (rf"\b(?:past |previous |recent )?(?:buyers|purchasers|owners) of\s(?:our |the )?(?P<goods>{_GOODS})", _category),
    (rf"\b(?:abandoned|left)\b[^.;]{{0,40}}?\b(?:carts?|baskets?|checkouts?)\b[^.;]{{0,15}}?\b(?:in|within|during|over|from)\s(?:the )?(?:last |past )?{duration('n')}", _within("cart_abandoned_days_max")),
    (r"\b(?:(?P<goods>\w+) )?(?:on|in|to) (?:their|the|a) wish ?lists?\b|\bwish-?listed\b", _constant("wishlisted", True)),
    (r"\b(?P<tier>gold|silver|platinum|bronze|diamond|vip|vips)\b(?=(?:[ -](?:tier|level|status|members?|customers?|shoppers?|buyers?|subscribers?|clients?|users?))|\s*(?:,|and|&|or|/)\s*(?:gold|silver|platinum|bronze|diamond|vips?)\b|(?<=(?-i:VIP))|(?<=vips))(?:[ -](?:tier|level|status|members?|customers?|shoppers?|buyers?|subscribers?|clients?|users?))?", _lower("tier", "tier")),
    (r"\bon (?:the|our|a) (?P<plan>[\w-]+) plan\b|(?<=\b)(?P<plan2>free|basic|starter|premium|pro|enterprise)[ -](?:plan|tier) (?:users|customers|subscribers|members)\b", lambda m, s: [Found("plan", (m["plan"] or m["plan2"]).lower())]),
    (rf"\b(?:plans?|subscriptions?|contracts?|memberships?|polic(?:y|ies))\b[^.;,]{{0,25}}?\b(?:expir\w+|ends?|ending|due|renews?|runs? out|up for renewal)\s(?:in |during )?(?P<month>{_M})\b(?:\s(?P<year>20[0-9]{{2}}))?", _expires),
    (rf"\bending (?:their |a |the )?trials? (?:in|within) {duration('n')}", _within("trial_ends_within_days")),
    (rf"\btrials?\b[^.;]{{0,25}}?\b(?:ends?|ending|expir\w+|runs? out)\s(?:in|within)\s(?:the )?(?:next |coming )?{duration('n')}", _within("trial_ends_within_days")),
    (rf"\bonboarding\b[^.;]{{0,25}}?\b(?:before|below|less than|under)\s(?:reaching )?step\s(?P<number>{_N})", _number("onboarding_step_lt")),
    (rf"\b(?:not|n['’]t|never)\s(?:yet )?(?:completed?|finish(?:ed)?|reach(?:ed)?)\s(?:onboarding )?step\s(?P<number>{_N})", _number("onboarding_step_lt")),
    (rf"\b(?:more than|over|>)\s?(?P<number>{_N})\s(?:log-?ins?|times)\s(?:a|per|each)\smonth|\blog(?:ged|s)?[ -]?in\s(?:more than|over)\s(?P<number2>{_N})\stimes\s(?:a|per)\smonth", lambda m, s: _number("logins_per_month_gt", "number" if m["number"] else "number2")(m, s)),
    (r"\bnewsletter (?:subscribers|readers|recipients|list|sign-?ups)\b|\bsubscri\w+ to (?:our|the) newsletter\b", _constant("newsletter", True)),
    (r"(?<!acquire )(?<!win )(?<!attract )(?<!get )(?<!gain )(?<!find )(?<!more )(?<!acquiring )(?<!winning )\b(?:brand[- ])?new(?:ly acquired)? (?:customers|members|sign-?ups|joiners)\b(?! (?:per|a) )", _constant("new_customer", True, 0.85)),
    (r"\bpoints\b[^.;,]{0,20}?\b(?:expir\w+|lapse|run out)\b|\bexpiring points\b", _constant("points_expiring", True)),
    (r"\b(?:web|online)[- ](?:customers|buyers|shoppers)\b|\b(?:bought|ordered|shop(?:ped)?) (?:online|on the web(?:site)?)\b", _constant("web_customer", True)),
    (r"\b(?:do not|don['’]?t|have not|haven['’]?t|without) (?:yet )?(?:have |having |installed |install |got )?(?:the|our) app\b(?:\sinstalled)?", _constant("app_installed", False)),
    (r"\b(?:with|have|has|installed|using|use) (?:the|our) app\b(?:\sinstalled)?|\bapp users\b", _constant("app_installed", True)),
    (rf"\b(?:cancell?ed|churned|left)\b[^.;,]{{0,20}}?\b(?:between|from|in|during)\s(?P<month>{_M})\b(?:\s(?:and|to|until|-)\s(?P<until>{_M})\b)?(?:\s(?P<year>20[0-9]{{2}}))?", _cancelled),
    (rf"\bcancell?ed\b[^.;,]{{0,25}}?\b(?:in|within|over|during)\s(?:the )?(?:last |past ){duration('n')}", _cancelled_within),
    (rf"\b(?:deliver\w+|received)\b[^.;,]{{0,25}}?\b(?:in|within|over|during)\s(?:the )?(?:last |past ){duration('n')}", _within("delivered_within_days")),
    (r"\bchurn (?:risk )?decile\s(?:of )?(?P<number>[0-9]{1,2})\b", _number("churn_decile")),
    (rf"\bchurn (?:risk |probability )?(?:score )?(?:is )?(?:above|over|greater than|higher than|>)\s?(?P<number>{DIGITS})(?!\s?%)", _number("churn_score_gt")),
    (rf"\b(?:top|best|highest[- ]value|most valuable)\s(?P<number>{DIGITS})\s?(?:%|percent|per cent)\s?(?:of )?(?:our |the )?(?:customers|buyers|by (?:clv|ltv|value|spend|lifetime value)|spenders|clv)(?:\sby (?:clv|ltv|value|spend|lifetime value))?", _top_percent),
    (r"\b(?P<type>b2b[ -]leads?|leads?(?= (?:who|that|from|in|with))|trial users?|free users?|prospects?|wholesalers?|resellers?)\b", _type),
    (r"\b(?:the\s)?segment\s(?:called\s|named\s)?['\"“‘](?P<segment>[^'\"”’]{1,60})['\"”’]|['\"“](?P<segment2>[^'\"”]{1,60})['\"”] segment\b", lambda m, s: [Found("segment", (m["segment"] or m["segment2"]).strip())]),
    (rf"\b(?P<segment>lapsed|dormant|inactive|at-risk|loyal|high-value|best|most loyal|big-spending|bargain-hunting|active|existing|local)\s{_PEOPLE}\b", _lower("segment", "segment", 0.75)),
)  # fmt: skip

RULES: Final = tuple((re.compile(pattern, re.IGNORECASE), build) for pattern, build in _RULES)
