"""Freezing: canonical text, a stable digest, and no number without a source."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from policies.figures import Figure, FigureSource, UnsourcedNumberError
from policies.proposal import Content, digest_of, freeze, parse
from tests.policies.proposal_example import BRIEF, CREATIVES, audience, content, figures


def frozen(made: Content) -> str:
    return freeze(made, brief=BRIEF, creatives=CREATIVES).digest


def test_a_sourced_content_freezes_and_reads_back() -> None:
    made = freeze(content(), brief=BRIEF, creatives=CREATIVES)
    assert digest_of(made.canonical_json) == made.digest
    assert parse(made.canonical_json) == content()
    assert list(json.loads(made.canonical_json)) == sorted(json.loads(made.canonical_json))


def test_the_order_of_figures_does_not_matter_and_any_value_does() -> None:
    turned = dict(reversed(list(figures().items())))
    assert frozen(content(figures=turned)) == frozen(content())
    changed = figures() | {"plan.budget": figures()["plan.budget"].model_copy(update={"value": 200001})}
    assert frozen(content(figures=changed)) != frozen(content())


def _without_source(**changes: Any) -> dict[str, Figure]:
    source = FigureSource(**({"kind": "tool", "name": "x", "path": "", "digest": ""} | changes))
    return figures() | {"planted": Figure(value=7, unit="people", source=source)}


@pytest.mark.promise
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rationale": "It reaches 1,000 people."}, "1,000"),
        ({"rationale": "It reaches a thousand people."}, "thousand"),
        ({"evidence": "See {figure:made.up}."}, "made.up"),
        ({"audience": audience(words="bought half a year ago")}, "half"),
        ({"audience": audience(definition="days_since_purchase >= 181")}, "181"),
        ({"rules": {"authority": "all of 50 rules"}}, "code"),
        ({"figures": _without_source()}, "no source"),
        ({"figures": _without_source(kind="brief", name="budget")}, "no source"),
        ({"figures": _without_source(kind="rule", name="")}, "no source"),
    ],
)
def test_a_planted_number_without_a_source_stops_the_freeze(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsourcedNumberError, match=says):
        frozen(content(**changes))


@pytest.mark.promise
def test_a_number_planted_in_a_message_stops_the_freeze() -> None:
    with pytest.raises(UnsourcedNumberError, match=r"mens\.subject"):
        freeze(content(), brief=BRIEF, creatives=CREATIVES | {"mens.subject": "Save 40 %"})


def test_a_quote_must_stand_in_the_brief() -> None:
    with pytest.raises(UnsourcedNumberError, match="word for word"):
        freeze(content(), brief="Another brief.", creatives=CREATIVES)


def test_a_reference_to_a_figure_that_is_missing_stops_the_freeze() -> None:
    fewer = {name: figure for name, figure in figures().items() if name != "audience.net"}
    with pytest.raises(UnsourcedNumberError, match=r"audience\.net"):
        frozen(content(figures=fewer))


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        content(author="Ada")
