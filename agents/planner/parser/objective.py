"""What the campaign is for: the objective code behind the marketer's words."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from agents.planner.brief import OBJECTIVE_CODES, ObjectiveCode
from agents.planner.parser.holidays import HOLIDAYS
from agents.planner.parser.lexicon import one_of
from agents.planner.parser.reading import Reading, mask

_MORE = r"(?:more|increase|grow|boost|lift|raise|improve|drive|maximi[sz]e|get|need|want|build|gain|win|collect|gather|ask for|invite)"
_PEOPLE = r"(?:customers|buyers|shoppers|users|subscribers|members|clients|people)"
_CAMPAIGN = r"(?:push|sale|sales|campaign|promo(?:tion)?s?|offers?|deals?|e-?mails?|special|bundle|event|blast|mailing|collection|gift guide|newsletter)"

# 3: the words state a goal; 2: they describe whom or what, and a stated goal outranks them; 1: generic.
_RULES: tuple[tuple[ObjectiveCode, int, str], ...] = (
    ("winback", 3, r"\bwin(?:ning)?[- ]?backs?\b|\b(?:win|bring|get|lure|tempt|draw|pull|coax)(?:ing)?\s(?:[\w'’-]+\s){0,7}?back\b|\bbring(?:ing)? back\b|\bcom(?:e|ing) back\b(?! for)|\bwin(?:ning)? back\b|\bre-?activat\w+|\bre-?engag\w+|\bwake up\b|\b(?:lapsed|dormant|lost|inactive)\s\w+\s(?:to )?(?:return|come back)\b"),
    ("cart_recovery", 3, r"\b(?:abandoned?|left)[^.;]{0,40}?\b(?:carts?|baskets?|checkouts?|trolleys?)\b|\b(?:cart|basket|checkout)[- ](?:recovery|abandon\w+)\b|\brecover\w*\s(?:\w+\s){0,3}(?:carts?|baskets?)\b"),
    ("trial_conversion", 3, r"\btrial[- ]to[- ]paid\b|\btrial(?:s|ists?| users?| customers?)?\b[^.;]{0,60}?\b(?:convert|conver\w+|paid|pay|paying|upgrade|subscribe)\b|\bconvert\w*\s(?:\w+\s){0,4}trial\w*(?: users?)?|\b(?:paid|paying)[^.;]{0,40}\btrial"),
    ("renewal", 3, r"\brenew(?:al|als|ing|s)?\b"),
    ("event_registration", 3, r"\b(?:register|registrations?|sign[- ]?ups?|rsvps?|attendees|attendance|tickets?|seats?)\b[^.;]{0,40}?\b(?:webinar|event|workshop|conference|masterclass|meet-?up|open day|run|race|tasting|festival)\b|\b(?:webinar|event|workshop|conference|masterclass|open day)\b[^.;]{0,40}?\b(?:register|registrations?|sign[- ]?ups?|rsvps?|attendees|seats|tickets)\b|\bevent registrations?\b|\bfill (?:the |our )?(?:webinar|workshop|event)\b|\b[0-9]+ registrations\b|\bmore registrations\b"),
    ("opt_in_growth", 3, r"\bopt[- ]?ins?\b(?! only| status)|\bopt(?:ing)? in(?:to)?\b|\b(?:grow|build|increase)\s(?:\w+\s){0,3}(?:list|subscriber base|subscribers)\b|\bsign(?:ing)?[- ]?ups? (?:for|to) (?:our |the )?(?:newsletter|sms|e-?mails?|texts|push)\b"),
    ("review_collection", 3, rf"\b{_MORE}\s(?:\w+\s){{0,4}}?(?:reviews?|ratings|testimonials)\b|\breview (?:request|collection|campaign)s?\b|\bask\w*\s[^.;\n]{{0,90}}?\b(?:reviews?|ratings?)\b|\b(?:leave|write|post) (?:us )?(?:a |an )?(?:\w+ )?reviews?\b"),
    ("app_install", 3, r"\b(?:install|download)\w*\s(?:of )?(?:our |the |their |your )?(?:new |mobile |shopping )?app\b|\bapp (?:installs?|downloads?|installations?)\b"),
    ("repeat_purchase", 3, r"\b(?:second|2nd|repeat|next|another|follow-?up) (?:purchases?|orders?|buys?)\b|\b(?:buy|order|shop|purchase) again\b|\bre-?order\w*|\breplenish\w*|\brepurchas\w*|\b(?:one|first)[- ]time buyers[^.;]{0,30}\b(?:again|second|twice|repeat)"),
    ("aov_growth", 3, r"\b(?:average )?(?:order|basket|cart) (?:value|size)s?\b|\baov\b|\b(?:bigger|larger) (?:baskets|orders|carts)\b|\bspend more per (?:order|visit)\b"),
    ("upsell", 3, r"\bup-?sell\w*|\bupgrad(?:e|es|ing)\b|\b(?:higher|next|premium) (?:plan|tier)\b"),
    ("cross_sell", 3, r"\bcross-?sell\w*|\badd-?ons?\b|\bcomplementary\b|\bmatching accessories\b|\baccessories (?:to|for) (?:people|customers|those|buyers|owners)\b"),
    ("activation", 3, rf"\bactivat(?:e|ion|ing)\b|\bonboard(?:ing)?\b|\b(?:first|1st) (?:purchase|order|booking)\b|\bwelcome (?:series|flow|campaign|programme|program|e-?mails?)\b|\bget (?:new )?(?:sign-?ups|{_PEOPLE}) started\b"),
    ("acquisition", 3, rf"\b(?:acqui(?:re|ring|sition)|attract|win|find|get|gain|bring in)\w*\s(?:\w+\s)?new (?:{_PEOPLE}|leads)\b|\b(?:customer )?acquisition\b(?! cost)|\blead generation\b|\bnew customers\b(?=[^.;]{{0,20}}\bgoal)"),
    ("retention", 3, r"\b(?:reduce|cut|lower|prevent|stop|fight|decrease|minimi[sz]e|bring down)\s(?:\w+\s){0,3}?(?:churn\w*|cancell?ations|attrition)\b|\bretain\w*|\bretention\b|\bkeep\s(?:\w+\s){0,4}?(?:from (?:leaving|cancell?ing)|loyal|subscribed)\b|\bbefore they (?:leave|churn|cancel)\b|\bstop\s(?:\w+\s){0,4}(?:leaving|cancell?ing)\b|\bat[- ]risk\b"),
    ("product_launch", 3, r"\b(?:product|collection|range|line) launch\b|\blaunch(?:ing|es)?\s(?:of )?(?:our |the |a |an )?(?:brand[- ])?new\b|\blaunch(?:ing)? (?:our|the|a) (?!campaign|e-?mail|sms|promo|sale)[\w'’-]+(?:\s[\w'’-]+)?\s(?:collection|range|line|product|series|edition|model|bundle|app)\b|\bintroduc(?:e|ing)\s(?:our|the|a)\s(?:\w+\s)?(?:new )?|\bnew\s(?:\w+\s)?(?:product|collection|arrivals?|range|line|model)\b|\bannounc(?:e|ing)\s(?:our|the|a) new\b"),
    ("loyalty", 3, r"\bloyalty\b(?! (?:tier|member))|\breward\w*\s(?:\w+\s){0,3}?(?:loyal|best|vip\w*|regular)\b|\bthank\w*\s(?:\w+\s){0,3}?(?:loyal|best|vip\w*|regular|customers|members)\b|\b(?:redeem|use|spend)\s(?:their |your )?(?:\w+\s)?points\b"),
    ("pricing", 3, r"\bprice tests?\b|\btest\w*\s(?:\w+\s){0,3}pric(?:e|es|ing)\b|\bpricing\b|\b(?:new|higher|lower) price points?\b|\bprice (?:change|increase|announcement)\b"),
    ("engagement", 2, rf"\b(?:{_MORE}\s(?:\w+\s){{0,3}}?)?engag(?:e|ed|ement|ing)\b|\b{_MORE}\s(?:\w+\s){{0,3}}?(?:open rates?|opens|click[- ]?(?:through)?(?: rates?|s))\b"),
    ("conversion", 2, r"\bconvert(?:s|ing)?\b|\bturn\s(?:\w+\s){0,4}into (?:buyers|customers|orders|sales|purchases)\b|\bbrowsed\b[^.;]{0,40}\b(?:not|n['’]t|without)\b|\bmore conversions\b"),
    ("seasonal_promotion", 2, rf"\b(?:{one_of(HOLIDAYS)})(?:\s(?:week(?:end)?|20[0-9]{{2}}))?\s(?:\w+\s)?{_CAMPAIGN}\b|\b(?:seasonal|holiday season|holiday (?:sale|campaign|promo\w*|gift guide|offers?|deals?)|summer sale|winter sale|spring sale|autumn sale|end[- ]of[- ]season|back[- ]to[- ]school)\b"),
    ("product_promotion", 2, r"\bpromot(?:e|es|ing)\b|\b(?:push|feature|showcase|advertise|highlight)(?:ing)? our\b|\bsell (?:more|off|through|out)\b|\bclear(?:ance|ing)?\s(?:\w+\s){0,3}?(?:stock|inventory)\b|\bclearance\b|\bmove\s(?:\w+\s){0,3}(?:stock|inventory)\b|\bpromotion (?:of|for) (?:our|the)\b"),
    ("seasonal_promotion", 1, rf"\b(?:{one_of(HOLIDAYS)})\b(?=[\s\w]{{0,25}}\b(?:{_CAMPAIGN})\b)"),
    ("winback", 1, rf"\b(?:lapsed|dormant)\s{_PEOPLE}\b|\b(?:have|has)(?:n['’]t| not)\s(?:bought|purchased|ordered|shopped)\b[^.;]{{0,30}}?\b(?:months?|years?|weeks|days)\b"),
)  # fmt: skip
_COMPILED: Final = tuple(
    (code, weight, re.compile(pattern, re.IGNORECASE)) for code, weight, pattern in _RULES
)
_AND: Final = re.compile(r"\b(?:and|plus|as well as|also)\b|[&+,/]", re.IGNORECASE)
_EQUAL: Final = re.compile(
    r"\b(?:both|equally|two goals|three goals|same (?:priority|weight)|as important|at the same time)\b",
    re.IGNORECASE,
)
_NEGATED: Final = re.compile(
    r"\b(?:not|no|n['’]t|never|without|instead of|rather than|don['’]t|avoid)\s(?:\w+\s){0,2}$", re.IGNORECASE
)


class Goal(NamedTuple):
    """One objective the text speaks of."""

    code: ObjectiveCode
    weight: int
    start: int
    end: int


class ObjectiveReading(NamedTuple):
    """The objective, and the goals that compete for first place when there are several equal ones."""

    objective: Reading | None
    competing: list[Goal]


def find_objective(text: str) -> ObjectiveReading:
    """Read the objective: the stated goal before the described one, the first before the later.

    Two goals joined by "and" with equal words are `multi`, and which comes first is to be asked.
    """
    goals = _goals(text)
    if not goals:
        return ObjectiveReading(None, [])
    weight = max(goal.weight for goal in goals)
    strong = [goal for goal in goals if goal.weight == weight]
    first = strong[0]
    equal = [first, *(goal for goal in strong[1:] if _is_equal(text, first, goal))]
    codes = {goal.code for goal in equal}
    if weight == 3 and len(codes) > 1:
        reading = Reading("objective", "multi", first.start, equal[-1].end, 0.8)
        return ObjectiveReading(reading, equal)
    confidence = {3: 0.95, 2: 0.85, 1: 0.7}[weight]
    return ObjectiveReading(Reading("objective", first.code, first.start, first.end, confidence), [])


def find_answered_objective(text: str) -> Reading | None:
    """Read an objective from an answer, where its plain name suffices ("winback", "cross-sell")."""
    found = find_objective(text).objective
    if found is not None:
        return found
    for code in OBJECTIVE_CODES:
        match = re.search(rf"\b{re.sub('_', '[ _-]', code)}\b", text, re.IGNORECASE)
        if match:
            return Reading("objective", code, *match.span())
    return None


def _goals(text: str) -> list[Goal]:
    rest, goals = text, list[Goal]()
    for code, weight, pattern in _COMPILED:
        found = [match for match in pattern.finditer(rest) if not _is_negated(rest, match)]
        goals.extend(Goal(code, weight, *match.span()) for match in found)
        rest = mask(rest, [match.span() for match in found])
    return sorted(goals, key=lambda goal: goal.start)


def _is_negated(text: str, match: re.Match[str]) -> bool:
    return bool(_NEGATED.search(text[max(0, match.start() - 30) : match.start()]))


def _is_equal(text: str, first: Goal, other: Goal) -> bool:
    if first.code == other.code:
        return False
    between = text[first.end : other.start]
    if _EQUAL.search(text):
        return True
    return len(between) <= 60 and bool(_AND.search(between)) and not re.search(r"[.;!?](?:\s|$)", between)
