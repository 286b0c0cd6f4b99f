"""The palette and the bell by keyboard, and the lift and a choice of a campaign that ran, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.api.conftest import Proposed
from tests.api.web.conftest import Desk, SignIn, serving

AXE = (Path(__file__).parents[1] / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Any) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {iframes: false}).then(done => done.violations)")
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def test_one_goes_by_name_with_the_keyboard_alone(desk: Desk, as_user: SignIn) -> None:
    desk.propose()
    page = as_user(desk, "Grace", bypass_csp=True)
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog", name="Go to")
    dialog.get_by_role("option").first.wait_for()
    assert serious(page) == []
    page.keyboard.type("no such place")
    dialog.get_by_text("Nothing is called that.").wait_for()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.keyboard.press("Control+k")
    dialog.get_by_role("option").first.wait_for()
    page.keyboard.type("experi")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Experiments", exact=True).wait_for()
    page.keyboard.press("Control+k")
    dialog.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Approvals", exact=True).wait_for()
    page.locator("details.bell summary").press("Enter")
    page.locator(".pop").get_by_role("link", name="Winback").wait_for()
    assert serious(page) == []
    page.keyboard.press("Escape")
    assert page.locator("details.bell[open]").count() == 0


def test_a_campaign_that_ran_shows_its_lift_and_a_choice(ran: Proposed, as_user: SignIn) -> None:
    with serving(ran.shop) as served:
        for scheme, width in (("light", 1440), ("dark", 390)):
            page = as_user(
                served,
                "Ada",
                color_scheme=scheme,
                bypass_csp=True,
                viewport={"width": width, "height": 900},
            )
            page.goto(f"{served.url}/campaigns/{ran.campaign_id}")
            page.get_by_text("The 95 % band holds at all batches together").first.wait_for()
            assert serious(page) == []
            page.get_by_role("link", name="Who got what, and why").click()
            page.get_by_role("heading", name="Somebody of each kind").wait_for()
            assert serious(page) == []
            page.locator("main li a.button").first.click()
            page.get_by_text("It matches bit for bit.").wait_for()
            assert serious(page) == []
            page.goto(page.url.replace(f"campaigns/{ran.campaign_id}/people", "audience"))
            page.get_by_role("heading", name="What happened, the newest first").wait_for()
            assert serious(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
