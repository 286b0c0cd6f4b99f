"""axe-core finds nothing serious on any page, light and dark, wide and narrow; no page scrolls sideways."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.web.conftest import Desk, SignIn

AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")
PAGES = (
    "/chat",
    "/approvals",
    "/approvals/{approval}",
    "/campaigns",
    "/approvals/{signed}",
    "/campaigns/{campaign}",
    "/campaigns/{measured}/people",
    "/campaigns/{measured}/lift",
    "/audience",
    "/offers",
    "/experiments",
    "/evals",
    "/waiting",
    "/settings/models",
    "/policies?kind=campaign&reach=150000&sensitive=1&waited=1",
    "/campaigns/{measured}",
    "/policies",
    "/audit",
    "/settings",
    "/settings/data",
)


Shown = dict[str, str]


@pytest.fixture(scope="module")
def shown(desk: Desk) -> Shown:
    """One campaign before its approvers, and one that ran and was measured."""
    ran = desk.propose()
    desk.answer("Grace", ran, "approve")
    path = f"/v1/campaigns/{ran['campaign_id']}/readout"
    deadline = time.monotonic() + 240
    while not _has_report(desk, path):
        assert time.monotonic() < deadline, "the campaign was not measured"
        time.sleep(0.3)
    waits = desk.propose()
    return {
        "approval": waits["approval_id"],
        "campaign": waits["campaign_id"],
        "signed": ran["approval_id"],
        "measured": ran["campaign_id"],
    }


def _has_report(desk: Desk, path: str) -> bool:
    headers = {"authorization": f"Bearer {desk.shop.keys['Grace']}"}
    found = httpx.get(desk.url + path, headers=headers, timeout=60)
    return found.status_code == 200 and bool(found.json()["has_report"])


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_has_a_serious_violation(desk: Desk, shown: Shown, as_user: SignIn, width: int) -> None:
    page = as_user(desk, "Root", viewport={"width": width, "height": 900}, bypass_csp=True)
    for path in PAGES:
        page.goto(desk.url + path.format(**shown))
        page.evaluate(AXE)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate("axe.run(document, {iframes: false}).then(done => done.violations)")
            serious = [
                (path, scheme, each["id"], [node["html"][:160] for node in each["nodes"]])
                for each in found
                if each["impact"] in SERIOUS
            ]
            assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_signing_in_has_no_serious_violation(desk: Desk, browser: Any) -> None:
    page = browser.new_page(bypass_csp=True)
    page.goto(f"{desk.url}/sign-in")
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(done => done.violations)")
    assert [each["id"] for each in found if each["impact"] in SERIOUS] == []
    page.close()
