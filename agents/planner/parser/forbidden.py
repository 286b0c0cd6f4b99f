"""Which asks of a text are refused: phrases by grammar, discounts, pace and hours by the policy's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Final, NamedTuple

from agents.planner.brief import BriefPolicy
from agents.planner.parser.grammar import Found, Pattern
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.quantities import UNIT_DAYS, Length
from agents.planner.parser.reading import Reading, overlaps
from policies.refusals import (
    Refusal,
    RefusalCode,
    judge_discount,
    judge_frequency,
    judge_send_time,
    judge_send_window,
    refuse,
)


class Phrase(NamedTuple):
    """A forbidden ask; `negatable` when "do not ..." before it turns it into a lawful wish."""

    code: RefusalCode
    pattern: Pattern
    negatable: bool = True


_OVERRIDE: Final = "SKIPV|IGNOREV|REGARDLESS"
_PHRASES: Final = tuple(
    Phrase(code, Pattern(source), negatable)
    for code, negatable, source in (
        ("consent_violation", True, "SEND|INCLUDE|EVEN|EVERYONE|REGARDLESS ~9 UNCONSENTED"),
        ("consent_violation", True, "UNCONSENTED ~6 SEND|INCLUDE|TOO"),
        ("consent_violation", True, f"{_OVERRIDE} _6 CONSENTWORD|UNCONSENTED"),
        ("consent_violation", True, "ACQUIREV _5 LISTWORD"),
        ("consent_violation", True, "BOUGHTLIST"),
        ("consent_violation", True, "SCRAPEV"),
        ("consent_violation", False, "NOCONSENT"),
        ("consent_violation", False, "CONSENTWORD _2 OR NOT|NO"),
        ("skip_approval", True, "SKIPV|IGNOREV|AVOID _5 APPROVALWORD"),
        ("skip_approval", False, "WITHOUT _6 APPROVALWORD"),
        ("skip_approval", False, "NO _3 APPROVALWORD _1 NEEDED"),
        ("skip_approval", False, "NOT|NO _2 NEEDED _6 APPROVALWORD"),
        ("skip_approval", False, "NOT _2 WAITV _4 APPROVALWORD"),
        ("skip_approval", True, "NOAPPROVAL"),
        ("skip_approval", True, "SEND|LAUNCH|START _4 BEFORE _4 APPROVALWORD|APPROVEV"),
        ("self_approval", True, "SELFAPPROVE"),
        ("self_approval", True, "FIRSTPERSON _3 APPROVEV"),
        ("self_approval", True, "APPROVEV _4 MYSELF"),
        ("self_approval", True, "MYSELF _3 APPROVEV"),
        ("self_approval", True, "MACHINE _3 APPROVEV"),
        ("frequency_cap_violation", True, f"{_OVERRIDE} _4 FREQUENCYCAP"),
        ("frequency_cap_violation", True, "FLOODV"),
        ("quiet_hours_violation", True, f"{_OVERRIDE}|DURING|IN _3 QUIETHOURS"),
        ("quiet_hours_violation", True, "SEND|CHANNEL|START|LAUNCH ~9 ATNIGHT"),
        ("quiet_hours_violation", True, "ATNIGHT _4 SEND|CHANNEL"),
        ("missing_unsubscribe", True, "WITHOUT|NO|HIDEV|AVOID|SKIPV _4 UNSUBLINK"),
        ("missing_unsubscribe", False, "NOT _3 SHOWV _4 UNSUBLINK"),
        ("missing_unsubscribe", True, "UNSUBLINK _4 HIDDEN"),
        ("missing_unsubscribe", True, "HARD _3 UNSUBSCRIBEV"),
        ("missing_unsubscribe", True, "NOUNSUB"),
        ("sensitive_attribute_targeting", True, "INFERV ~9 SECRET|SENSITIVE"),
        ("sensitive_attribute_targeting", True, "BASEDON|SEGMENTV _3 SECRET"),
        ("protected_attribute_pricing", True, "CHARGEV _4 GROUPWORD ~4 MORE|LESS|DIFFERENT|MORETHAN"),
        ("protected_attribute_pricing", True, "CHARGEV _3 MORE|LESS|DIFFERENT _4 GROUPWORD"),
        ("protected_attribute_pricing", True, "MORE|LESS|DIFFERENT _1 PRICES _4 GROUPWORD|ATTRIBUTE"),
        ("protected_attribute_pricing", True, "PRICES ~3 MORE|LESS|DIFFERENT _3 GROUPWORD"),
        ("protected_attribute_pricing", True, "PRICES|DISCOUNT|OFFER _4 BASEDON|BY _2 ATTRIBUTE"),
        ("protected_attribute_pricing", True, "DISCOUNT|PRICES _2 ONLY _2 GROUPWORD"),
        ("protected_attribute_pricing", True, "ONLY _1 GROUPWORD _3 DISCOUNT"),
        ("protected_attribute_pricing", True, "GROUPWORD _4 PAYS _4 MORE|LESS|DIFFERENT|MORETHAN"),
        ("minors_targeting", True, "AIMV|FOR|TO|PEOPLE|INCLUDE _5 MINOR"),
        ("minors_targeting", True, "MINOR ~5 AIMV"),
        ("minors_targeting", True, "AIMV|FOR|TO|PEOPLE|INCLUDE|AND _5 MINORAGE"),
        ("unsubstantiated_claim", True, "FALSECLAIM"),
        ("unsubstantiated_claim", True, "CUREV _5 DISEASE"),
        ("unsubstantiated_claim", True, "GUARANTEEV _4 RESULTWORD"),
        ("unsubstantiated_claim", True, "INVENTV _4 EVIDENCE"),
        ("unsubstantiated_claim", True, "FAKE _3 EVIDENCE"),
        ("unsubstantiated_claim", True, "LOSEV n:NUM WEIGHTWORD"),
        ("unsubstantiated_claim", True, "SAYV ~6 SUPERLATIVE"),
        ("false_urgency", True, "FAKE _3 URGENCYWORD"),
        ("false_urgency", True, "INVENTV|PRETENDV _4 URGENCYWORD"),
        ("false_urgency", True, "PRETENDV ~9 SCARCE"),
        ("false_urgency", True, "EVENTHOUGH ~9 PLENTY"),
        ("false_urgency", True, "SCARCE ~9 EVENTHOUGH"),
        ("false_urgency", True, "SCARCE %14 REALLY"),
        ("false_urgency", True, "URGENCYWORD ~4 RESETS"),
        ("false_urgency", True, "URGENCYWORD ~6 NOTTRUE"),
        ("competitor_disparagement", True, "TRASHV _5 COMPETITOR"),
        ("competitor_disparagement", True, "COMPETITOR _7 BADWORD"),
        ("competitor_disparagement", True, "BADWORD _4 COMPETITOR"),
        ("competitor_disparagement", True, "CALLV|SAYV ~9 BADSTRONG"),
        ("pii_disclosure", True, "SHOWV|INCLUDE|PUTV ~8 PRIVATE"),
        ("pii_disclosure", True, "PRIVATE ~4 PUTV"),
        ("pii_disclosure", True, "SHAREV ~6 PRIVATE|PERSONAL"),
        ("pii_disclosure", True, "PERSONAL|PRIVATE ~5 SHAREV"),
        ("pii_disclosure", True, "PERSONAL|PRIVATE ~5 THIRDPARTY"),
        ("pii_disclosure", True, "SHAREV ~6 LISTWORD ~5 THIRDPARTY"),
    )
)
_SENSITIVE: Final = tuple(
    Pattern(source)
    for source in (
        "SEND|AIMV|FOR|TO|SEGMENTV|INCLUDE|ONLY _5 s:SENSITIVE",
        "PEOPLE|WHO|EVERYONE _4 s:SENSITIVE",
        "s:SENSITIVE _1 PEOPLE|GROUPWORD",
        "GROUPWORD _3 s:SENSITIVE",
    )
)
_PACES: Final = tuple(
    Pattern(source)
    for source in (
        "n:NUM|ONCE|TWICE|ARTICLE _1 SENDWORD|TIMES|CHANNEL ~4 u:PERUNIT",
        "n:NUM|ONCE|TWICE u:PERUNIT",
        "n:NUM u:PERUNIT _2 SENDWORD|CHANNEL",
        "u:PERUNIT n:NUM SENDWORD|CHANNEL|TIMES",
        "u:PERUNIT _2 SENDWORD|CHANNEL",
        "SENDWORD|CHANNEL _3 u:PERUNIT",
    )
)
_EVERY: Final = Pattern("SENDWORD|CHANNEL _4 EACH d:DUR")
_BURST: Final = Pattern("n:NUM _2 SENDWORD|CHANNEL _3 IN|WITHIN|DURING _2 d:DUR")
_CLOCKS: Final = (
    Pattern("SEND|LAUNCH|CHANNEL|START|OUT ~9 AT|AFTER|BY|AROUND|ON|BEFORE c:CLOCK"),
    Pattern("AT c:CLOCK _4 SEND|CHANNEL|LAUNCH"),
)
_NOT_SENDING: Final = ("END", "UNTIL", "EXPIRE", "BEFORE", "VALID")
_PERS: Final = {
    "hour": 1 / 24,
    "day": 1.0,
    "morning": 0.5,
    "week": 7.0,
    "month": 30.0,
    "quarter": 90.0,
    "year": 365.0,
}


def find_refusals(sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    """Find the forbidden asks, at most one a code, in the order of the text; a wish to avoid one is not an ask."""
    found = [*_phrases(sentence), *_sensitive(sentence, policy)]
    found.extend(_discounts(sentence, policy, constraints))
    found.extend(_paces(sentence, policy))
    found.extend(_hours(sentence, policy, constraints))
    first: dict[str, Refusal] = {}
    for refusal in sorted(found, key=lambda refusal: refusal.span):
        first.setdefault(refusal.code, refusal)
    return list(first.values())


def _phrases(sentence: Sentence) -> list[Refusal]:
    found = []
    for phrase in _PHRASES:
        for match in phrase.pattern.find(sentence):
            if phrase.negatable and is_negated(sentence, match.first, match.last):
                continue
            if phrase.code == "consent_violation" and _asks_to_opt_in(sentence, match):
                continue
            if phrase.code == "minors_targeting" and _is_for_a_child(sentence, match):
                continue
            if phrase.code == "pii_disclosure" and _is_ours(sentence, match):
                continue
            if phrase.code == "unsubstantiated_claim" and _is_evidenced(sentence, match):
                continue
            found.append(refuse(phrase.code, match.span))
    return found


def is_negated(sentence: Sentence, first: int, last: int) -> bool:
    """Say whether the words just before an ask, or an exception inside it, turn it into its opposite."""
    for item in sentence.before(first, 5):
        if item.has("NOT", "NO", "AVOID", "EXCEPT", "WITHOUT", "NEVERDO"):
            return True
        if not item.has(
            "FILL",
            "THE",
            "TO",
            "ARTICLE",
            "ANY",
            "PEOPLE",
            "SEND",
            "SAYV",
            "WANT",
            "USE",
            "OR",
            "BY",
            "VIA",
            "INCLUDE",
            "IN",
            "SHOWV",
            "PUTV",
            "AND",
        ):
            break
    if sentence.items[first].has("EXCEPT", "NOT") and not sentence.items[first].has(
        "SKIPV", "HIDEV", "WITHOUT"
    ):
        return True
    return any(item.has("EXCEPT", "NOTTO") for item in sentence.items[first + 1 : last]) or sentence.items[
        last
    ].has("AFTERNEG")


def _asks_to_opt_in(sentence: Sentence, match: Found) -> bool:
    """Inviting people of one channel to opt in to another is how consent is won, not broken."""
    at = next(
        (at for at in range(match.first, match.last + 1) if sentence.items[at].has("UNCONSENTED")), match.last
    )
    first, last = sentence.bounds(at)
    invited = any(item.has("INVITE", "ASK", "ATCHECKOUT") for item in sentence.items[first : last + 1])
    after = sentence.items[at + 1 : at + 4]
    return invited and any(item.has("CHANNEL", "NEWSWORD", "APP") for item in after)


def _is_for_a_child(sentence: Sentence, match: Found) -> bool:
    """Parents who buy for children, and things made for them, are no marketing to minors."""
    minor = next(
        (at for at in range(match.last, match.first - 1, -1) if sentence.items[at].has("MINOR")), match.last
    )
    after = sentence.items[minor + 1 : minor + 4]
    if after and (
        after[0].form == "s"
        or after[0].has("PRODUCTWORD", "THING", "PARENTS", "SALE")
        or (len(after) > 1 and after[1].has("PRODUCTWORD", "THING", "PARENTS") and after[0].stop == "W")
    ):
        return True
    first, _ = sentence.bounds(minor)
    return any(item.has("PARENTS") for item in sentence.items[first:minor]) or sentence.items[minor - 1].has(
        "PRODUCTWORD", "THING"
    )


def _is_ours(sentence: Sentence, match: Found) -> bool:
    """The shop's own telephone number is no personal data."""
    at = next(
        (at for at in range(match.first, match.last + 1) if sentence.items[at].has("PRIVATE", "PERSONAL")),
        match.last,
    )
    return any(item.has("OURS") for item in sentence.before(at, 2))


def _is_evidenced(sentence: Sentence, match: Found) -> bool:
    first, last = sentence.bounds(match.first)
    return any(item.has("APPROVEDCLAIM") for item in sentence.items[first : last + 1])


def _sensitive(sentence: Sentence, policy: BriefPolicy) -> list[Refusal]:
    found = []
    for pattern in _SENSITIVE:
        for match in pattern.find(sentence):
            at = match.named["s"]
            names = {
                tag.removeprefix("SENSITIVE:").replace("_", " ")
                for tag in sentence.items[at].tags
                if tag.startswith("SENSITIVE:")
            }
            if not names & set(policy.sensitive) or is_negated(sentence, match.first, match.last):
                continue
            if not _is_benign(sentence, at):
                found.append(refuse("sensitive_attribute_targeting", match.span))
    return found


def _is_benign(sentence: Sentence, index: int) -> bool:
    """A product named by the word, or people who chose the matter themselves, are no target by attribute."""
    after = sentence.items[index + 1 : index + 3]
    if (
        after
        and after[0].stop == "W"
        and (
            after[0].has("BENIGN", "THING", "PRODUCTWORD", "NEWSWORD")
            or (
                len(after) > 1
                and after[1].has("BENIGN")
                and after[1].stop == "W"
                and not after[0].has("PEOPLE", "GROUPWORD")
            )
        )
    ):
        return True
    first, last = sentence.bounds(index)
    return any(item.has("CHOSEN", "BOUGHT") for item in sentence.items[first : last + 1]) or any(
        item.has("BENIGNBEFORE", "CUREV") for item in sentence.before(index, 3)
    )


def _discounts(sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    ceiling = policy.discount_ceiling_pct
    asked: list[tuple[float, tuple[int, int]]] = []
    for reading in constraints:
        if reading.field in ("constraints.discount_pct", "constraints.max_discount_pct") and isinstance(
            reading.value, Decimal
        ):
            at = _index_at(sentence, reading.start)
            if not _declines(sentence, at):
                asked.append((float(reading.value), reading.span))
    for index, item in enumerate(sentence.items):
        if item.has("HALFPRICE", "GIVEAWAY") and not _declines(sentence, index):
            asked.append((50.0 if item.has("HALFPRICE") else 100.0, item.span))
    judged = [judge_discount(percent, span, ceiling) for percent, span in asked]
    return [refusal for refusal in judged if refusal is not None]


def _declines(sentence: Sentence, index: int) -> bool:
    near = sentence.before(index, 3)
    return any(item.has("NOT", "NO", "AVOID", "NEVERDO") for item in near) and not any(
        item.has("MAX") for item in near[:1] if not item.has("NOT")
    )


def _index_at(sentence: Sentence, start: int) -> int:
    return next((at for at, item in enumerate(sentence.items) if item.start >= start), 0)


def _per_days(item: Item) -> float | None:
    return next((_PERS[tag[6:]] for tag in item.tags if tag.startswith("EVERY:") and tag[6:] in _PERS), None)


def _paces(sentence: Sentence, policy: BriefPolicy) -> list[Refusal]:
    judged: list[Refusal | None] = []
    seen: set[int] = set()
    for pattern in _PACES:
        for match in pattern.find(sentence):
            at = match.named["u"]
            if (
                at in seen
                or is_negated(sentence, match.first, match.last)
                or any(i.has("BUDGET", "MONEY") for i in sentence.items[match.first : match.last + 1])
            ):
                continue
            if "n" in match.named and "TIMES" not in sentence.vocabulary and not _is_sending(sentence, match):
                continue
            days = _per_days(sentence.items[at])
            count = _count(match)
            seen.add(at)
            if days is not None and count is not None:
                judged.append(judge_frequency(count, days, match.span, policy.frequency_cap))
    for match in _EVERY.find(sentence):
        length = match.item("d").value
        if isinstance(length, Length) and not is_negated(sentence, match.first, match.last):
            days = float(length.number) * UNIT_DAYS[length.unit]
            judged.append(judge_frequency(1.0, days, match.span, policy.frequency_cap) if days else None)
    for match in _BURST.find(sentence):
        length, number = match.item("d").value, match.item("n").value
        if (
            isinstance(length, Length)
            and isinstance(number, Decimal)
            and not is_negated(sentence, match.first, match.last)
        ):
            judged.append(
                judge_frequency(
                    float(number), max(length.least, 1), match.span, policy.frequency_cap, repeats=False
                )
            )
    return [refusal for refusal in judged if refusal is not None]


def _is_sending(sentence: Sentence, match: Found) -> bool:
    around = [*sentence.items[match.first : match.last + 1], *sentence.before(match.first, 5)]
    return any(item.has("SENDWORD", "CHANNEL", "SEND") for item in around)


def _count(match: Found) -> float | None:
    item = match.get("n")
    if item is None or item.has("ONCE", "ARTICLE"):
        return 1.0
    if item.has("TWICE"):
        return 2.0
    return float(item.value) if isinstance(item.value, Decimal) and item.value < 10**6 else None


def _hours(sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    judged: list[Refusal | None] = []
    windows = [reading for reading in constraints if reading.field == "constraints.send_window_local"]
    for reading in windows:
        if isinstance(reading.value, tuple):
            opens, closes = (time.fromisoformat(moment) for moment in reading.value)
            judged.append(judge_send_window((opens, closes), reading.span, policy.quiet_hours_local))
    for pattern in _CLOCKS:
        for match in pattern.find(sentence):
            at = match.named["c"]
            item = sentence.items[at]
            if any(overlaps(item.span, reading.span) for reading in windows) or is_negated(
                sentence, match.first, match.last
            ):
                continue
            if any(each.has(*_NOT_SENDING) and not each.has("SEND") for each in sentence.before(at, 6)):
                continue
            if isinstance(item.value, time):
                judged.append(judge_send_time(item.value, match.span, policy.quiet_hours_local))
    return [refusal for refusal in judged if refusal is not None]
