"""The main job from nothing to its report: wall seconds of `countersign demo --unattended` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

BAR_SECONDS = 60.0


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the seconds of one run (or of as many as the number given), each against the bar of a minute."""
    for number in range(1, (int(argv[0]) if argv else 1) + 1):
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                "-m",
                "api.cli.main",
                "demo",
                "--unattended",
                "--home",
                str(Path(folder) / "home"),
            ]
            started = time.perf_counter()
            done = subprocess.run(
                command,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            seconds = round(time.perf_counter() - started, 1)
        if done.returncode != 0:
            raise RuntimeError(f"the demo ended with {done.returncode}: {done.stderr[-500:]}")
        yield {
            "name": f"demo, run {number}",
            "value": seconds,
            "unit": "s",
            "bar": BAR_SECONDS,
            "holds": seconds < BAR_SECONDS,
        }
