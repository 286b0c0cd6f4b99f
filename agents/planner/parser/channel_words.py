"""Which words name a channel: "push" and "text" are other things too, and a newsletter is one only where it carries the message."""

from __future__ import annotations

from typing import Final

from agents.planner.brief import CHANNELS, Channel
from agents.planner.parser.items import Item, Sentence

# "Push" and "text" are other things too: such a word is a channel only in the company of these.
_WORDS_OF_MANY_MEANINGS: Final = frozenset(["push", "text", "texts"])


_GIVEN: Final = ("get", "gets", "receive", "receives", "send", "sends")


def channel_at(sentence: Sentence, index: int) -> Channel | None:
    """The channel that the word at an item names; None for another meaning, or a channel that we are told something by."""
    channel = _channel(sentence.items[index])
    if channel is None:
        channel = "email" if _is_newsletter(sentence, index) else None
    elif not _is_channel(sentence, index) or _is_somebodys(sentence, index):
        return None
    return None if channel is None or _is_how_we_hear(sentence, index) else channel


def _channel(item: Item) -> Channel | None:
    return next((channel for channel in CHANNELS if f"CH:{channel}" in item.tags), None)


def _is_how_we_hear(sentence: Sentence, index: int) -> bool:
    """ "Send me the plan by e-mail", "customers who came through e-mail": no way of sending the campaign."""
    near = sentence.before(index, 6, clause=True)
    return any(each.has("TOME") for each in near) or any(
        each.has("SOURCEWORD") and not each.has("FROM") for each in near[:2]
    )


def _is_somebodys(sentence: Sentence, index: int) -> bool:
    """ "Every customer's e-mail", "e-mail and date of birth": what is known of a person, no way of sending."""
    near = sentence.before(index, 2, clause=True)
    if len(near) == 2 and near[0].form in ("s", "'s") and near[1].has("PEOPLE", "EVERYONE"):
        return True
    beside = [*sentence.items[index + 1 : index + 3], *sentence.before(index, 2)]
    joined = any(item.has("AND", "OR") or item.form == "," for item in beside)
    return joined and any(item.has("PRIVATE") for item in beside)


def _is_newsletter(sentence: Sentence, index: int) -> bool:
    """ "In the newsletter", "per Newsletter", "Newsletter." say how, the newsletter's readers and sign-ups do not."""
    item = sentence.items[index]
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else Item("", 0, 0, stop="S")
    if not item.has("NEWSWORD") or not item.has("SENDWORD", "BENIGN") or item.has("PEOPLE", "NEWSLETTER"):
        return False
    if following.has("NOTCHANNEL", "SIGNUP", "SUBSCRIBERS") or (
        following.has("PEOPLE") and not following.has("EVERYONE", "AIMV", "TO", "FOR")
    ):
        return False
    near = sentence.before(index, 3, clause=True)
    if not near:
        return following.stop != "W"
    for at, each in enumerate(near):
        if each.has("IN", "VIA", "BY", "WITH", "WITHIN") and not each.has("OF", "TO", "ON"):
            beyond = near[at + 1] if at + 1 < len(near) else None
            return beyond is None or not beyond.has("SIGNUP", "NOT", "CHOSEN", "JOINED", "MORE")
        if not each.has("THE", "ARTICLE", "ONLY"):
            return False
    return False


def _is_channel(sentence: Sentence, index: int) -> bool:
    item = sentence.items[index]
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else Item("", 0, 0, stop="S")
    if following.has("NOTCHANNEL") and following.stop == "W":
        return False
    if any(each.has("OBJ:opt_in_growth", "SIGNUP") for each in sentence.before(index, 2, clause=True)):
        return False
    if item.form not in _WORDS_OF_MANY_MEANINGS:
        return True
    before = sentence.items[index - 1] if index else Item("", 0, 0, stop="S")
    joined = (
        (before.has("AND", "OR") or before.form in (",", "/", "(", ":"))
        and index > 1
        and _near_channel(sentence, index, -1)
    )
    joined = joined or (
        (following.has("AND", "OR") or following.form in (",", "/", ")"))
        and _near_channel(sentence, index, 1)
    )
    alone = following.has("ONLY") or before.has("ONLY") or (before.stop != "W" and following.stop != "W")
    alone = alone or (before.has("MONEY", "PCT") and len(_all_channels(sentence)) > 1)
    alone = alone or (before.form == ":" and index > 1 and sentence.items[index - 2].has("CHANNELWORD"))
    if item.form == "push":
        apart = before.stop != "W" and (sentence.language != "en" or following.stop != "W")
        lone = before.has("ARTICLE") and following.stop != "W" and len(_all_channels(sentence)) > 1
        # "Gets a push at noon", "e-mail first, then push": something that people receive, or the next in order.
        given = index > 1 and before.has("ARTICLE") and sentence.items[index - 2].form in _GIVEN
        lone = lone or given or before.form == "then"
        return (
            joined
            or apart
            or lone
            or alone
            or (
                before.has(
                    "VIA", "NO", "NOT", "WITHOUT", "AVOID", "BY", "USE", "CHANNELWORD", "EXCEPT", "SEND"
                )
                and not _is_verb(before, following)
                and (
                    before.has("VIA")
                    or not following.has("FOR", "THE", "CAMPAIGN", "TO", "ARTICLE", "THIS", "OFFER")
                )
            )
        )
    if (
        joined
        or alone
        or before.has(
            "VIA", "NO", "NOT", "WITHOUT", "AVOID", "BY", "PER", "EXCEPT", "USE", "CHANNELWORD", "SEND", "NUM"
        )
    ):
        return not following.has("FOR")
    return (
        following.has("PEOPLE", "THE", "EVERYONE", "THEM", "SEGMENT", "TIER", "TYPE", "DEMONYM")
        or item.form == "texts"
    )


def _is_verb(before: Item, following: Item) -> bool:
    """ "We shouldn't push too hard": something is not to be done, and no channel ruled out."""
    return (
        before.has("NOT")
        and not before.has("NO", "AVOID", "EXCEPT", "CORRECTNEAR")
        and following.stop == "W"
        and not following.has("AND", "OR", "BUT", "FILL", "VIA")
    )


def _all_channels(sentence: Sentence) -> set[Channel]:
    return {channel for item in sentence.items if (channel := _channel(item)) is not None}


def _near_channel(sentence: Sentence, index: int, step: int) -> bool:
    """A channel within two items beyond a comma or an "and"."""
    for at in (index + 2 * step, index + 3 * step):
        if 0 <= at < len(sentence.items) and _channel(sentence.items[at]) is not None:
            return True
    return False
