"""Same brief, date, data, rules, seed and answers: the same digest, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).with_name("golden_digest.txt")


@pytest.mark.promise
def test_two_processes_freeze_the_same_golden_digest(tmp_path: Path) -> None:
    digests = {_digest(tmp_path / seed, seed) for seed in ("1", "2")}
    assert digests == {GOLDEN.read_text().strip()}


def test_the_golden_digest_stands_in_the_changelog() -> None:
    assert GOLDEN.read_text().strip()[:16] in (ROOT / "CHANGELOG.md").read_text()


def _digest(home: Path, hash_seed: str) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.agents.propose.digest_of_shop", str(home)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
