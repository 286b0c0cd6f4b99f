"""`python -m bench.screenshots [FOLDER]`: every page at both widths, as small PNG files, from a demo home with a fixed seed.

Takes Chromium, which the variable COUNTERSIGN_TEST_CHROMIUM names or which is found, and the extra `dev`. It makes a demo home in a
temporary folder, lets one campaign of the example run to its readout and a second one wait for its approver, and looks at it as its people do.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.client import Client, demo_keys, in_process
from api.demo.hillstrom import ADMIN, APPROVER, MARKETER, DemoHome, prepare
from api.http.application import build_api
from api.settings import Settings
from api.wiring import App, open_app
from bench.loopback import serving

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SEED = 7
HEIGHTS = {390: 844, 1440: 1000}
COLOURS = 224
LARGEST = 150_000
PATIENCE_MS = 600_000
VARIABLE = "COUNTERSIGN_TEST_CHROMIUM"
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
SECOND = (
    "Bring back women's merchandise customers who have not bought for 9+ months, women's e-mail only. "
    "Budget $500, 5-18 January, hold out 15 %. More visits, without hurting spend."
)


class Camera:
    """Takes each page at both widths; `taken` are the files, `sideways` the pages that scroll sideways."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.browser = browser
        self.url = url
        self._folder = folder
        self.taken: list[Path] = []
        self.sideways: list[str] = []

    async def sign_in(self, key: str) -> Page:
        """A page of somebody who has signed in."""
        context = await self.browser.new_context(color_scheme="light", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.goto(f"{self.url}/sign-in")
        await page.get_by_label("Your key").fill(key)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("navigation", name="Main").wait_for()
        return page

    async def take(self, page: Page, name: str, path: str | None = None, *, foot: bool = False) -> None:
        """Take a page as it stands, or one that is gone to first; a name that ends in `-dark` is taken dark.

        Its head is taken, or with `foot` its end.
        """
        await page.emulate_media(color_scheme="dark" if name.endswith("-dark") else "light")
        if path is not None:
            await page.goto(self.url + path)
        for width, height in HEIGHTS.items():
            await page.set_viewport_size({"width": width, "height": height})
            await page.evaluate(f"scrollTo(0, {'document.body.scrollHeight' if foot else 0})")
            await page.wait_for_timeout(400)
            if await page.evaluate("document.documentElement.scrollWidth") > width:
                self.sideways.append(f"{name} at {width} px")
            file = self._folder / f"{name}-{width}.png"
            file.write_bytes(_small(await page.screenshot()))
            self.taken.append(file)


async def take_all(folder: Path) -> Camera:
    """Make the home, play it and take every page."""
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as place:
        demo = await asyncio.to_thread(prepare, Path(place) / "home", seed=SEED, on_progress=_nothing)
        async with (
            open_app(demo.made.home, Settings(_env_file=None)) as app,
            serving(build_api(app)) as port,
            async_playwright() as play,
        ):
            browser = await play.chromium.launch(
                executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            )
            camera = Camera(browser, f"http://127.0.0.1:{port}", folder)
            await _play(camera, app, demo)
            await browser.close()
    return camera


async def _play(camera: Camera, app: App, demo: DemoHome) -> None:
    keys = demo_keys(demo.made.home)
    stranger = await camera.browser.new_page()
    await camera.take(stranger, "sign-in", "/sign-in")
    ada, grace = await camera.sign_in(keys[MARKETER]), await camera.sign_in(keys[APPROVER])
    await camera.take(ada, "first-run", "/chat")
    async with in_process(app, keys[MARKETER]) as marketer:
        ran = await _proposed(marketer, demo.brief)
        await camera.take(grace, "approvals", "/approvals")
        await camera.take(grace, "approval", f"/approvals/{ran['approval_id']}")
        await camera.take(grace, "approval-dark", f"/approvals/{ran['approval_id']}")
        approver = marketer.as_user(keys[APPROVER])
        body = {"answer": "approve", "digest": ran["digest"], "comment": "Good to go."}
        await approver.post(f"/v1/approvals/{ran['approval_id']}/resolve", body)
        await app.engine.settle()
    await camera.take(grace, "campaign", f"/campaigns/{ran['campaign_id']}")
    await camera.take(grace, "campaign-dark", f"/campaigns/{ran['campaign_id']}")
    await ada.goto(f"{camera.url}/chat")
    await ada.set_viewport_size({"width": 1440, "height": HEIGHTS[1440]})
    await ada.get_by_label("Your objective").fill(SECOND)
    await ada.get_by_role("button", name="Send").click()
    await ada.locator(".turn.machine .note, .ask, .turn.machine .block").first.wait_for()
    await camera.take(ada, "chat", foot=True)
    await camera.take(grace, "campaigns", "/campaigns")
    for name in ("audience", "experiments", "offers", "evals"):
        await camera.take(grace, name, f"/{name}")
    await camera.take(grace, "decisions", f"/campaigns/{ran['campaign_id']}/people")
    edith = await camera.sign_in(keys[ADMIN])
    await edith.goto(f"{camera.url}/audit")
    await edith.get_by_role("button", name="Check the whole chain now").click()
    await edith.get_by_text("The log is whole").wait_for()
    await camera.take(edith, "audit")
    for name, path in (("policies", "/policies"), ("settings", "/settings"), ("data", "/settings/data")):
        await camera.take(edith, name, path)


async def _proposed(marketer: Client, text: str) -> dict[str, Any]:
    """Let the marketer propose; what is told of it at the end."""
    told = [event async for event in marketer.events("/v1/chat", {"text": text})]
    name, data = told[-1]
    if name != "proposal":
        raise RuntimeError(f"the objective led to no proposal ({name}): {json.dumps(data)[:300]}")
    return data


def _small(png: bytes) -> bytes:
    """The picture with a palette, as small as it gets; ValueError above LARGEST bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    if out.tell() > LARGEST:
        raise ValueError(f"the picture has {out.tell()} bytes; {LARGEST} are allowed")
    return out.getvalue()


def _chromium() -> str:
    found = os.environ.get(VARIABLE) or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit(f"no Chromium: install the package chromium, or name its program in {VARIABLE}")
    return found


def _nothing(words: str) -> None:
    del words


def main(argv: list[str]) -> int:
    """Take every page; 1 when one of them scrolls sideways."""
    folder = Path(argv[0]) if argv else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    camera = asyncio.run(take_all(folder))
    print(f"{len(camera.taken)} pictures, {sum(file.stat().st_size for file in camera.taken) // 1000} kB")
    for name in camera.sideways:
        print(f"scrolls sideways: {name}", file=sys.stderr)
    return 1 if camera.sideways else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
