"""axe-core finds nothing serious on any page, light and dark, wide and narrow; no page scrolls sideways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.conftest import Proposed
from tests.api.web.conftest import SignIn

AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")
PAGES = (
    "/chat",
    "/approvals",
    "/approvals/{approval}",
    "/campaigns",
    "/campaigns/{campaign}",
    "/policies",
    "/audit",
    "/settings",
    "/settings/data",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_has_a_serious_violation(
    one_proposal: tuple[str, Proposed], as_user: SignIn, scheme: str, width: int
) -> None:
    url, made = one_proposal
    page = as_user(
        url, made.shop, "Root", color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    for path in PAGES:
        page.goto(url + path.format(approval=made.approval_id, campaign=made.campaign_id))
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {iframes: false}).then(done => done.violations)")
        serious = [
            (path, each["id"], [node["html"][:160] for node in each["nodes"]])
            for each in found
            if each["impact"] in SERIOUS
        ]
        assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_signing_in_has_no_serious_violation(one_proposal: tuple[str, Proposed], browser) -> None:
    url, _ = one_proposal
    page = browser.new_page(bypass_csp=True)
    page.goto(f"{url}/sign-in")
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(done => done.violations)")
    assert [each["id"] for each in found if each["impact"] in SERIOUS] == []
    page.close()
