"""Which actions a brief speaks of."""

from __future__ import annotations

import pytest

from tools.offers.actions import Action, match_actions


def action(action_id: str, product: str, channel: str = "email") -> Action:
    return Action(
        action_id=action_id,
        name=f"{product} message",
        channel=channel,
        message_cost_minor=20,
        currency="USD",
        product_id=action_id,
        product_name=product,
        product_description="",
        cost_source="declared",
    )


SHOP = (
    action("mens", "Men's merchandise"),
    action("womens", "Women's merchandise"),
    action("shoes", "Running shoes"),
)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("our men's and women's merchandise e-mails", {"mens", "womens"}),
        ("our women’s merchandise", {"womens"}),
        ("merchandise for women", {"womens"}),
        ("running shoes for everyone", {"shoes"}),
        ("a running sale", set()),
        ("", set()),
    ],
)
def test_a_product_is_mentioned_by_the_words_that_set_it_apart(text: str, mentioned: set[str]) -> None:
    matches = match_actions(SHOP, text, None)
    assert {found.action_id for found in matches.actions if found.mentioned} == mentioned


def test_only_the_wanted_channels_are_offered_and_costs_are_named() -> None:
    matches = match_actions((*SHOP, action("sms", "Texts", "sms")), "anything", ["sms"])
    assert [found.action_id for found in matches.actions] == ["sms"]
    assert matches.quantities["action.sms.message_cost"].value == 20
    assert matches.quantities["action.sms.message_cost"].unit == "minor:USD"
