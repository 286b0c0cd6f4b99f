"""Channels asked for, ruled out, and asked for in vain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from agents.planner.brief import CHANNELS, Channel
from agents.planner.parser.channel_words import channel_at
from agents.planner.parser.items import Item, Sentence, Span
from agents.planner.parser.reading import Reading, Why, correction_before, hull

_NEGATES: Final = ("NOT", "NO", "WITHOUT", "AVOID", "EXCEPT")
_BETWEEN: Final = (
    "FILL",
    "THE",
    "ARTICLE",
    "VIA",
    "BY",
    "SEND",
    "OF",
    "ANY",
    "IN",
    "ON",
    "FOR",
    "USE",
    "TO",
    "MORE",
    "WANT",
    "ONLY",
    "WITH",
    "DO",
)


class Mention(NamedTuple):
    """A channel named in the text."""

    channel: Channel
    at: int
    negated: bool
    only: bool


class ChannelReading(NamedTuple):
    """Channels asked for and ruled out; `unsupported` names what we do not serve; `doubt` a contradiction."""

    channels: Reading | None
    excluded: Reading | None
    unsupported: list[Reading]
    doubt: Why | None


def find_channels(sentence: Sentence, offered: Sequence[Channel] = CHANNELS) -> ChannelReading:
    """Read the channels; naming the same channel as wanted and unwanted, or "only" beside others, is a doubt."""
    mentions = _mentions(sentence)
    wanted = [mention for mention in mentions if not mention.negated]
    corrects = [at for at, mention in enumerate(wanted) if at and correction_before(sentence, mention.at)]
    wanted = wanted[corrects[-1] :] if corrects else wanted
    unwanted = [mention for mention in mentions if mention.negated]
    asked: set[Channel] = {mention.channel for mention in wanted}
    excluded_set = {mention.channel for mention in unwanted}
    doubt = _two_exclusive(sentence, wanted) or _contradiction(
        asked, excluded_set, {mention.channel for mention in wanted if mention.only}
    )
    spans = [sentence.items[mention.at].span for mention in wanted]
    everything = _everything(sentence)
    if everything is not None:
        asked = {channel for channel in offered if channel not in excluded_set}
        spans.append(everything.span)
    unsupported = _unsupported(sentence)
    for channel in sorted(asked - set(offered)):
        at = next(mention for mention in wanted if mention.channel == channel)
        span = sentence.items[at.at].span
        unsupported.append(Reading(f"unsupported_channel:{channel}", channel, *span))
    asked &= set(offered)
    if doubt is not None:
        return ChannelReading(None, _excluded(sentence, unwanted, asked), unsupported, doubt)
    channels = None
    if asked:
        named = [channel for channel in CHANNELS if channel in asked]
        # "Only" is the strongest place to point at where one channel is named several times.
        strongest = [sentence.items[m.at].span for m in wanted if m.only] if len(asked) == 1 else []
        channels = Reading("channels", named, *(strongest[-1] if strongest else hull(spans)))
    return ChannelReading(channels, _excluded(sentence, unwanted, set()), unsupported, None)


def _excluded(sentence: Sentence, unwanted: list[Mention], doubted: set[Channel]) -> Reading | None:
    kept = [mention for mention in unwanted if mention.channel not in doubted]
    if not kept:
        return None
    named = [channel for channel in CHANNELS if channel in {mention.channel for mention in kept}]
    return Reading("constraints.excluded_channels", named, *hull(sentence.items[m.at].span for m in kept))


def _everything(sentence: Sentence) -> Item | None:
    for index, item in enumerate(sentence.items):
        if "ALLCHANNELS" in item.tags and not any(each.has(*_NEGATES) for each in sentence.before(index, 2)):
            return item
    return None


def _mentions(sentence: Sentence) -> list[Mention]:
    found: list[Mention] = []
    for index in range(len(sentence.items)):
        channel = None if index in sentence.taken else channel_at(sentence, index)
        if channel is None:
            continue
        found.append(Mention(channel, index, _negated(sentence, index), _only(sentence, index)))
    return _spread(sentence, found)


def _negated(sentence: Sentence, index: int) -> bool:
    behind_colon = False
    near = sentence.before(index, 6, clause=True)
    for place, item in enumerate(near):
        if item.has(*_NEGATES):
            # "But no: this is an e-mail job" answers; "Not: SMS" rules out.
            return not (item.has("NOT") and "ONLY" in item.tags) and not (
                behind_colon and place + 1 < len(near)
            )
        behind_colon = item.form == ":"
        if not (item.has(*_BETWEEN, "CHANNELWORD", "IS") or item.form == ":"):
            break
    after = sentence.items[index + 1 : index + 4]
    for place, item in enumerate(after):
        if item.stop != "W" or item.form == ":":
            break
        if item.has("RULEDOUT"):
            return True
        if item.has("NAY") and (
            index + place + 2 >= len(sentence.items)
            or sentence.items[index + place + 2].stop != "W"
            or sentence.items[index + place + 2].has("DATE")
        ):
            return True
        if item.has("NOT") and not item.has("EXCEPT"):
            beyond = after[place + 1] if place + 1 < len(after) else None
            return beyond is None or beyond.stop != "W" or beyond.has("FILL", "BUT")
        if not item.has("FILL", "THE", "IS"):
            break
    return False


def _only(sentence: Sentence, index: int) -> bool:
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if following is not None and following.stop == "W" and following.has("ONLY"):
        beyond = sentence.items[index + 2] if index + 2 < len(sentence.items) else None
        return not (beyond is not None and beyond.has("PEOPLE", "TIER", "FOR", "TO"))
    for item in sentence.before(index, 4, clause=True):
        if item.has("ONLY"):
            return True
        if not item.has("VIA", "BY", "SEND", "THE", "IN", "ON", "FILL", "PER"):
            break
    return False


def _is_list(sentence: Sentence, one: Mention, other: Mention) -> bool:
    between = sentence.items[one.at + 1 : other.at]
    return (
        len(between) <= 3
        and all(
            item.form in (",", "/") or item.has("AND", "OR", "NO", "ARTICLE", "THE", "VIA", "BY", "NOT")
            for item in between
        )
        and not any(item.has("BUT") for item in between)
    )


def _negation_runs_on(sentence: Sentence, earlier: Mention, here: Mention) -> bool:
    """ "No SMS or push" and "no SMS, push or e-mail" rule out all; "no SMS, e-mail and push" rules out the first."""
    if here.only and not here.negated:
        return False
    if not any(item.form == "," for item in sentence.items[earlier.at + 1 : here.at]):
        return True
    rest = sentence.items[here.at : here.at + 6]
    return any(item.has("OR") and item.stop == "W" for item in rest)


def _spread(sentence: Sentence, mentions: list[Mention]) -> list[Mention]:
    """ "No SMS or push": a listed channel shares the negation, and the "only", of the one before or after it."""
    spread = list(mentions)
    for index in range(1, len(spread)):
        earlier, here = spread[index - 1], spread[index]
        if (
            _is_list(sentence, earlier, here)
            and earlier.negated
            and _negation_runs_on(sentence, earlier, here)
        ):
            spread[index] = here._replace(negated=True)
    for index in range(len(spread) - 1, 0, -1):
        earlier, here = spread[index - 1], spread[index]
        if _is_list(sentence, earlier, here) and not earlier.negated and not here.negated:
            only = earlier.only or here.only
            spread[index - 1], spread[index] = earlier._replace(only=only), here._replace(only=only)
    return spread


def _two_exclusive(sentence: Sentence, wanted: list[Mention]) -> Why | None:
    """ "SMS only ... e-mail only": two that each rule the other out, and are no list ("only SMS and e-mail")."""
    only = [mention for mention in wanted if mention.only]
    for one, other in pairwise(only):
        if one.channel != other.channel and any(
            item.stop == "S" for item in sentence.items[one.at : other.at]
        ):
            return Why("channels_only", (one.channel, other.channel))
    return None


def _contradiction(asked: set[Channel], excluded: set[Channel], exclusive: set[Channel]) -> Why | None:
    both = sorted(asked & excluded)
    if both:
        return Why("channels_both", (", ".join(both),))
    others = sorted(asked - exclusive)
    if exclusive and others:
        return Why("channels_only", (", ".join(sorted(exclusive)), ", ".join(others)))
    return None


def _is_anothers(sentence: Sentence, index: int) -> bool:
    """ "The flyers are handled separately by Ana", "our Facebook page has 3,000 fans": no channel that this campaign is to use."""
    first, last = sentence.bounds(index)
    following = sentence.items[index + 1] if index < last else None
    if following is not None and following.stop == "W" and following.has("PAGEWORD", "PEOPLE"):
        return True
    return any(item.has("APART") for item in sentence.items[first : last + 1])


def _unsupported(sentence: Sentence) -> list[Reading]:
    found: dict[str, Reading] = {}
    for index, item in enumerate(sentence.items):
        name = next((tag[3:] for tag in item.tags if tag.startswith("NO:")), None)
        following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
        of_others = (
            following is not None and following.has("PEOPLE", "COUNTED", "APP") and following.stop == "W"
        )
        if name is None or index in sentence.asides or of_others:
            continue
        if any(each.has("SOURCEWORD") for each in sentence.before(index, 3)) or _is_anothers(sentence, index):
            continue
        near: Span = item.span
        if not _negated(sentence, index):
            found.setdefault(name, Reading(f"unsupported_channel:{name}", name, *near))
    return list(found.values())
