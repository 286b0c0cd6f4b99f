"""`countersign ope`: a log is valued without a home, too little overlap is said, bad files are refused by name."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from api.cli.main import run


def write_log(path: Path, n: int = 2000, arms: int = 4) -> Path:
    rng = np.random.default_rng(1)
    arm, x = rng.integers(0, arms, n), rng.normal(size=n)
    reward = (rng.random(n) < 0.2 + 0.1 * (arm == 2)).astype(int)
    lines = [f"a{k},{r},{1 / arms},{v:.4f}" for k, r, v in zip(arm, reward, x, strict=True)]
    path.write_bytes(gzip.compress("\n".join(["arm,reward,propensity,x.one", *lines]).encode()))
    return path


def answer(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, object]:
    assert run(["--json", "ope", *argv]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_every_method_values_one_arm_near_its_own_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = str(write_log(tmp_path / "log.csv.gz"))
    told = answer(capsys, log, "--policy", "arm:a2", "--feature", "x.*")
    values = told["values"]
    assert isinstance(values, list)
    assert [v["method"] for v in values] == ["ips", "snips", "dm", "dr", "sndr", "dr_shrunk"]
    assert all(v["low"] < 0.33 and v["high"] > 0.27 and v["largest_weight"] == 4 for v in values)


def test_a_learning_policy_is_valued_on_rows_it_has_not_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answer(capsys, str(write_log(tmp_path / "log.csv.gz")), "--policy", "squarecb")
    values = told["values"]
    assert isinstance(values, list) and len(values) == 1
    assert values[0]["method"] == "dr" and values[0]["low"] < 0.3 < values[0]["high"] + 0.1


def test_too_little_overlap_is_no_number_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = str(write_log(tmp_path / "log.csv.gz", 300))
    assert run(["ope", log, "--policy", "arm:a1"]) == 0
    out = capsys.readouterr().out
    assert "not estimable" in out and "100 are needed" in out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--policy", "magic"], "magic/1"),
        (["--policy", "arm:zz"], "no arm zz"),
        (["--policy", "uniform", "--reward", "gain"], "no column 'gain'"),
        (["--policy", "uniform", "--reward", "arm"], "is not a number"),
        (["--policy", "uniform", "--feature", "y*"], "begins 'y'"),
        (["--policy", "uniform", "--method", "guess"], "no method guess"),
        (["--policy", "uniform", "--interval", "wide"], "normal or bootstrap"),
        (["--policy", "squarecb", "--method", "ips"], "learns from the log"),
    ],
)
def test_what_cannot_be_valued_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], said: str
) -> None:
    assert run(["ope", str(write_log(tmp_path / "log.csv.gz", 50)), *change]) != 0
    assert said in capsys.readouterr().err


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ope", str(tmp_path / "none.csv"), "--policy", "uniform"]) != 0
    assert "no file" in capsys.readouterr().err
