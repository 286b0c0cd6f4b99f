"""The report: verdict first, every interval labelled, nothing loaded from elsewhere, the same text each time."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from api.report.build import render_report
from api.report.checks import checks
from api.report.claims import forecast_title
from api.report.funnel import funnel_view
from api.report.panels import spend_panel
from policies.figures import Figures
from tests.api.report.sample import (
    BRIEF,
    CONTEXT,
    FIGURES,
    FINDINGS,
    FORECAST,
    INCLUDES,
    LABEL,
    PEOPLE,
    SPEND,
    VISITS,
    content,
    lift,
    nothing,
    record,
)

VOID = {"meta", "link", "br", "img", "input", "hr", "base"}


class Page(HTMLParser):
    """Checks nesting as it reads, and keeps tags, ids and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(
    made: object = None,
    verdict: str = "better",
    figures: Figures = FIGURES,
    brief: str = BRIEF,
    **context: object,
) -> str:
    return render_report(
        made or record(),  # type: ignore[arg-type]
        FINDINGS.model_copy(update={"verdict": verdict}),
        content(),
        figures=figures,
        brief_text=brief,
        context=CONTEXT.model_copy(update=context),
    )


@pytest.fixture(scope="module")
def html() -> str:
    return rendered()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def not_conclusive(**changed: object) -> object:
    visits = VISITS.model_copy(
        update={
            "lifts": (lift(0.012, 0.028, "not conclusive", INCLUDES),),
            "arms": (
                *VISITS.arms[:2],
                nothing("none", 13_555, 21, "only 21 people with an outcome; 30 are needed for an interval"),
            ),
        }
    )
    return record(
        verdict="not conclusive",
        reason=INCLUDES,
        metrics=[one.model_dump() for one in (visits, SPEND)],
        **changed,
    )


def test_verdict_and_its_interval_stand_before_every_chart(page: Page) -> None:
    verdict = page.text.index("Better than the holdout")
    assert "Visit rate is above the holdout, by 1.3 to 6.9 points" in page.text
    assert verdict < page.text.index("Where everybody went") < page.text.index("Guardrail not conclusive")


def test_not_conclusive_is_a_normal_result_and_an_arm_without_interval_has_its_reason() -> None:
    text = Page(rendered(not_conclusive(), "not conclusive")).text
    assert "Not conclusive" in text and "normal result" in text
    assert "may be a loss or a gain, −1.6 to +4.0 points" in text
    assert "above the holdout" not in text
    assert "not estimable" in text
    assert "only 21 people with an outcome; 30 are needed for an interval" in text


def test_every_outcome_carries_its_label(html: str, page: Page) -> None:
    figures = re.findall(r"<figure>.*?</figure>", html, re.S)
    labelled = [LABEL in figure for figure in figures]
    assert labelled == [True, True, True, True, False, False]
    for heading in ("Better than the holdout", "What it means", "Guardrail on spend", "Other metrics"):
        after = page.text[page.text.index(heading, page.text.index("Digest of what")) :]
        assert LABEL in after[:420]


def test_what_is_synthetic_is_said(page: Page) -> None:
    assert "consents, time zones and halves are synthetic" in page.text


def test_the_countersigner_is_named_with_the_time_in_the_workspace_zone(page: Page) -> None:
    assert "Countersigned by Grace (campaign manager) on 21 Nov 2026, 05:04 EST. Written by Ada." in page.text
    assert record().digest in page.text


def test_the_funnel_adds_up_and_shows_its_sums(page: Page) -> None:
    assert "✓ adds up: 32,020 − 15,983 − 498 − 322 − 156 = 15,061" in page.text
    assert "✓ adds up: 9,990 + 3,560 + 1,506 + 5 = 15,061" in page.text


@pytest.mark.parametrize("people", [PEOPLE | {"sent": 9_989}, PEOPLE | {"net": 15_060}])
def test_a_funnel_that_does_not_add_up_is_shown_as_such(people: dict[str, int]) -> None:
    funnel = funnel_view(record(people=people), content(), {})
    assert not funnel.holds and not funnel.checks[1].holds
    assert "People add up" in [check.name for check in checks(record(), False) if check.state == "failed"]


def test_findings_are_said_with_their_figures(page: Page) -> None:
    assert "lies between 1.28 % and 6.92 % with a best estimate of 4.1 %" in page.text
    assert "{figure:" not in page.text


def test_a_log_that_does_not_replay_and_a_broken_sum_are_said(page: Page) -> None:
    assert "Every logged choice replays : yes" in page.text
    text = Page(rendered(record(replays=False, people=PEOPLE | {"sent": 9_989}), synthetic_note="")).text
    assert "(failed): no: the log does not give the choices" in text
    assert "✗ does not add up" in text and "synthetic" not in text


def test_checks_show_p_values_and_broken_ones_fail() -> None:
    split, matching, *_ = checks(record(split_p_value=0.0002, matching_p_value=None), True)
    assert (split.state, matching.state) == ("failed", "unneeded")
    assert split.words == "p\u00a0<\u00a00.001; the groups did not come out as declared"


def test_forecast_outside_its_interval_is_named(page: Page) -> None:
    assert "3 of 5 forecast quantities came out inside; sends and cost did not" in page.text
    inside = record(forecast=[one.model_dump() for one in FORECAST[1:3]])
    assert forecast_title(inside) == "All 2 forecast quantities came out inside their 80\u00a0% intervals"


def test_money_spent_beside_what_the_choices_cost(page: Page) -> None:
    assert "USD 1,998.00 of USD 2,000.00 were spent (99.9 %)" in page.text
    (note,) = spend_panel(record(spent_minor=198_000), CONTEXT).notes
    assert note.startswith("The choices cost USD\u00a01,998.00; USD\u00a01,980.00 were spent")


def test_six_charts_each_with_two_widths_and_a_table_twin(html: str, page: Page) -> None:
    assert html.count("<svg ") == 12
    assert sum(tag == "details" for tag, _ in page.tags) == 6
    assert sum(tag == "table" for tag, _ in page.tags) == 7
    drawings = [attrs for tag, attrs in page.tags if attrs.get("role") == "img"]
    assert len(drawings) == 12 and all(attrs["aria-label"] for attrs in drawings)


def test_nothing_is_loaded_or_run(html: str, page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "base"}
    names = {name for _, attrs in page.tags for name in attrs}
    assert not names & {"src", "href", "xlink:href", "srcset", "action", "data"}
    assert not any(name.startswith("on") for name in names)
    assert "url(" not in html and "@import" not in html
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", html)


def test_no_id_stands_twice(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_same_input_gives_the_same_page(html: str) -> None:
    assert rendered() == html


def test_early_readout_gives_means_and_no_verdict() -> None:
    reason = "declared to be read at 2026-12-15T02:00:00+00:00; nothing is decided before"
    metrics = [
        one.model_copy(
            update={
                "lifts": (
                    one.lifts[0].model_copy(
                        update={
                            "value": None,
                            "low": None,
                            "high": None,
                            "verdict": "not yet",
                            "reason": reason,
                        }
                    ),
                )
            }
        ).model_dump()
        for one in (VISITS, SPEND)
    ]
    early = record(metrics=metrics, verdict="not yet", guardrail="not yet", final=False, reason=reason)
    text = Page(rendered(early, "not yet")).text
    assert "Too early to tell" in text and "interim readout" in text
    assert "no difference from the holdout is estimated" in text
    assert "So far, before the end: 3 of 5" in text
