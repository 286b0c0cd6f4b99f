"""`serve` owns the home; the command line then speaks to it, and a stop leaves the home free."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.cli.main import run
from store.home import Owner, owner_of
from tests.api.conftest import Proposed
from tests.import_walk import ROOT

PATIENCE = 60.0


@contextmanager
def serving(proposed: Proposed) -> Iterator[tuple[subprocess.Popen[str], Owner]]:
    command = [
        sys.executable,
        "-m",
        "api.cli.main",
        "--home",
        str(proposed.shop.home.path),
        "serve",
        "--port",
        "0",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process, _owner(process, proposed)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _owner(process: subprocess.Popen[str], proposed: Proposed) -> Owner:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        owner = owner_of(proposed.shop.home)
        if owner is not None and owner.url is not None:
            return owner
        time.sleep(0.05)
    raise AssertionError("serve did not say where it listens")


def test_the_command_line_speaks_to_the_process_that_serves(
    proposed: Proposed, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(proposed.shop.home.path)
    with serving(proposed) as (process, owner):
        assert owner.url is not None
        wait = time.monotonic() + PATIENCE
        while httpx.get(f"{owner.url}/ready", trust_env=False).status_code != 200 and time.monotonic() < wait:
            time.sleep(0.05)
        words = [
            "approvals",
            "resolve",
            proposed.approval_id,
            "approve",
            "--as",
            "Grace",
            "--home",
            home,
            "--json",
        ]
        assert run(words) == 0
        assert json.loads(capsys.readouterr().out)["status"] == "approved"
        state = ""
        while state != "completed" and time.monotonic() < wait:
            assert (
                run(["campaigns", "show", proposed.campaign_id, "--as", "Ada", "--home", home, "--json"]) == 0
            )
            state = json.loads(capsys.readouterr().out)["state"]
            time.sleep(0.1)
        assert state == "completed"
        assert run(["offers", "--key", "cs_wrong", "--home", home]) == 1
        assert "cs_wro…" in capsys.readouterr().err
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        printed = process.stdout.read() if process.stdout else ""
    assert "Serving" in printed and "Traceback" not in printed
    assert owner_of(proposed.shop.home) is None
    assert run(["audit", "verify", "--as", "Ada", "--home", home]) == 0


def test_an_address_that_is_taken_is_named(proposed: Proposed, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["serve", "--port", port, "--home", str(proposed.shop.home.path)]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err
