"""Creatives: rendered strictly, for every awkward profile, with an unsubscribe link."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tools.content.creative import Creative, CreativeError, check, render
from tools.content.profiles import AWKWARD_PROFILES

GOOD = Creative(
    arm_id="mens",
    channel="email",
    subject='Hello {{ customer.first_name | default: "there" }}',
    heading="New in the shop",
    body="First part.\n\nSecond part.",
    call_to_action="Have a look",
    link="https://shop.invalid/mens?a=1&b=2",
    footer="Unsubscribe: {{ unsubscribe_url }}",
)


def test_a_good_creative_renders_for_every_awkward_profile() -> None:
    assert check(GOOD) == []
    said = [
        render(GOOD, profile.customer, unsubscribe_url="https://u.invalid").subject
        for profile in AWKWARD_PROFILES
    ]
    assert said[0] == "Hello Maria"
    assert said[1] == said[-1] == "Hello there"


def test_markup_in_a_name_is_escaped_in_html() -> None:
    shown = render(
        GOOD.model_copy(update={"body": "Dear {{ customer.first_name }}"}),
        {"first_name": "<script>alert(1)</script>"},
        unsubscribe_url='https://u.invalid/"onclick=',
    )
    assert "<script>" not in shown.html
    assert 'href="https://shop.invalid/mens?a=1&amp;b=2"' in shown.html


def test_the_same_words_have_the_same_digest_and_others_another() -> None:
    assert GOOD.digest() == Creative.model_validate(GOOD.model_dump()).digest()
    assert GOOD.digest() != GOOD.model_copy(update={"subject": "Hi"}).digest()


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("body", "{{ customer.shoe_size }}"),
        ("body", "{% for i in (1..100000) %}x{% endfor %}"),
        ("subject", "{{ customer.first_name | nosuchfilter }}"),
        ("heading", "{% include 'secrets' %}"),
        ("body", "{{ unclosed"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_named(part: str, text: str) -> None:
    broken = GOOD.model_copy(update={part: text})
    with pytest.raises(CreativeError, match=part):
        render(broken, {"first_name": "Maria"}, unsubscribe_url="https://u.invalid")
    assert check(broken)


def test_an_e_mail_without_an_unsubscribe_link_is_found() -> None:
    assert "unsubscribe" in check(GOOD.model_copy(update={"footer": "Bye"}))[0]


@pytest.mark.parametrize("changes", [{"subject": ""}, {"subject": "x" * 121}, {"colour": "red"}])
def test_a_creative_that_breaks_its_form_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Creative(**(GOOD.model_dump() | changes))
