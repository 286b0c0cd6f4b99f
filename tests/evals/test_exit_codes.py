"""`countersign evals gate`: what each exit code stands for, and that deciding again asks no model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import agents.loop
import evals.running
from agents.models.interface import ModelProvider
from api.cli.main import run as countersign
from evals.harness.baseline import bless, folder_of
from evals.harness.record import Run, save_run
from evals.harness.suite import Suite
from tests.evals.harness.runs import run, suite

Passes = Mapping[str, Mapping[str, Sequence[bool]]]
Gate = Callable[[Run], int]

QUALITY, INVARIANT = suite("refusal"), suite("policy", "invariant")
GOOD = {f"c{i}": [True] * 3 for i in range(40)}
WORSE = {name: [at >= 10] * 3 for at, name in enumerate(GOOD)}


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> list[Suite]:
    """The suites as they stand, for a test to change; whoever builds or asks a model fails."""
    suites = [QUALITY, INVARIANT]
    monkeypatch.setattr(evals.running, "read_suites", lambda *_, **__: tuple(suites))

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("a model was asked")

    monkeypatch.setattr(ModelProvider, "__init__", asked)
    monkeypatch.setattr(agents.loop, "run_agent", asked)
    return suites


@pytest.fixture
def gated(tmp_path: Path, stand: list[Suite]) -> Gate:
    """Keep a run and gate it by command, against a baseline as good as can be."""
    bless(run({"refusal": GOOD}, [QUALITY]), tmp_path / "baselines")

    def gate(made: Run) -> int:
        save_run(made, tmp_path / "run")
        baseline = folder_of("m", tmp_path / "baselines")
        return countersign(["evals", "gate", str(tmp_path / "run"), "--baseline", str(baseline)])

    return gate


def of(passes: Passes, **meta: object) -> Run:
    return run(passes, [QUALITY, INVARIANT], **meta)


@pytest.mark.promise
@pytest.mark.parametrize(
    ("made", "code", "said"),
    [
        (of({"refusal": GOOD, "policy": GOOD}), 0, "gate: pass (0)"),
        (of({"refusal": WORSE, "policy": GOOD}), 1, "the mean fell by 25.0%"),
        (of({"refusal": GOOD, "policy": {**GOOD, "c1": [True, False, True]}}), 2, "c1: right wrong"),
        (of({"refusal": GOOD}), 3, "policy was not run"),
        (of({"refusal": GOOD, "policy": {}}), 3, "policy was not run"),
        (of({"refusal": GOOD, "policy": GOOD}, budget=1.0, cost=1.5, budget_exceeded=True), 4, "1.0 USD"),
    ],
    ids=["pass", "quality", "invariant", "suite missing", "no case", "budget"],
)
def test_the_command_ends_with(
    made: Run, code: int, said: str, gated: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gated(made) == code
    assert said in capsys.readouterr().out


def test_a_stored_run_is_decided_again_under_new_thresholds(gated: Gate, stand: list[Suite]) -> None:
    made = of({"refusal": {**GOOD, "c0": [False] * 3}, "policy": GOOD})
    assert gated(made) == 0
    stand[0] = suite("refusal", thresholds={"right": {"at_least": 0.99}})
    assert gated(made) == 1
    stand[0] = suite("refusal", thresholds={"a metric that nobody has": {"at_least": 0.5}})
    assert gated(made) == 3


def test_the_verdict_as_json_says_what_the_code_says(
    gated: Gate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gated(of({"refusal": WORSE, "policy": GOOD}))
    capsys.readouterr()
    line = ["--json", "evals", "gate", str(tmp_path / "run"), "--baseline", str(tmp_path / "baselines" / "m")]
    assert countersign(line) == 1
    assert json.loads(capsys.readouterr().out)["exit"] == 1
