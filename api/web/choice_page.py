"""The pictures of the decision explorer: what was chosen how often, and one draw."""

from __future__ import annotations

from collections.abc import Sequence

from api.http.choices import KindView
from api.report.bars import Bar, bar_chart, draw_chart
from api.report.charts import Axis
from api.report.tables import Table
from api.report.wording import NO_ARM, count, first_upper, group_words, share, words
from api.views.choice import ChoiceView
from api.web.pictures import Picture, pictured


def draw_picture(choice: ChoiceView) -> Picture:
    """The probabilities of a choice as a strip from 0 to 1 with the number that was drawn."""
    names = {arm.arm: first_upper(arm.name) for arm in choice.arms}
    u = float.fromhex(choice.replay.logged_u)
    chosen = next(arm for arm in choice.arms if arm.chosen)
    table = Table(
        ("arm", "probability", "expected reward", "after the price of money", "cost"),
        tuple(
            (
                names[arm.arm],
                share(arm.probability),
                f"{arm.expected_reward:.4f}",
                f"{arm.after_price:.4f}",
                arm.cost,
            )
            for arm in choice.arms
        ),
    )
    return pictured(
        f"{names[chosen.arm]} had a chance of {share(chosen.probability)} and was drawn",
        "Each arm is as wide as it was likely; the line is the number that the seed gave this person.",
        lambda width: draw_chart({arm.arm: arm.probability for arm in choice.arms}, names, NO_ARM, u, width),
        table,
    )


def kinds_picture(kinds: Sequence[tuple[KindView, str]]) -> Picture:
    """How many people got what, by group and by the layer of the gate where that decided."""
    everyone = sum(kind.people for kind, _ in kinds)
    bars = [
        Bar(first_upper(name), _detail(kind), float(kind.people), count(kind.people), _kind(kind))
        for kind, name in kinds
    ]
    most, name = kinds[0]
    table = Table(
        ("chosen", "people", "group", "decided by"),
        tuple(
            (first_upper(name), count(kind.people), group_words(kind.group), words(kind.layer) or "the draw")
            for kind, name in kinds
        ),
    )
    return pictured(
        f"{first_upper(name)} went to {share(most.people / everyone)} of {count(everyone)} people",
        "People by what was chosen for them, and by who decided it.",
        lambda width: bar_chart(bars, Axis("people", ",.0f"), width),
        table,
    )


def _detail(kind: KindView) -> str:
    return (
        group_words(kind.group)
        if kind.layer in ("", kind.group)
        else f"{group_words(kind.group)}, by {words(kind.layer)}"
    )


def _kind(kind: KindView) -> str:
    return "other" if kind.layer or kind.arm == NO_ARM else "main"
