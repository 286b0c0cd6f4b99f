"""What people do on the page, in a real browser, against a served home."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Proposed
from tests.api.web.conftest import SignIn
from tests.small_shop import VAGUE, Shop

LATE = 240_000


def answer(page: Any, words: str, comment: str = "") -> None:
    page.get_by_label(words, exact=False).first.check()
    if comment:
        page.get_by_role("textbox", name="Comment").fill(comment)
    page.get_by_role("button", name="Countersign").click()


def test_an_objective_becomes_a_readout_after_somebody_else_signed_it(
    served: str, shop: Shop, as_user: SignIn
) -> None:
    ada = as_user(served, shop, "Ada")
    ada.get_by_label("Your objective").fill(VAGUE)
    ada.get_by_role("button", name="Send").click()
    ada.get_by_role("heading", name="One question before the plan").wait_for()
    ada.locator("#answer-1").fill("$40")
    ada.get_by_role("button", name="Answer").click()
    ada.get_by_text("Sent to approval", exact=True).wait_for(timeout=LATE)
    assert ada.locator(".trace").last.get_by_text("count_audience").count() == 1
    ada.locator("mark", has_text="hold out 10 %").wait_for()
    ada.get_by_role("link", name="Look at the proposal").click()
    ada.get_by_text("You had a part in this proposal").wait_for()
    assert ada.get_by_role("button", name="Countersign").count() == 0

    grace = as_user(served, shop, "Grace")
    grace.get_by_role("navigation", name="Main").get_by_role("link", name="Approvals").click()
    grace.get_by_role("link", name="Winback").click()
    grace.frame_locator(".device iframe").first.get_by_role("heading").wait_for()
    answer(grace, "Approve")
    grace.get_by_text("✓signed", exact=True).wait_for()
    grace.get_by_role("link", name="campaign:").click()
    grace.get_by_role("link", name="Readout as one page").wait_for(timeout=LATE)
    grace.get_by_role("link", name="Readout as one page").click()
    grace.get_by_role("heading", name="Winback").first.wait_for()


def test_a_rejection_needs_a_reason_and_is_seen_by_the_author(
    served_proposal: str, proposed: Proposed, as_user: SignIn
) -> None:
    at = f"{served_proposal}/approvals/{proposed.approval_id}"
    linus = as_user(served_proposal, proposed.shop, "Linus")
    linus.goto(at)
    answer(linus, "Reject")
    linus.get_by_role("alert").wait_for()
    answer(linus, "Reject", "The holdout is too small.")
    linus.get_by_text("The holdout is too small.").wait_for()
    ada = as_user(served_proposal, proposed.shop, "Ada")
    ada.goto(at)
    assert ada.get_by_text("The holdout is too small.").count() == 1
    assert ada.get_by_text("rejected").count() >= 1


def test_of_two_approvers_who_answer_at_once_the_second_is_told(
    served_proposal: str, proposed: Proposed, as_user: SignIn
) -> None:
    at = f"{served_proposal}/approvals/{proposed.approval_id}"
    grace = as_user(served_proposal, proposed.shop, "Grace")
    linus = as_user(served_proposal, proposed.shop, "Linus")
    for page in (grace, linus):
        page.goto(at)
    answer(grace, "Reject", "Not this month.")
    grace.get_by_text("Not this month.").wait_for()
    answer(linus, "Approve")
    linus.get_by_role("alert").wait_for()
    assert linus.get_by_text("Not this month.").count() == 1
    assert linus.get_by_role("button", name="Countersign").count() == 0


def test_an_approval_is_given_by_keyboard_alone(
    served_proposal: str, proposed: Proposed, as_user: SignIn
) -> None:
    page = as_user(served_proposal, proposed.shop, "Grace")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("link", name="Winback").wait_for()

    def tab_to(name: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            told = page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")
            if told.startswith(name):
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    tab_to("Winback")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Signatures").wait_for()
    tab_to("approve")
    page.keyboard.press("Space")
    tab_to("Countersign")
    page.keyboard.press("Enter")
    page.get_by_text("✓signed", exact=True).wait_for()


def test_a_message_body_runs_and_loads_nothing(one_proposal: tuple[str, Proposed], as_user: SignIn) -> None:
    url, made = one_proposal
    page = as_user(url, made.shop, "Grace")
    page.goto(f"{url}/approvals/{made.approval_id}")
    assert page.locator(".device iframe").first.get_attribute("sandbox") == ""
    page.get_by_role("link", name="right-to-left").click()
    page.locator('.profiles [aria-current]:text("right-to-left")').wait_for()
