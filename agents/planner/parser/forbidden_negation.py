"""Whether the words around an ask turn it into a wish to avoid what is forbidden."""

from __future__ import annotations

from agents.planner.parser.items import Sentence


def is_negated(sentence: Sentence, first: int, last: int) -> bool:
    """Say whether the words just before an ask, or an exception inside it, turn it into its opposite."""
    for item in sentence.before(first, 5):
        if item.has("NOT", "NO", "AVOID", "EXCEPT", "WITHOUT", "NEVERDO", "NOTHING"):
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
            "AIMV",
        ):
            break
    if sentence.items[first].has("EXCEPT", "NOT") and not sentence.items[first].has(
        "SKIPV", "HIDEV", "WITHOUT"
    ):
        return True
    return any(
        item.has("EXCEPT", "NOTTO", "NOTHING") for item in sentence.items[first + 1 : last]
    ) or sentence.items[last].has("AFTERNEG")


def is_rejected(sentence: Sentence, last: int) -> bool:
    """ "Someone suggested skipping the sign-off; we won't": an ask that is told only to be turned down right behind."""
    behind = sentence.items[last + 1 : last + 11]
    if any(item.has("REJECTED") for item in behind):
        return True
    but = next((at for at, item in enumerate(behind) if item.has("BUT")), None)
    # "... every day, but this campaign doesn't."
    return but is not None and any(
        item.has("NOT") and (at + 1 >= len(behind) or behind[at + 1].stop == "S")
        for at, item in enumerate(behind[: but + 6])
        if at > but
    )
