"""The pictures of the audience room: consent by channel, audiences by size, and whom they share."""

from __future__ import annotations

from collections.abc import Sequence

from api.http.catalogue import CountView
from api.report.bars import Bar as Drawn
from api.report.bars import bar_chart
from api.report.charts import Axis
from api.report.overlaps import Cell, overlap_chart
from api.report.tables import ABSENT, Table
from api.report.wording import MINUS, count, first_upper, share, words
from api.views.audiences import AudiencesView, CampaignAudienceView, ChannelConsentView
from api.web.approval_page import Bar
from api.web.pictures import Picture, pictured


def consent_picture(view: AudiencesView) -> Picture | None:
    """Who may be written to for marketing on each channel, of everybody; None without people."""
    channels = [each for each in view.consents if each.people]
    if not channels:
        return None
    bars = [
        Drawn(first_upper(words(one.channel)), _others(one), float(one.granted), _granted(one))
        for one in channels
    ]
    best = max(channels, key=lambda one: one.granted)
    everyone = float(max(one.people for one in channels))
    return pictured(
        f"{share(best.granted / best.people)} may be written to by {words(best.channel)}",
        "People by what they last said about marketing; a suppressed address counts as suppressed, whatever was said.",
        lambda width: bar_chart(bars, Axis("people", ",.0f"), width, everyone),
        Table(
            ("channel", "may be written to", "withdrew", "never said", "suppressed"),
            tuple(
                (words(one.channel), *map(count, (one.granted, one.withdrawn, one.unknown, one.suppressed)))
                for one in channels
            ),
        ),
    )


def sizes_picture(audiences: Sequence[CampaignAudienceView]) -> Picture | None:
    """The net audience of each campaign with its segments below it; None without one."""
    if not audiences:
        return None
    bars: list[Drawn] = []
    rows: list[tuple[str, ...]] = []
    for one in audiences:
        net = int(one.audience.net.value)
        bars.append(Drawn(one.campaign, words(one.state), float(net), count(net)))
        rows.append((one.campaign, words(one.state), count(net)))
        for segment in one.audience.segments if len(audiences) <= 4 else ():
            people = int(segment.people.value)
            bars.append(Drawn("", words(segment.id), float(people), count(people), "pale"))
            rows.append((f"{one.campaign}: {segment.words}", "segment", count(people)))
    largest = max(audiences, key=lambda one: int(one.audience.net.value))
    return pictured(
        f"{largest.campaign} reaches {count(int(largest.audience.net.value))} people",
        "People who may be reached, the holdout included; below each audience its segments, which are apart.",
        lambda width: bar_chart(bars, Axis("people", ",.0f"), width),
        Table(("audience", "state", "people"), tuple(rows)),
    )


def shared_picture(view: AudiencesView) -> Picture | None:
    """Whom each two audiences share; None with fewer than two that can be compared."""
    known = [one for one in view.audiences if one.readable]
    if len(known) < 2:
        return None
    places = {one.campaign_id: k for k, one in enumerate(known)}
    sizes = [max(int(one.audience.net.value), 1) for one in known]
    pairs = {(places[pair.one], places[pair.other]): pair.people for pair in view.shared}
    both = pairs | {(b, a): people for (a, b), people in pairs.items()}
    cells = [Cell(a, b, people / sizes[a], count(people)) for (a, b), people in sorted(both.items())]
    labels = [f"{one.campaign} · {one.campaign_id[-4:]}" for one in known]
    (first, second), most = max(pairs.items(), key=lambda item: item[1])
    title = (
        f"{labels[first]} and {labels[second]} share {count(most)} people"
        if most
        else "No two audiences share anybody"
    )
    return pictured(
        title,
        "Row by row: how many of an audience's people are in the other one too; the darker, the larger their share.",
        lambda width: overlap_chart(labels, cells, width),
        Table(
            ("audience", *(str(k + 1) for k in range(len(known)))),
            tuple(
                (
                    f"{a + 1} {labels[a]}",
                    *(ABSENT if a == b else count(both[a, b]) for b in range(len(known))),
                )
                for a in range(len(known))
            ),
        ),
    )


def count_bars(counted: CountView) -> tuple[Bar, ...]:
    """A count as a funnel: gross, less each step, net."""
    whole = max(counted.gross, 1)

    def bar(said: str, people: int, kind: str) -> Bar:
        sign = MINUS if kind == "removed" else ""
        return Bar(said, f"{sign}{count(people)}", "", kind, f"{100 * people / whole:.2f}")

    return (
        bar("match the definition", counted.gross, "whole"),
        *(bar(step.words, step.removed, "removed") for step in counted.steps if step.removed),
        bar("may be reached", counted.net, "net"),
    )


def _granted(one: ChannelConsentView) -> str:
    return f"{count(one.granted)} may be written to"


def _others(one: ChannelConsentView) -> str:
    return f"{count(one.withdrawn)} withdrew, {count(one.unknown)} never said"
