"""Whose day it is: the campaign's, or that of an event, a purchase, a delivery, something that people did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from agents.planner.parser.date_roles import Role, moment_of
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.moments import next_day
from agents.planner.parser.reading import correction_before

# A day of the year that comes round only after so long has just gone by.
FAR_AHEAD = 300
_PASSES = ("ON", "IS", "AT", "THE", "OF")
_PLAN_WORDS = (
    "CAMPAIGN",
    "CHANNEL",
    "SENDWORD",
    "BUDGET",
    "MONEY",
    "OFFER",
    "SALE",
    "LAUNCH",
    "DATEWORD",
    "OBJECTIVE",
)
_EDGE_VERBS = ("START", "END", "RUN", "LASTING")
# A word this short and without a meaning of its own is a pronoun, an article, a particle.
_LONGEST_PARTICLE = 3
_DID = ("BOUGHT", "DELIVERED", "JOINED", "LASTBUY", "CANCELLED", "ABANDON")


def is_of_others(sentence: Sentence, index: int, today: date) -> bool:
    """Say whether the day at an item is that of an event, of what people did, or of a thing with days of its own."""
    return (
        _is_of_event(sentence, index)
        or _is_since(sentence, index)
        or _is_of_a_deed(sentence, index, today)
        or _is_of_a_thing(sentence, index)
    )


def has_gone_by(sentence: Sentence, index: int, today: date) -> bool:
    """Say whether the day at an item lies behind: by its year, or, without one, because it comes round only next year."""
    moment = moment_of(sentence.items[index])
    day = next_day(moment, moment.last, today)
    return day is not None and (day < today or (moment.year is None and (day - today).days > FAR_AHEAD))


def _is_of_event(sentence: Sentence, index: int) -> bool:
    """ "The webinar takes place on 10 December", "la charla del 15": the day of an event is not the campaign's."""
    unknown = 0
    named: tuple[str, ...] = ("EVENT",)
    passing: tuple[str, ...] = _PASSES
    if index and sentence.items[index - 1].form == "(":
        # "Registrations for the open weekend (15-16 May)": what stands in brackets is of the words before them.
        index, named, passing = index - 1, ("EVENT", "OBJ:event_registration"), (*_PASSES, "UNIT")
    for item in sentence.before(index, 5, clause=True):
        if item.has(*named):
            return not item.has("CAMPAIGN", "SEND", "HOLIDAY")
        unknown += not item.tags
        passes = item.has(*passing) or not item.tags
        if not passes or unknown > 2 or item.has("UNTIL", "END", "START"):
            return False
    return False


def _is_since(sentence: Sentence, index: int) -> bool:
    """ "Without an order since June": what began long ago."""
    return any(item.has("SINCE") and not item.has("FROM") for item in sentence.before(index, 2))


def _is_of_a_deed(sentence: Sentence, index: int, today: date) -> bool:
    """ "People who received an order between 1 and 15 November": when they did it, where that lies behind."""
    near = sentence.before(index, 6, clause=True)
    if any(item.has("TALKED") for item in near):
        return True
    if not has_gone_by(sentence, index, today):
        return False
    if any(item.has(*_DID) for item in _after(sentence, index)):
        return True
    deed = next((at for at, item in enumerate(near) if item.has(*_DID)), None)
    return deed is not None and not any(_is_of_plan(item) for item in near[:deed])


def _after(sentence: Sentence, index: int) -> list[Item]:
    """The items behind a day within its clause, where German puts what was done."""
    found: list[Item] = []
    for item in sentence.items[index + 1 : index + 4]:
        if item.stop != "W" or item.has("SEND", "CHANNEL"):
            break
        found.append(item)
    return found


def _is_of_a_thing(sentence: Sentence, index: int) -> bool:
    """ "The artwork comes by 27 November", "the code is valid until 31 December": the day of that thing."""
    near = sentence.before(index, 7, clause=True)
    ends = next((at for at, item in enumerate(near[:3]) if item.has("END", "EXPIRE")), None)
    if ends is not None and any(item.has("TRIAL") for item in near[ends + 1 : ends + 3]):
        return True  # "Anyone whose trial finishes within three days."
    thing = next(
        (
            at
            for at, item in enumerate(near)
            if item.has("OWNDATE", "VALID", "EXPIRE") and (not item.has("END") or _is_whose(near[at:]))
        ),
        None,
    )
    return thing is not None and not any(_is_of_plan(item) for item in near[:thing])


def _is_whose(near: Sequence[Item]) -> bool:
    """ "Subscribers whose pass expires in March": what people have runs out."""
    at = next((at for at, item in enumerate(near) if item.has("WHO") and not item.has("THE")), None)
    return at is not None and at + 1 < len(near) and near[at + 1].has("PEOPLE")


def _is_of_plan(item: Item) -> bool:
    return item.has("CAMPAIGN", "CHANNEL", "LAUNCH", "RUN", "MONEY", "DATE") or (
        item.has("START") and not item.has("SEND")
    )


def of_the_plan(sentence: Sentence, roles: list[Role], today: date) -> list[Role]:
    """Of days that contradict each other, those that nothing tells of another thing and that lie ahead; all where none is left.

    Two values are a contradiction only where both are the campaign's: "1 to 14 December; we are closed 24 to 31 December" is none.
    """
    dated = any(not _is_loose(sentence, role) for role in roles if role.role != "theme")
    kept = [
        role
        for role in roles
        if role.role == "theme"
        or correction_before(sentence, role.indexes[0])
        or not (
            _tells_of_a_thing(sentence, role)
            or has_gone_by(sentence, role.indexes[-1], today)
            or (dated and _is_loose(sentence, role))
        )
    ]
    return kept if any(role.role != "theme" for role in kept) else roles


def _tells_of_a_thing(sentence: Sentence, role: Role) -> bool:
    """Say whether the clause of a day has a subject of its own and no word of the campaign."""
    clause = _clause(sentence, role)
    if any(item.has("AWAY") for item in clause):
        return True
    if any(item.has(*_PLAN_WORDS) and not item.has("AWAY") for item in clause):
        return False
    verb = next((at for at, item in enumerate(clause) if item.has(*_EDGE_VERBS)), None)
    if verb is not None:
        return verb > 0 and _is_subject(clause[verb - 1])
    return any(_is_subject(item) for item in clause)


def _is_subject(item: Item) -> bool:
    return _is_content(item) or item.has("BUY", "EVENT", "PRODUCTWORD", "PEOPLE", "TRIAL")


def _is_loose(sentence: Sentence, role: Role) -> bool:
    """ "To be confirmed next week": a period told from today, which nothing says that the campaign runs in."""
    moment = moment_of(sentence.items[role.indexes[0]])
    return (
        len(role.indexes) == 1
        and moment.is_period
        and moment.year is not None
        and not any(item.has("CAMPAIGN", "DATEWORD", *_EDGE_VERBS) for item in _clause(sentence, role))
    )


def _is_content(item: Item) -> bool:
    return not item.tags and item.form.isalpha() and len(item.form) > _LONGEST_PARTICLE


def _clause(sentence: Sentence, role: Role) -> list[Item]:
    """The items of the clause around a day, without the day itself."""
    first, last = role.indexes[0], role.indexes[-1]
    before = list(reversed(sentence.before(first, 12, clause=True)))
    after: list[Item] = []
    for item in sentence.items[last + 1 : last + 9]:
        if item.stop != "W":
            break
        after.append(item)
    return [*before, *after]
