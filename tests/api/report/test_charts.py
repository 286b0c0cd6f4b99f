"""Charts: plain JSON, one theme with a dark twin for each colour, drawn at a fixed width."""

from __future__ import annotations

import json
import re
import time
from itertools import pairwise

from api.report.charts import (
    NARROW,
    WIDE,
    Axis,
    Row,
    Slots,
    Spec,
    _spread,
    interval_chart,
    share_chart,
    spend_chart,
)
from api.report.svg import draw
from api.report.theme import DARK, dark_css

ROWS = [
    Row("Optimised group", "4,498 matched", 13.6, 14.7, 15.8, "13.6 to 15.8 %"),
    Row("Holdout", "509 matched", 8.0, 10.6, 13.2, "8.0 to 13.2 %", "other", (9.0, 12.0)),
    Row("All: no message", "21 matched", None, None, None, "not estimable", "arm"),
]
SLOTS = Slots(range(1, 28), {1: "1 Dec", 9: "5 Dec", 17: "9 Dec"}, "day of the batch")


def specs(width: int) -> list[Spec]:
    men = [0.4 + 0.005 * k for k in range(27)]
    shares = {"mens": men, "none": [1 - part for part in men]}
    return [
        interval_chart(ROWS, Axis("visit rate, %", ",~f", {0.0: "no difference", 0.1: "limit"}), width),
        share_chart(SLOTS, shares, {"mens": "men's e-mail", "none": "no message"}, "none", width),
        spend_chart(SLOTS, [74.0 * k for k in range(1, 28)], 2_000.0, "budget USD 2,000.00", width),
    ]


def test_specifications_are_plain_json_without_addresses_of_data() -> None:
    for spec in specs(WIDE):
        assert json.loads(json.dumps(spec)) == spec
        assert '"url"' not in json.dumps(spec)


def test_drawings_have_the_width_asked_for_whatever_their_words() -> None:
    for width in (WIDE, NARROW):
        for spec in specs(width):
            assert re.search(rf'viewBox="0 0 {width} \d+"', draw(spec))


def test_every_colour_drawn_has_a_dark_twin() -> None:
    drawn = "".join(draw(spec) for spec in specs(WIDE))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours <= DARK.keys()
    assert all(f'[fill="{colour}"]' in dark_css(".chart") for colour in colours)


def contrast(one: str, other: str) -> float:
    """The ratio of relative luminances (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_is_readable_on_paper_in_light_and_dark() -> None:
    for text in ("#1c2024", "#59636e"):
        assert contrast(text, "#ffffff") >= 4.5
        assert contrast(DARK[text], DARK["#ffffff"]) >= 4.5


def test_words_in_a_chart_are_escaped() -> None:
    row = Row("<script>'\"&", "</svg>", 1.0, 2.0, 3.0, "<b>")
    made = draw(interval_chart([row], Axis("x", ",~f"), WIDE))
    assert "<script" not in made and "<b>" not in made and made.count("</svg>") == 1


def test_labels_keep_their_distance() -> None:
    for places in ([0.1, 0.11, 0.12], [0.9, 0.95, 0.99], [0.0, 0.5, 1.0]):
        spread = _spread(places, 0.13)
        assert all(b - a >= 0.13 - 1e-9 for a, b in pairwise(spread)) and spread[-1] <= 1


def test_twelve_drawings_take_less_than_three_seconds() -> None:
    started = time.perf_counter()
    for spec in (*specs(WIDE), *specs(NARROW)) * 2:
        draw(spec)
    assert time.perf_counter() - started < 3
