"""A browser and a process that serves a shop of the test's own; both are skipped, by name, where they cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store.home import owner_of
from tests.api.conftest import Proposed, copied
from tests.import_walk import ROOT
from tests.small_shop import Shop

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


@contextmanager
def serving(shop: Shop) -> Iterator[str]:
    """The address of a process that serves a shop."""
    command = [sys.executable, "-m", "api.cli.main", "--home", str(shop.home.path), "serve", "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        url = None
        while url is None:
            assert process.poll() is None and time.monotonic() < deadline, (
                "serve did not say where it listens"
            )
            owner = owner_of(shop.home)
            url = owner.url if owner is not None else None
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")  # not longer: while it is open, no test with a loop of its own can run
def browser(
    proposed_template: Proposed,
) -> Iterator[
    Any
]:  # the template first, it runs a loop; a browser of Playwright, which is there with the extra dev only
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

    def signed_in(url: str, shop: Shop, who: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{url}/sign-in")
        page.get_by_label("Your key").fill(shop.keys[who])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Main").wait_for()
        page.wait_for_load_state()  # the scripts of the page are deferred
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def served(shop: Shop) -> Iterator[str]:
    with serving(shop) as url:
        yield url


@pytest.fixture
def served_proposal(proposed: Proposed) -> Iterator[str]:
    with serving(proposed.shop) as url:
        yield url


@pytest.fixture(scope="module")
def one_proposal(
    proposed_template: Proposed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Proposed]]:
    """A served shop for tests that only look."""
    from dataclasses import replace

    made = replace(proposed_template, shop=copied(proposed_template.shop, _place(tmp_path_factory)))
    with serving(made.shop) as url:
        yield url, made


def _place(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("looked-at") / "home"
