"""What people do on the page, in a real browser, against a served home."""

from __future__ import annotations

import time
from typing import Any

import httpx

from tests.api.web.conftest import Desk, SignIn
from tests.small_shop import VAGUE

LATE = 240_000


def answer(page: Any, words: str, comment: str = "") -> None:
    page.get_by_label(words, exact=False).first.check()
    if comment:
        page.get_by_role("textbox", name="Comment").fill(comment)
    page.get_by_role("button", name="Countersign").click()


def test_an_objective_becomes_a_readout_after_somebody_else_signed_it(desk: Desk, as_user: SignIn) -> None:
    ada = as_user(desk, "Ada")
    ada.get_by_label("Your objective").fill(VAGUE)
    ada.get_by_role("button", name="Send").click()
    ada.get_by_role("heading", name="One question before the plan").wait_for()
    ada.locator("#answer-1").fill("$40")
    ada.get_by_role("button", name="Answer").click()
    ada.get_by_text("Sent to approval", exact=True).wait_for(timeout=LATE)
    ada.locator(".trace").last.get_by_text("count_audience").wait_for()
    ada.locator("mark", has_text="hold out 10 %").wait_for()
    ada.get_by_role("link", name="Look at the proposal").click()
    ada.get_by_text("You had a part in this proposal").wait_for()
    assert ada.get_by_role("button", name="Countersign").count() == 0

    grace = as_user(desk, "Grace")
    grace.get_by_role("navigation", name="Main").get_by_role("link", name="Approvals").click()
    grace.get_by_role("link", name="Winback").click()
    grace.frame_locator(".device iframe").first.get_by_role("heading").wait_for()
    answer(grace, "Approve")
    grace.get_by_text("✓signed", exact=True).wait_for()
    grace.get_by_role("link", name="campaign:").click()
    grace.get_by_role("link", name="Readout as one page").wait_for(timeout=LATE)
    assert grace.locator("#live").count() == 1
    grace.get_by_role("link", name="Readout as one page").click()
    grace.get_by_role("heading", name="Winback").first.wait_for()


def test_a_rejection_needs_a_reason_and_is_seen_by_the_author(desk: Desk, as_user: SignIn) -> None:
    at = f"{desk.url}/approvals/{desk.propose()['approval_id']}"
    linus = as_user(desk, "Linus")
    linus.goto(at)
    answer(linus, "Reject")
    linus.get_by_role("alert").wait_for()
    answer(linus, "Reject", "The holdout is too small.")
    linus.get_by_text("The holdout is too small.").wait_for()
    ada = as_user(desk, "Ada")
    ada.goto(at)
    ada.get_by_text("The holdout is too small.").wait_for()
    assert ada.get_by_text("rejected").count() >= 1


def test_requested_changes_become_a_new_proposal_that_shows_what_changed(desk: Desk, as_user: SignIn) -> None:
    made = desk.propose()
    grace = as_user(desk, "Grace")
    grace.goto(f"{desk.url}/approvals/{made['approval_id']}")
    answer(grace, "Request changes", "Lower the budget to $30.")
    grace.get_by_text("changes requested").first.wait_for()

    ada = as_user(desk, "Ada")
    ada.goto(f"{desk.url}/chat/{made['conversation_id']}")
    ada.get_by_label("What should change").fill("Make it $30")
    ada.get_by_role("button", name="Send").click()
    ada.get_by_text("Sent to approval", exact=True).wait_for(timeout=LATE)
    ada.get_by_role("link", name="Look at the proposal").click()
    ada.get_by_role("heading", name="What this version changes").wait_for()
    grace.goto(ada.url)
    asked = grace.locator(
        "section", has=grace.get_by_role("heading", name="What was asked of the version before")
    )
    asked.get_by_text("Lower the budget to $30.").first.wait_for()
    changes = grace.locator("section", has=grace.get_by_role("heading", name="What this version changes"))
    changes.get_by_role("cell", name="USD 30.00").first.wait_for()
    answer(grace, "Reject", "Not this month after all.")
    grace.get_by_text("Not this month after all.").wait_for()


def test_of_two_approvers_who_answer_at_once_the_second_is_told(desk: Desk, as_user: SignIn) -> None:
    at = f"{desk.url}/approvals/{desk.propose()['approval_id']}"
    grace, linus = as_user(desk, "Grace"), as_user(desk, "Linus")
    for page in (grace, linus):
        page.goto(at)
    answer(grace, "Reject", "Not this month.")
    grace.get_by_text("Not this month.").wait_for()
    answer(linus, "Approve")
    linus.get_by_role("alert").wait_for()
    linus.get_by_text("Not this month.").wait_for()
    linus.get_by_role("heading", name="Signatures").wait_for()
    assert linus.get_by_role("button", name="Countersign").count() == 0


def test_a_message_body_runs_and_loads_nothing(desk: Desk, as_user: SignIn) -> None:
    page = as_user(desk, "Grace")
    page.goto(f"{desk.url}/approvals/{desk.propose()['approval_id']}")
    assert page.locator(".device iframe").first.get_attribute("sandbox") == ""
    page.get_by_role("link", name="right-to-left").click()
    page.locator('.profiles [aria-current]:text("right-to-left")').wait_for()


def test_a_campaign_is_stopped_and_everybody_who_looks_sees_it(desk: Desk, as_user: SignIn) -> None:
    made = desk.propose()
    at = f"{desk.url}/campaigns/{made['campaign_id']}"
    ada, grace = as_user(desk, "Ada"), as_user(desk, "Grace")
    for page in (ada, grace):
        page.goto(at)
        page.locator("#live .pill", has_text="in review").wait_for()
    desk.answer("Grace", made, "approve")
    halt(desk, made["campaign_id"])
    for page in (ada, grace):
        page.locator("#live .pill", has_text="paused").wait_for()
    grace.get_by_role("button", name="Stop").click()
    for page in (grace, ada):
        page.locator("#live .pill.block").wait_for()
        assert page.get_by_role("button", name="Stop").count() == 0
        assert page.get_by_role("button", name="Resume").count() == 0


def halt(desk: Desk, campaign_id: str) -> None:
    """Pause a campaign as soon as it can be: once it was launched, before its replayed time has run out."""
    path = f"{desk.url}/v1/campaigns/{campaign_id}/pause"
    headers = {"authorization": f"Bearer {desk.shop.keys['Grace']}"}
    deadline = time.monotonic() + 60
    while httpx.post(path, headers=headers, timeout=60).status_code != 200:
        assert time.monotonic() < deadline, "the campaign cannot be paused"
        time.sleep(0.02)


def test_an_approval_is_given_by_keyboard_alone(desk: Desk, as_user: SignIn) -> None:
    digest = desk.propose()["digest"][:8]
    page = as_user(desk, "Grace")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("row", name=digest).wait_for()
    page.wait_for_load_state()

    def tab_to(name: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            told = page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")
            if told.startswith(name):
                return
        raise AssertionError(f"the keyboard does not reach {name}")

    tab_to("Winback")  # the only one that waits
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Signatures").wait_for()
    page.wait_for_load_state()
    assert page.locator(".digest", has_text=digest).count() == 1
    tab_to("approve")
    page.keyboard.press("Space")
    tab_to("Countersign")
    page.keyboard.press("Enter")
    page.get_by_text("✓signed", exact=True).wait_for()
