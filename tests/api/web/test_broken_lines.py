"""What a page does when its line is cut, or its server goes away in the middle: it goes on, and loses and doubles nothing."""

from __future__ import annotations

import pytest

from tests.api.web.conftest import Desk, SignIn
from tests.api.web.test_in_a_browser import LATE
from tests.small_shop import BRIEF


def test_a_page_of_a_campaign_goes_on_after_its_line_was_cut(desk: Desk, as_user: SignIn) -> None:
    made = desk.propose()
    page = as_user(desk, "Ada")
    page.goto(f"{desk.url}/campaigns/{made['campaign_id']}")
    page.locator("#live .pill", has_text="in review").wait_for()
    page.context.set_offline(True)
    desk.answer("Grace", made, "reject", "Not this month.")
    page.wait_for_timeout(1_500)
    assert page.locator("#live .pill", has_text="in review").count() == 1
    page.context.set_offline(False)
    page.get_by_role("link", name="approval: rejected").wait_for()
    assert page.locator("#live").count() == 1
    assert page.get_by_role("heading", name="Winback").count() == 1


@pytest.mark.promise
def test_a_page_goes_on_over_a_server_that_dies_while_agents_plan_and_while_it_sends(
    desk: Desk, as_user: SignIn
) -> None:
    ada = as_user(desk, "Ada")
    ada.get_by_label("Your objective").fill(BRIEF)
    ada.get_by_role("button", name="Send").click()
    ada.locator(".trace li").first.wait_for()
    desk.kill()
    ada.get_by_text("The line was cut").wait_for()
    desk.begin()
    ada.get_by_role("link", name="Sent to approval: look at it").wait_for(timeout=LATE)
    assert ada.locator(".turn.person").count() == 1
    ada.get_by_text("What the agents did for this plan").click()
    ada.locator(".trace").get_by_text("count_audience").first.wait_for()
    ada.get_by_role("link", name="Sent to approval: look at it").click()
    ada.get_by_text("You had a part in this proposal").wait_for()

    grace = as_user(desk, "Grace")
    grace.goto(ada.url)
    grace.get_by_label("Approve").first.check()
    grace.get_by_role("button", name="Countersign").click()
    grace.get_by_role("link", name="campaign:").click()
    grace.get_by_text("batches out").first.wait_for()
    desk.kill()
    desk.begin()
    grace.get_by_role("link", name="Readout as one page").wait_for(timeout=LATE)
    assert grace.locator("#live").count() == 1


def test_words_that_could_not_be_sent_stay_in_their_field(desk: Desk, as_user: SignIn) -> None:
    page = as_user(desk, "Ada")
    page.get_by_label("Your objective").fill(BRIEF)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").get_by_text("The server did not answer").wait_for()
    assert page.get_by_label("Your objective").input_value() == BRIEF
    page.context.set_offline(False)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Sent to approval", exact=True).wait_for(timeout=LATE)
    assert page.get_by_role("alert").count() == 0
