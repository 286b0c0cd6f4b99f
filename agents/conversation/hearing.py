"""What a turn is: a brief, a change, an answer, an undo, a question, something to remember, or none of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from agents.comments.asks import Reading as ReadBy
from agents.conversation.addressing import address_in
from agents.conversation.changes import changes_between
from agents.conversation.merging import Merged, merge_turn
from agents.conversation.remembering import asks_to_remember, facts_in
from agents.conversation.standing import Spoken, Standing
from agents.conversation.vocabulary import Token, tokens_of, vocabulary
from agents.conversation.wording import reply_language
from agents.planner.parser.extract import Extract, extract

Kind = Literal[
    "brief", "change", "answer", "undo", "question", "result", "remember", "accept", "recall", "forget", "approval",
    "refused", "which", "other",
]  # fmt: skip
_PARTS: Final = frozenset({"budget", "start", "end", "channels"})
_BRIEF_FIELDS: Final = _PARTS | {"objective"}
UNDO_ALL: Final = 1_000_000


class Heard(NamedTuple):
    """What a turn is, and of which campaign. `start` is where its own words begin, after an address such as "for the X campaign".

    `levels` turns are undone; `topic` is what a question is about; `merged` is the record after a change or an answer. A
    turn that undoes and then changes something has the place of the change in `then`.
    """

    kind: Kind
    campaign: Spoken | None = None
    start: int = 0
    levels: int = 0
    topic: str = ""
    merged: Merged | None = None
    then: int | None = None


class _Turn(NamedTuple):
    text: str
    tokens: list[Token]
    first: int
    campaign: Spoken | None
    named: bool

    @property
    def start(self) -> int:
        return _start(self.text, self.tokens, self.first)

    @property
    def rest(self) -> list[Token]:
        return self.tokens[self.first :]


def hear(text: str, standing: Standing, by: ReadBy, *, campaign_id: str | None = None) -> Heard:
    """Decide what a turn is; `campaign_id` names the campaign where the caller knows it. Nothing is written.

    The order is that of harm: what takes something back or approves is recognised before what could be read as a change.
    """
    tokens = tokens_of(text)
    turn = _Turn(
        text, tokens, _opening(text, tokens), standing.campaign(campaign_id or standing.current), False
    )
    new = vocabulary().at("new_campaign", tokens, turn.first)
    if new is not None:
        start = _start(text, tokens, new.last)
        return Heard("brief" if new.last < len(tokens) else "other", start=start, topic="new_campaign")
    address = address_in(text, tokens, turn.first, standing)
    if address is not None:
        if address.campaign is None:
            return Heard("which", topic=address.words)
        after = _fillers(tokens, address.after)
        turn = turn._replace(first=after, campaign=address.campaign, named=True)
        if after >= len(tokens):
            return Heard("other", address.campaign, topic="addressed")
    return _steering(turn, standing, by) or _asking(turn, by) or _stating(turn, by)


def _steering(turn: _Turn, standing: Standing, by: ReadBy) -> Heard | None:
    """What steers the conversation itself: undo, memory, words that sound like an approval."""
    words, tokens, first = vocabulary(), turn.tokens, turn.first
    undone = _undo(turn)
    if undone is not None and standing.campaigns:
        return undone
    if standing.offered and _all_in(("yes", "fillers", "remember"), tokens):
        return Heard("accept", turn.campaign)
    if words.at("recall", tokens, first):
        return Heard("recall", turn.campaign)
    if words.at("forget", tokens, first):
        return Heard("forget", turn.campaign, turn.start)
    if _wants_memory(turn, by):
        return Heard("remember", turn.campaign, turn.start)
    found = words.at("approval", tokens, first)
    if found is not None and standing.campaigns and not _states(_without_approval(turn), by, _PARTS):
        return Heard("approval", turn.campaign)
    greets = words.at("greetings", tokens, first) or words.at("greetings", tokens, 0)
    if greets is not None and len(tokens) - greets.last <= 2:
        return Heard("other", turn.campaign, topic="greeting")
    return None


def _without_approval(turn: _Turn) -> str:
    """The turn's text with blanks for the words that sound like an approval: "launch now" is no date."""
    text = turn.text
    for at in range(turn.first, len(turn.tokens)):
        found = vocabulary().at("approval", turn.tokens, at)
        if found is not None:
            start, end = turn.tokens[found.first].start, turn.tokens[found.last - 1].end
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _undo(turn: _Turn) -> Heard | None:
    words, tokens, first = vocabulary(), turn.tokens, turn.first
    found = words.at("undo_all", tokens, first)
    levels = UNDO_ALL if found is not None else 1
    found = found or words.at("undo", tokens, first)
    if found is None:
        return None
    at = found.last
    while at < len(tokens):
        count = words.at("count", tokens, at)
        passed = count or words.at("undo_tail", tokens, at) or words.at("ordinal", tokens, at)
        if passed is None and tokens[at].word.isdecimal() and len(tokens[at].word) <= 2:
            levels, at = int(tokens[at].word) or 1, at + 1
            continue
        if passed is None:
            break
        levels = int(count.value) if count is not None and levels != UNDO_ALL else levels
        at = passed.last
    rest = _fillers(tokens, at)
    if at < len(tokens) and rest == at and tokens[at].word not in ("?", "¿"):
        return None  # it goes on in words that are no undo
    then = _start(turn.text, tokens, rest) if rest < len(tokens) and tokens[rest].word != "?" else None
    return Heard("undo", turn.campaign, turn.start, levels=levels, then=then)


def _wants_memory(turn: _Turn, by: ReadBy) -> bool:
    if not asks_to_remember(turn.tokens, turn.first):
        return False
    explicit = turn.tokens[turn.first].word.startswith(("remember", "merk", "onthoud", "recuerda", "ricorda"))
    facts = facts_in(turn.text[turn.start :], by)
    found = extract(turn.text, by.today, by.currency, by.policy)
    return explicit or (bool(facts) and not found.readings.keys() & {"budget", "objective"})


def _asking(turn: _Turn, by: ReadBy) -> Heard | None:
    """Questions: about results, about what would happen, about the plan. A polite request is none."""
    words, tokens, first = vocabulary(), turn.tokens, turn.first
    if first >= len(tokens) or words.at("requests", tokens, first):
        return None
    marked = any(token.word in ("?", "¿") for token in turn.rest)
    at = first + 1 if tokens[first].word == "¿" else first
    asked = words.at("question_words", tokens, at)
    if any(words.at("what_if", tokens, index) for index in range(at + 1)):
        return Heard("question", turn.campaign, turn.start, topic="what_if")
    result = words.anywhere("result", turn.rest)
    if result is not None and (marked or asked or result.first == 0):
        return Heard("result", turn.campaign, turn.start)
    if asked is None and not marked:
        return None
    stated = _states(turn.text[turn.start :], by)
    if (turn.campaign is None and stated >= 2) or (asked is None and stated):
        return None
    if asked is not None and not marked and stated >= 2:
        return None  # "which we want to ..." in a text that states things
    topic = words.anywhere("topic", turn.rest)
    return Heard("question", turn.campaign, turn.start, topic=topic.value if topic else "")


def _stating(turn: _Turn, by: ReadBy) -> Heard:
    """Whatever is left states something about a campaign, or nothing that can be read."""
    campaign = turn.campaign
    if campaign is None:
        return Heard("brief", start=0)
    said = turn.text[turn.start :]
    found = extract(said, by.today, by.currency, by.policy)
    if not turn.named and _whole_brief(found, campaign):
        return Heard("brief", start=turn.start)
    offset = len(campaign.text) + 1
    merged = merge_turn(
        campaign.record,
        said,
        by._replace(language=reply_language(said, campaign.text)),
        offset=0 if campaign.asks else offset,
        source="person" if campaign.asks else "rule",
        answering=campaign.asks,
    )
    only_forbidden = bool(merged.refusals) and not changes_between(campaign.record, merged.record)
    if merged.stated and not only_forbidden:
        return Heard("answer" if campaign.asks else "change", campaign, turn.start, merged=merged)
    if merged.refusals:
        return Heard("refused", campaign, turn.start, merged=merged)
    return Heard("other", campaign, turn.start, merged=merged)


def _states(text: str, by: ReadBy, fields: frozenset[str] = _BRIEF_FIELDS) -> int:
    """How many things a text states that a brief is made of."""
    found = extract(text, by.today, by.currency, by.policy)
    return len(found.readings.keys() & fields) + bool(found.audience)


def _whole_brief(found: Extract, campaign: Spoken) -> bool:
    """Whether a text says a campaign of its own: another objective, with money and people or channels."""
    if campaign.asks or found.value("objective") in (None, campaign.record.objective):
        return False
    return "budget" in found.readings and (bool(found.audience) or "channels" in found.readings)


def _start(text: str, tokens: Sequence[Token], first: int) -> int:
    """Where the words from a token on begin, with the sign of a currency that stands before it."""
    if first == 0 or first >= len(tokens):
        return 0 if first == 0 else len(text)
    at = tokens[first - 1].end
    while at < len(text) and (text[at].isspace() or text[at] in ",:;—-.!"):
        at += 1
    return at


def _opening(text: str, tokens: Sequence[Token]) -> int:
    """The first token that is no filler, nor a "no" that stands by itself."""
    first = _fillers(tokens, 0)
    denial = vocabulary().at("denials", tokens, first)
    if denial is not None and denial.last < len(tokens):
        between = text[tokens[denial.last - 1].end : tokens[denial.last].start]
        return _fillers(tokens, denial.last) if between.strip() else first
    return first


def _fillers(tokens: Sequence[Token], first: int) -> int:
    """The first token from `first` on that is no filler; where all are, `first`."""
    at = first
    while at < len(tokens):
        found = vocabulary().at("fillers", tokens, at)
        if found is None:
            return at
        at = found.last
    return first


def _all_in(categories: Sequence[str], tokens: Sequence[Token]) -> bool:
    at = 0
    while at < len(tokens):
        found = next(
            (each for name in categories if (each := vocabulary().at(name, tokens, at)) is not None), None
        )
        if found is None and tokens[at].word not in ("that", "it", "this"):
            return False
        at = found.last if found is not None else at + 1
    return bool(tokens)
