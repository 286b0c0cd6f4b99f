"""Channels asked for, ruled out, and asked for in vain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from agents.planner.brief import CHANNELS, Channel
from agents.planner.parser.reading import Reading, Span, overlaps

_NOT_A_MESSAGE = r"(?!\s(?:address|opt|sign|subscri|list|open|click|rate|bounce))"
_GRAMMAR: Final[dict[Channel, re.Pattern[str]]] = {
    "email": re.compile(rf"\b(?:e-?mail(?:s|ing|ings|ed)?|mailings?|newsletter(?= (?:issue|edition|send)))\b{_NOT_A_MESSAGE}", re.I),
    "sms": re.compile(
        r"\bsms(?:es)?\b(?!\s(?:opt|sign|subscri|list|consent))|\btext[- ]messag(?:es?|ing)\b|\b(?:by|via|per|no|or|and|with|not) texts?\b(?! in\b)"
        r"|\btexts\b|\btexting\b|\btext(?= (?:them|him|her|those|these|people|customers|anyone|everyone|everybody|all|our|the"
        r"|lapsed|vips?|gold|members|subscribers|users|buyers|shoppers|only))|\btext only\b",
        re.I,
    ),
    "push": re.compile(
        r"\b(?:mobile |app |web |browser )?push[- ](?:notifications?|messages?|notifs?|alerts?)\b|\b(?:mobile|app|web|browser) push\b|\bpush\b",
        re.I,
    ),
    "in_app": re.compile(r"\bin[- _]?app\b(?! (?:purchase|store|install|download|review))(?:[- ](?:messages?|messaging|banners?|notifications?|pop-?ups?))?", re.I),
}  # fmt: skip
# "Push" alone is an effort, not a channel: it needs a preposition or another channel beside it.
_BARE_PUSH_BEFORE: Final = re.compile(
    r"(?:\b(?:via|by|per|through|no|not|nor|never|without|except|skip|only|using|use|plus)|\b(?:e-?mails?|sms|texts?|app|messages?|banners?)"
    r"(?:,|,? (?:and|or|nor|plus)| ?[/+&]))\s?$",
    re.IGNORECASE,
)
_BARE_PUSH_AFTER: Final = re.compile(
    r"^(?:[ -]only\b|\s?(?:,|/|\+|&|and\b|or\b|plus\b)\s?(?:e-?mails?|sms|texts?|in-?app)\b)", re.IGNORECASE
)
_PUSHING: Final = re.compile(r"^ (?:for|our|the|to|a|an|this|these)\b", re.IGNORECASE)
_UNSUPPORTED: Final = re.compile(
    r"\b(?P<whatsapp>whatsapp)\b|\b(?P<direct_mail>direct mail|postal mail|letters by post|post ?cards?|by post|flyers?|leaflets?)\b"
    r"|\b(?P<facebook>facebook)\b|\b(?P<instagram>instagram|insta)\b|\b(?P<tiktok>tik ?tok)\b|\b(?P<google_ads>google ads|adwords|search ads)\b"
    r"|\b(?P<linkedin>linked ?in)\b|\b(?P<telegram>telegram)\b|\b(?P<phone>phone calls?|telemarketing|cold calls?|call centre|by phone)\b"
    r"|\b(?P<messenger>messenger)\b|\b(?P<tv>tv (?:ads?|spots?|commercials?)|television|on tv)\b|\b(?P<radio>radio)\b|\b(?P<fax>fax)\b|\b(?P<rcs>rcs)\b"
    r"|\b(?P<youtube>youtube)\b|\b(?P<billboard>billboards?)\b|\b(?P<social_media>social media|social ads|paid social)\b"
    r"|\b(?P<x>twitter|x\.com)\b|\b(?P<wechat>wechat)\b|\b(?P<line>line app)\b|\b(?P<viber>viber)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:\b(?:no|not|never|without|avoid(?:ing)?|skip(?:ping)?|exclud(?:e|es|ing)|except(?: for)?|but not|rather than|instead of|leave out"
    r"|drop(?:ping)?|don['’]?t (?:use|send|do|want)(?: any)?|do not (?:use|send|want)(?: any)?|don['’]?t|do not|other than|nor|neither|stop)"
    r"(?:\s(?:by|via|any|use|using|send|sending|the|through|as|a|an|with|more)){0,6})\s*$",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:,|/|&|and|or|nor|,\s?(?:and|or|nor))\s*(?:no |any |the )?$", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|across all|all available|all our) (?:the )?channels?\b", re.IGNORECASE)
_ONLY_AFTER = re.compile(r"^[\s-]*only\b", re.IGNORECASE)
_ONLY_BEFORE = re.compile(
    r"\b(?:only|just|solely|exclusively|nothing but)(?: (?:by|via|through|per|use|using|with|in|on)){0,6}\s*$",
    re.IGNORECASE,
)


class Mention(NamedTuple):
    """A channel named in the text."""

    channel: Channel
    start: int
    end: int
    negated: bool
    only: bool


class ChannelReading(NamedTuple):
    """Channels asked for and ruled out; `unsupported` names what we do not serve; `doubt` a contradiction."""

    channels: Reading | None
    excluded: Reading | None
    unsupported: list[Reading]
    doubt: str | None
    consumed: list[Span]


def find_channels(text: str, offered: Sequence[Channel] = CHANNELS) -> ChannelReading:
    """Read the channels; naming the same channel as wanted and unwanted, or "only" beside others, is a doubt."""
    mentions = _mentions(text)
    wanted = [mention for mention in mentions if not mention.negated]
    unwanted = [mention for mention in mentions if mention.negated]
    everything = _ALL.search(text)
    exclusive = {mention.channel for mention in wanted if mention.only}
    excluded_set = {mention.channel for mention in unwanted}
    asked: set[Channel] = {mention.channel for mention in wanted}
    doubt = _contradiction(asked, excluded_set, exclusive)
    spans = [(mention.start, mention.end) for mention in wanted]
    if everything and not _NEGATED.search(text[: everything.start()]):
        asked = {channel for channel in offered if channel not in excluded_set}
        spans.append(everything.span())
    unsupported = _unsupported(text)
    for channel in sorted(asked - set(offered)):
        at = next(mention for mention in wanted if mention.channel == channel)
        unsupported.append(Reading(f"unsupported_channel:{channel}", channel, at.start, at.end))
    asked &= set(offered)
    consumed = [(mention.start, mention.end) for mention in mentions]
    if doubt is not None:
        return ChannelReading(None, _excluded(unwanted, asked), unsupported, doubt, consumed)
    channels = None
    if asked:
        named = [channel for channel in CHANNELS if channel in asked]
        # "Only" is the strongest place to point at where one channel is named several times.
        strongest = [(m.start, m.end) for m in wanted if m.only] if len(asked) == 1 else []
        channels = Reading("channels", named, *(strongest[-1] if strongest else _hull(spans)))
    return ChannelReading(channels, _excluded(unwanted, set()), unsupported, None, consumed)


def _excluded(unwanted: list[Mention], doubted: set[Channel]) -> Reading | None:
    kept = [mention for mention in unwanted if mention.channel not in doubted]
    if not kept:
        return None
    named = [channel for channel in CHANNELS if channel in {mention.channel for mention in kept}]
    return Reading("constraints.excluded_channels", named, *_hull([(m.start, m.end) for m in kept]))


def _mentions(text: str) -> list[Mention]:
    found: list[Mention] = []
    for channel, grammar in _GRAMMAR.items():
        for match in grammar.finditer(text):
            if any(overlaps(match.span(), (other.start, other.end)) for other in found):
                continue
            if match.group().lower() == "push" and not _is_channel(text, match):
                continue
            word = re.search(r"(?:sms|text|push).*", match.group(), re.IGNORECASE | re.DOTALL)
            start = match.start() + (word.start() if word and channel in ("sms", "push") else 0)
            before, after = text[max(0, start - 40) : start], text[match.end() : match.end() + 10]
            only = bool(
                _ONLY_AFTER.match(after)
                or _ONLY_BEFORE.search(before)
                or match.group().lower().endswith("only")
            )
            found.append(Mention(channel, start, match.end(), bool(_NEGATED.search(before)), only))
    found.sort(key=lambda mention: mention.start)
    return _spread_negation(text, found)


def _is_channel(text: str, push: re.Match[str]) -> bool:
    before, after = text[max(0, push.start() - 20) : push.start()], text[push.end() : push.end() + 20]
    if _PUSHING.match(after):
        return False
    return bool(_BARE_PUSH_BEFORE.search(before) or _BARE_PUSH_AFTER.match(after))


def _spread_negation(text: str, mentions: list[Mention]) -> list[Mention]:
    """ "No SMS or push": a listed channel shares the negation, and the "only", of the one before or after it."""
    spread = list(mentions)
    for index in range(1, len(spread)):
        earlier, here = spread[index - 1], spread[index]
        between = text[earlier.end : here.start]
        if _LIST.match(between) and earlier.negated and not (here.only and not here.negated):
            spread[index] = here._replace(negated=True)
    for index in range(len(spread) - 1, 0, -1):
        earlier, here = spread[index - 1], spread[index]
        if _LIST.match(text[earlier.end : here.start]) and not earlier.negated and not here.negated:
            only = earlier.only or here.only
            spread[index - 1], spread[index] = earlier._replace(only=only), here._replace(only=only)
    return spread


def _contradiction(asked: set[Channel], excluded: set[Channel], exclusive: set[Channel]) -> str | None:
    both = sorted(asked & excluded)
    if both:
        return f"The brief both asks for and rules out {', '.join(both)}."
    others = sorted(asked - exclusive)
    if exclusive and others:
        return f"The brief says only {', '.join(sorted(exclusive))}, and also asks for {', '.join(others)}."
    return None


def _unsupported(text: str) -> list[Reading]:
    found: dict[str, Reading] = {}
    for match in _UNSUPPORTED.finditer(text):
        name = str(match.lastgroup)
        if not _NEGATED.search(text[max(0, match.start() - 40) : match.start()]):
            found.setdefault(name, Reading(f"unsupported_channel:{name}", name, *match.span()))
    return list(found.values())


def _hull(spans: list[Span]) -> Span:
    return (min(start for start, _ in spans), max(end for _, end in spans))
