"""Which asks of a text are refused: phrases by grammar, discounts, pace and hours by the policy's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from agents.planner.brief import BriefPolicy
from agents.planner.parser.forbidden_figures import discounts_judged, hours_judged, paces_judged
from agents.planner.parser.forbidden_negation import is_negated, is_rejected
from agents.planner.parser.forbidden_phrases import LEFT_OUT_BY_ATTRIBUTE, PHRASES, SENSITIVE
from agents.planner.parser.grammar import Found
from agents.planner.parser.items import Sentence
from agents.planner.parser.lengths import Length
from agents.planner.parser.reading import Reading
from policies.refusals import (
    Refusal,
    refuse,
)

_ADJECTIVES_BEHIND: Final = ("fr", "es", "pt", "it")


def find_refusals(sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    """Find the forbidden asks, at most one a code, in the order of the text; a wish to avoid one is not an ask."""
    found = [*_phrases(sentence), *_sensitive(sentence, policy)]
    found.extend(discounts_judged(sentence, policy, constraints))
    found.extend(paces_judged(sentence, policy))
    found.extend(hours_judged(sentence, policy, constraints))
    first: dict[str, Refusal] = {}
    for refusal in sorted(found, key=lambda refusal: refusal.span):
        first.setdefault(refusal.code, refusal)
    return list(first.values())


def _phrases(sentence: Sentence) -> list[Refusal]:
    found = []
    for phrase in PHRASES:
        for match in phrase.pattern.find(sentence):
            if phrase.negatable and is_negated(sentence, match.first, match.last):
                continue
            if is_rejected(sentence, match.last):
                continue
            if phrase.code == "self_approval" and (
                _approves_money(sentence, match) or _another_approves(sentence, match)
            ):
                continue
            if phrase.code == "consent_violation" and _is_kept_out(sentence, match):
                continue
            if phrase.code == "skip_approval" and (
                _is_of_people(sentence, match.first) or _waits_for_approval(sentence, match.first)
            ):
                continue
            if phrase.code == "consent_violation" and _asks_to_opt_in(sentence, match):
                continue
            if phrase.code == "minors_targeting" and (
                _is_for_a_child(sentence, match) or not _is_of_age(match, "young", 6, 17)
            ):
                continue
            if phrase.code == "protected_attribute_pricing" and not _is_of_age(match, "old", 16, 120):
                continue
            if phrase.code == "competitor_disparagement" and not _speaks_of_a_name(sentence, match):
                continue
            if phrase.code == "pii_disclosure" and (
                _is_ours(sentence, match) or _comes_from(sentence, match)
            ):
                continue
            if phrase.code == "unsubstantiated_claim" and _is_evidenced(sentence, match):
                continue
            if phrase.code == "false_urgency" and (
                _is_true(sentence, match.first) or not _presses(sentence, match)
            ):
                continue
            found.append(refuse(phrase.code, match.span))
    return found


def _is_of_people(sentence: Sentence, index: int) -> bool:
    """ "Customers without a review" have not reviewed what they bought."""
    near = sentence.before(index, 1)
    return bool(near) and near[0].has("PEOPLE") and not near[0].has("NOBODY", "THE")


def _approves_money(sentence: Sentence, match: Found) -> bool:
    """ "I am signing off USD 48,000": who approves the budget approves no campaign."""
    return any(item.has("MONEY", "BUDGET", "NUM") for item in sentence.items[match.last + 1 : match.last + 3])


def _another_approves(sentence: Sentence, match: Found) -> bool:
    """ "I'll review the copy myself, then Karin approves": a name right before the verb; "I approve of the tone" approves nothing."""
    at = next((at for at in range(match.last, match.first, -1) if sentence.items[at].has("APPROVEV")), None)
    before = sentence.items[at - 1] if at else None
    named = before is not None and not before.tags and sentence.text[before.start].isupper()
    following = sentence.items[match.last + 1 : match.last + 2]
    return named or any(item.form == "of" for item in following)


def _is_kept_out(sentence: Sentence, match: Found) -> bool:
    """ "Everyone who opted out stays out": what is said of them behind is the contrary of an ask."""
    return any(item.has("KEPTOUT") for item in sentence.items[match.first : match.last + 6])


def _is_of_age(match: Found, name: str, least: int, most: int) -> bool:
    """Say whether the number that a pattern names is an age between two; a pattern that names none holds."""
    item = match.get(name)
    if item is None:
        return True
    value = item.value
    if isinstance(value, Length):
        return value.unit == "year" and least <= value.number <= most
    return isinstance(value, Decimal) and least <= value <= most


def _speaks_of_a_name(sentence: Sentence, match: Found) -> bool:
    """ "Say the folks at Kettleworks sell tat": a capital inside the sentence names somebody else, unless it is ours."""
    if "named" not in match.named:
        return True
    return any(
        not sentence.items[at].tags
        and sentence.text[sentence.items[at].start].isupper()
        and sentence.items[at].stop == "W"
        and not any(each.has("OURS") for each in sentence.before(at, 2))
        for at in range(match.first + 1, match.last)
    ) and not any(sentence.items[at].has("NOT", "NO", "NEVERDO") for at in range(match.first + 1, match.last))


def _waits_for_approval(sentence: Sentence, index: int) -> bool:
    """ "Nothing goes out without approval"."""
    return sentence.items[index].has("WITHOUT", "NOAPPROVAL") and any(
        item.has("NOTHING") for item in sentence.before(index, 4, clause=True)
    )


def _is_true(sentence: Sentence, index: int) -> bool:
    """Urgency that the marketer says is so: a day that stays, a stock that was counted."""
    first, last = sentence.bounds(index)
    said = sentence.items[first : last + 1]
    return any(item.has("TRUTH") for item in said) and not any(
        item.has("EVENTHOUGH", "PLENTY", "NOTTRUE", "REALLY", "RESETS") for item in said
    )


def _presses(sentence: Sentence, match: Found) -> bool:
    """ "Say it is tested even though it isn't" is untrue, but presses nobody: no word of time or stock stands in it."""
    if not sentence.items[match.first].has("EVENTHOUGH"):
        return True
    first, last = sentence.bounds(match.first)
    return any(
        item.has("SCARCE", "URGENCYWORD", "LEFTWORD", "ONLY", "END", "EXPIRE", "FAKE", "DATE", "CLOCK")
        for item in sentence.items[first : last + 1]
    )


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
    first, last = sentence.bounds(minor)
    for at in range(minor + 1, last + 1):
        addressed = any(each.has("AIMV", "TO", "FOR") for each in sentence.before(at, 2))
        if sentence.items[at].has("PARENTS") and addressed:
            return True
    made_for = sentence.before(minor, 3, clause=True)
    if any(item.has("FOR") for item in made_for[:2]) and any(
        item.has("PRODUCTWORD", "THING") for item in made_for
    ):
        return True  # "Toys for children" names the goods.
    before = sentence.items[minor - 1]
    if minor and sentence.language in _ADJECTIVES_BEHIND and before.stop == "W" and not before.tags:
        return True  # "Mochilas escolares": what goods are called.
    return any(item.has("PARENTS") for item in sentence.items[first:minor]) or sentence.items[minor - 1].has(
        "PRODUCTWORD", "THING"
    )


def _is_ours(sentence: Sentence, match: Found) -> bool:
    """The shop's own telephone number is no personal data."""
    at = next(
        (at for at in range(match.first, match.last + 1) if sentence.items[at].has("PRIVATE", "PERSONAL")),
        match.last,
    )
    return any(item.has("OURS") for item in sentence.before(at, 1))


def _comes_from(sentence: Sentence, match: Found) -> bool:
    """A list that comes from somebody is not given to them."""
    return any(
        sentence.items[at].has("THIRDPARTY")
        and any(item.has("FROM", "SOURCEWORD") for item in sentence.before(at, 2))
        for at in range(match.first, match.last + 1)
    ) or any(item.has("OTHERPURPOSE") for item in sentence.items[match.last + 1 : match.last + 5])


def _is_evidenced(sentence: Sentence, match: Found) -> bool:
    first, last = sentence.bounds(match.first)
    return any(item.has("APPROVEDCLAIM") for item in sentence.items[first : last + 1])


def _sensitive(sentence: Sentence, policy: BriefPolicy) -> list[Refusal]:
    found = []
    for pattern in (*SENSITIVE, LEFT_OUT_BY_ATTRIBUTE):
        for match in pattern.find(sentence):
            at = match.named["s"]
            names = {
                tag.removeprefix("SENSITIVE:").replace("_", " ")
                for tag in sentence.items[at].tags
                if tag.startswith("SENSITIVE:")
            }
            negated = pattern is not LEFT_OUT_BY_ATTRIBUTE and is_negated(sentence, match.first, match.last)
            if not names & set(policy.sensitive) or negated:
                continue
            if not _is_benign(sentence, at):
                found.append(refuse("sensitive_attribute_targeting", match.span))
    return found


def _is_benign(sentence: Sentence, index: int) -> bool:
    """A product named by the word, or people who chose the matter themselves, are no target by attribute."""
    after = sentence.items[index + 1 : index + 3]
    if after and after[0].has("MEDICINE") and after[0].stop == "W":
        return False  # Who bought a medicine is picked by the illness.
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
