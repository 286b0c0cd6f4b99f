"""A browser and a process that serves a shop of the test's own; both are skipped, by name, where they cannot be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from store.home import owner_of
from tests.api.conftest import copied
from tests.import_walk import ROOT
from tests.small_shop import BRIEF, Shop

PATIENCE = 120.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
VARIABLE = "COUNTERSIGN_TEST_CHROMIUM"


def chromium() -> str:
    """Where the browser is; the test is skipped with the way to have it where there is none."""
    named = os.environ.get(VARIABLE)
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no Chromium: install the package chromium, or name its program in {VARIABLE}")
    return found


class Desk:
    """A shop that a process of its own serves; the process may be killed and another begun at the same address."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Serve the shop, at the address that it had before."""
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "api.cli.main", "--home", str(self.shop.home.path)]
        self._process = subprocess.Popen(
            [*command, "serve", "--port", port],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self._process.poll() is None and time.monotonic() < deadline, (
                "serve did not say where it listens"
            )
            owner = owner_of(self.shop.home)
            if owner is not None and owner.url and owner.pid == self._process.pid:
                self.url = owner.url
                return
            time.sleep(0.05)

    def end(self) -> None:
        """End the process in order."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """Take the process away in the middle of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=PATIENCE)

    def call(self, who: str, method: str, path: str, **options: Any) -> Any:
        """Call the API as a user."""
        headers = {"authorization": f"Bearer {self.shop.keys[who]}"}
        answer = httpx.request(method, self.url + path, headers=headers, timeout=PATIENCE, **options)
        assert answer.status_code < 300, answer.text
        return answer

    def propose(self) -> dict[str, Any]:
        """Let Ada propose the usual campaign; what is told of it at the end, with the ids.

        A campaign of another test may have moved the replayed clock into its December; then this one is in March.
        """
        name = data = ""
        for text in (BRIEF, BRIEF.replace("December", "March")):
            told = self.call("Ada", "POST", "/v1/chat", json={"text": text}).text.strip().split("\n\n")
            name, data = told[-1].split("\n")
            if name == "event: proposal":
                break
        assert name == "event: proposal", data
        return dict(json.loads(data.removeprefix("data: ")))

    def answer(self, who: str, made: dict[str, Any], answer: str, comment: str = "") -> None:
        """Answer an approval over the API."""
        body = {"answer": answer, "digest": made["digest"], "comment": comment}
        self.call(who, "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=body)


@contextmanager
def serving(shop: Shop) -> Iterator[Desk]:
    """A shop that is served until the block ends."""
    desk = Desk(shop)
    desk.begin()
    try:
        yield desk
    finally:
        desk.end()


@pytest.fixture(scope="module")  # not longer: while it is open, no test with a loop of its own can run
def browser() -> Iterator[Any]:
    """A browser of Playwright, which is there with the extra dev only."""
    api = pytest.importorskip("playwright.sync_api", reason="the extra dev brings Playwright")
    program = chromium()
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


SignIn = Callable[..., Any]


@pytest.fixture
def as_user(browser: Any) -> Iterator[SignIn]:
    """Opens a page of a user's own, signed in with their key; at its end no page may have had an error of script."""
    contexts, faults = [], []

    def signed_in(desk: Desk, who: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{desk.url}/sign-in")
        page.get_by_label("Your key").fill(desk.shop.keys[who])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Main").wait_for()
        page.wait_for_load_state()  # the scripts of the page are deferred
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture(scope="module")
def desk(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A served shop that the tests of a module share; each makes the proposals that it needs."""
    with serving(copied(shop_template, tmp_path_factory.mktemp("desk") / "home")) as made:
        yield made
