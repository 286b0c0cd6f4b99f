"""What the web page costs whoever looks: its weight, its first paint, and the pages of long lists beside empty ones.

One home with two workspaces: in one nothing, in the other 1,000 campaigns and an audit log of 10,000 entries. The pages are asked
for in turns over a kept connection each, on the real HTTP application served on loopback. First paint is what Chromium reports
(`first-contentful-paint`) of a page of each list, beside a page of one word from the same server; without Chromium or Playwright
(extra `dev`) these two figures are left out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from api.http.application import build_api
from api.settings import Settings
from api.web.session import COOKIE, begin, write
from api.wiring import open_app
from bench.loopback import Connection, serving
from bench.rows import at_most
from policies.authority import Role
from store.audit import AuditLog
from store.clock import WallClock
from store.database import migrate
from store.home import Home, HomeSettings, create_home
from store.ids import IdSource, RandomIds
from store.keys import page_secret
from store.repositories.workspaces import add_user, create_workspace, grant_role, issue_key
from store.tables import Campaign
from store.threads import in_thread

ROUNDS, WARM_UP = 60, 5
CAMPAIGNS, ENTRIES = 1_000, 10_000
WEIGHT_BAR, LIST_BAR, DEPTH_BAR = 300.0, 6.0, 1.5
FILES = ("app.css", "charts.css", "app.js", "theme.js", "htmx.min.js", "hx-sse.min.js")
WORD = "/bench/word"
CHROMIUM = "COUNTERSIGN_TEST_CHROMIUM"
PAINTS = 7
_PAINT = """new Promise(done => new PerformanceObserver(list => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) done(found.startTime);
}).observe({type: "paint", buffered: true}))"""
Pages = dict[str, tuple[str, str]]
"""By name: the path of a page, and the cookie that it is asked for with."""


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of 60 rounds (or of the number given)."""
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        timed, weights, paints = asyncio.run(_measure(Path(folder), rounds))
    p50 = {name: statistics.median(values) for name, values in timed.items()}
    shared = weights["files"]
    for name in ("campaigns", "audit"):
        yield at_most(
            f"weight of {name} with style and scripts, charts left out",
            (shared + weights[name]) / 1e3,
            "kB",
            WEIGHT_BAR,
        )
    for name, size in (("campaigns", CAMPAIGNS), ("audit", ENTRIES)):
        first, deep, empty = p50[name], p50[f"{name} deep"], p50[f"{name} empty"]
        yield at_most(f"{name}, an empty page, p50", empty, "ms")
        yield at_most(f"{name}, a page of {size:,}, p50", first, "ms")
        yield at_most(f"{name}, a page of {size:,} / an empty page, p50", first / empty, "ratio", LIST_BAR)
        yield at_most(f"{name}, the last page of {size:,} / the first, p50", deep / first, "ratio", DEPTH_BAR)
    for name in paints:
        if name != "word":
            yield at_most(f"{name}, first paint, p50", paints[name], "ms")
            yield at_most(
                f"{name}, first paint / that of one word, p50", paints[name] / paints["word"], "ratio"
            )


async def _measure(
    folder: Path, rounds: int
) -> tuple[dict[str, list[float]], dict[str, int], dict[str, float]]:
    clock = WallClock()
    ids, at = RandomIds(clock), clock.now()
    settings = HomeSettings(
        home_id="bench", seed=7, created_at=at, currency="USD", timezone="America/New_York"
    )
    home = create_home(folder / "pages", settings)
    pages = await in_thread(_filled, home, ids, at)
    async with open_app(home, Settings(_env_file=None)) as app, serving(_with_word(build_api(app))) as port:
        weights = {"files": 0}
        files = Connection(*await asyncio.open_connection("127.0.0.1", port))
        for name in FILES:
            weights["files"] += len((await files.send(_request(f"/static/{name}", "")))[1])
        timed: dict[str, list[float]] = {name: [] for name in pages}
        lines = {name: Connection(*await asyncio.open_connection("127.0.0.1", port)) for name in pages}
        for _ in range(WARM_UP + rounds):
            for name, (path, cookie) in pages.items():
                took, body = await lines[name].send(_request(path, cookie))
                timed[name].append(took)
                weights[name] = len(re.sub(rb"<svg class=.marks.*?</svg>", b"", body, flags=re.DOTALL))
        paints = await _paints(port, pages)
    return {name: values[WARM_UP:] for name, values in timed.items()}, weights, paints


async def _paints(port: int, pages: Mapping[str, tuple[str, str]]) -> dict[str, float]:
    """The first paint of a page of each list and of one word, in milliseconds; empty where there is no browser."""
    program = os.environ.get(CHROMIUM) or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None or importlib.util.find_spec("playwright") is None:
        print("first paint is left out: it takes Chromium and the extra dev", file=sys.stderr)
        return {}
    from playwright.async_api import async_playwright

    shown = {"word": (WORD, pages["audit"][1])} | {name: pages[name] for name in ("campaigns", "audit")}
    found: dict[str, list[float]] = {name: [] for name in shown}
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(PAINTS):
            for name, (path, cookie) in shown.items():
                # a context of its own, so that nothing is in its cache
                context = await browser.new_context(extra_http_headers={"cookie": cookie})
                page = await context.new_page()
                await page.goto(f"http://127.0.0.1:{port}{path}")
                found[name].append(float(await page.evaluate(_PAINT)))
                await context.close()
        await browser.close()
    return {name: statistics.median(values) for name, values in found.items()}


def _filled(home: Home, ids: IdSource, at: datetime) -> Pages:
    """Make both workspaces; the pages that are looked at."""
    database, audit = home.database(), AuditLog(home.keys_dir)
    migrate(database)
    made: Pages = {}
    for size, entries in ((0, 1), (CAMPAIGNS, ENTRIES)):
        with database.write(durable=True) as session:
            workspace_id = create_workspace(
                session, ids=ids, at=at, name=f"{size} campaigns", currency="USD", timezone="America/New_York"
            ).workspace_id
            user = add_user(session, ids=ids, at=at, workspace_id=workspace_id, name="Ada").user_id
            grant_role(
                session, ids=ids, at=at, workspace_id=workspace_id, user_id=user, role=Role.ADMIN.value
            )
            issued = issue_key(
                session, ids=ids, at=at, workspace_id=workspace_id, user_id=user, label="bench"
            )
            campaigns = [
                Campaign(
                    campaign_id=ids.new(),
                    workspace_id=workspace_id,
                    name=f"Winback {number}",
                    author_id=user,
                    created_at=at,
                    changed_at=at - timedelta(hours=number),
                )
                for number in range(size)
            ]
            session.add_all(campaigns)
            for number in range(entries):
                audit.append(
                    session,
                    workspace_id=workspace_id,
                    at=at,
                    actor=user,
                    action="bench.noted",
                    subject=ids.new(),
                    detail={"number": number},
                )
            key_id = issued.key.key_id
        cookie = f"{COOKIE}={write(begin(key_id, time.time()), page_secret(home.keys_dir))}"
        named = {"campaigns": "/campaigns", "audit": "/audit"}
        if not size:
            made |= {f"{name} empty": (path, cookie) for name, path in named.items()}
            continue
        ordered = sorted(campaign.campaign_id for campaign in campaigns)
        made |= {name: (path, cookie) for name, path in named.items()}
        made["campaigns deep"] = (f"/campaigns?before={ordered[50]}", cookie)
        made["audit deep"] = ("/audit?before=101", cookie)
    database.close()
    return made


def _request(path: str, cookie: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()


def _with_word(api: FastAPI) -> FastAPI:
    """The application with a page of one word."""

    @api.get(WORD)
    async def word() -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>word</title><p>word</p>")

    return api
