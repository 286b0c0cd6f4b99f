"""Managed versions and decisions on the command line, and the server of decisions alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from api.cli.main import run
from store.home import owner_of
from tests.api.conftest import opened
from tests.api.decision_desk import ask, collection, decide, offer, proposed, reachable
from tests.import_walk import ROOT
from tests.small_shop import Shop

UNWANTED = (
    "sklearn",
    "scipy",
    "chromadb",
    "langchain",
    "langchain_core",
    "langgraph",
    "ibis",
    "pandas",
    "pyarrow",
)
PROGRAM = f"""
import atexit, sys
from api.cli.main import run
atexit.register(lambda: print("LOADED", *sorted({set(UNWANTED)!r} & {{name.split(".")[0] for name in sys.modules}})))
sys.exit(run(sys.argv[1:]))
"""


def line(capsys: pytest.CaptureFixture[str], shop: Shop, who: str, *words: str) -> str:
    code = run([*words, "--home", str(shop.home.path), "--as", who])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_a_version_is_read_before_it_is_signed_and_against_what_is_live(
    capsys: pytest.CaptureFixture[str], winter_shop: Shop
) -> None:
    async def propose() -> list[dict[str, Any]]:
        async with opened(winter_shop) as shop:
            first = await proposed(shop, "fresh", offer("Fresh [red]tea[/]", metadata={"colour": "[bold]"}))
            return [first, await proposed(shop, "winter", collection("a", "b", exploration_share=0.3))]

    first, second = asyncio.run(propose())
    read = line(capsys, winter_shop, "Grace", "approvals", "show", first["approval_id"])
    for words in (
        "version 1 of the offer fresh",
        "Fresh [red]tea[/]",
        first["digest"],
        "nothing of this name is live",
    ):
        assert words in read
    read = line(capsys, winter_shop, "Grace", "approvals", "show", second["approval_id"])
    assert "version 2 of the collection winter" in read and "It is served once it is signed." in read
    assert [row for row in read.splitlines() if "exploration_share" in row and "0.02" in row and "0.3" in row]
    line(capsys, winter_shop, "Grace", "approvals", "resolve", second["approval_id"], "approve")
    assert "It is served now." in line(capsys, winter_shop, "Ada", "approvals", "show", second["approval_id"])


def test_a_decision_is_replayed_and_learning_is_shown(
    capsys: pytest.CaptureFixture[str], winter_shop: Shop
) -> None:
    async def one() -> str:
        async with opened(winter_shop) as shop:
            return str((await decide(shop, ask(reachable(shop, 1)[0])))["decision_id"])

    decision_id = asyncio.run(one())
    assert "The decision replays." in line(capsys, winter_shop, "Ada", "decisions", "replay", decision_id)
    assert "It does not learn" in line(capsys, winter_shop, "Ada", "decisions", "learning", "winter")
    code = run(["decisions", "replay", "nowhere", "--home", str(winter_shop.home.path), "--as", "Ada"])
    assert (code, "no decision nowhere" in capsys.readouterr().err) == (1, True)


def test_the_server_of_decisions_alone_decides_and_loads_nothing_heavy(winter_shop: Shop) -> None:
    home = winter_shop.home

    async def someone() -> str:
        async with opened(winter_shop) as shop:
            return reachable(shop, 1)[0]

    person = asyncio.run(someone())
    command = [sys.executable, "-c", PROGRAM, "--home", str(home.path), "decisions", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 60
        owner = None
        while (owner is None or owner.url is None) and time.monotonic() < deadline:
            assert process.poll() is None
            owner = owner_of(home)
            time.sleep(0.05)
        assert owner is not None and owner.url is not None
        key = {"Authorization": f"Bearer {winter_shop.keys['Ada']}"}
        answer = httpx.post(f"{owner.url}/v1/decisions", json=ask(person), headers=key, timeout=30)
        assert answer.status_code == 200 and answer.json()["results"][0]["options"]
        replayed = httpx.get(
            f"{owner.url}/v1/decisions/{answer.json()['decision_id']}/replay", headers=key, timeout=30
        )
        assert replayed.json()["replays"] is True
        assert httpx.get(f"{owner.url}/v1/campaigns", headers=key, timeout=30).status_code == 404
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    assert process.returncode == 0
    assert "LOADED\n" in out, out
    assert json.dumps(owner_of(home) is None) == "true"
