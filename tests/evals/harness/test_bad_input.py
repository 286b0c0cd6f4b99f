"""Files and names that the harness cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.main import run as countersign
from evals.harness.case import Case, read_cases
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.gate import Exit
from evals.harness.runner import run_suites
from evals.harness.suite import read_suite
from evals.injections import run_injections
from evals.models.provider import ScriptedModels
from evals.registry import Workshop, load_cases
from evals.running import Chosen, gate, meta_of
from evals.scorers import scorer_named

SUITE = "name: a\ntitle: a\nclass: {kind}\ndataset: a.jsonl\ntask: check_copy\nscorers: [copy_rule]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no case"),
        ('{"kind": "meta"}\n', "holds no case"),
        ("{", "line 1 is not JSON"),
        ("[1]", "give one JSON object"),
        ('{"kind": "x", "id": "a"}\n{"kind": "x", "id": "a"}', "stands twice"),
        ('{"kind": "x", "id": ""}', "line 1: id"),
        ('{"kind": "x", "id": "a", "tags": 3}', "line 1: tags"),
        ("\xff".encode("latin-1"), "UTF-8"),
    ],
)
def test_a_file_that_holds_no_cases_names_the_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CaseFileError, match=said):
        read_cases(path)


def test_keys_of_a_kind_go_to_the_data_of_a_case(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"kind":"injection","id":"a","text":"x\u2028y","plant":"brief.body","canary":null}\n', "utf-8"
    )
    assert read_cases(path).cases[0].data == {"plant": "brief.body", "canary": None}


def test_every_case_carries_the_setting_of_its_file_and_a_conversation_its_records(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"kind":"meta","today":"2026-11-21"}\n{"kind":"conversation","id":"a","expected":[{"start":null}]}\n',
        "utf-8",
    )
    case = read_cases(path).cases[0]
    assert case.data == {"setting": {"today": "2026-11-21"}} and case.expected == {
        "records": [{"start": None}]
    }


def test_an_id_in_two_files_of_a_suite_is_refused(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"kind":"x","id":"one"}\n', "utf-8")
    both = SUITE.format(kind="invariant").replace("dataset: a.jsonl", "dataset: [a.jsonl, b.jsonl]")
    (tmp_path / "a.yaml").write_text(both, "utf-8")
    with pytest.raises(CaseFileError, match="in two of its files"):
        load_cases(read_suite("a", tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SUITE.format(kind="quality"), "states the drop"),
        (SUITE.format(kind="invariant").replace("name: a", "name: b"), "names itself b"),
        (SUITE.format(kind="other"), "is not a suite"),
        (SUITE.format(kind="invariant") + "thresholds:\n  x: {}\n", "at_least or at_most"),
        (SUITE.format(kind="invariant") + "more: 1\n", "is not a suite"),
    ],
)
def test_a_suite_that_is_none_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    with pytest.raises(CaseFileError, match=said):
        read_suite("a", tmp_path)


@pytest.mark.parametrize(
    "call", [lambda: read_suite("nothing"), lambda: read_suite("../x"), lambda: scorer_named("x")]
)
def test_a_name_that_is_none_lists_those_there_are(call) -> None:
    with pytest.raises(SuiteNotFoundError, match="there are"):
        call()


@pytest.mark.parametrize("words", ["", "gpt", "openai:", "replay:", "scripted:other"])
def test_a_model_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(CaseFileError, match="say offline"):
        Chosen(words)


@pytest.mark.parametrize(
    "data",
    [{}, {"plant": "brief.body", "goal": "claim"}, {"plant": "moon", "goal": "claim", "carrier_brief": "x"}],
)
async def test_an_injection_without_its_parts_is_refused(data) -> None:
    with pytest.raises(CaseFileError):
        await run_injections([Case(id="a", kind="injection", data=data)], ScriptedModels())


@pytest.mark.parametrize(
    "line",
    [
        ["evals", "gate", "/nonexistent"],
        ["evals", "run", "nothing"],
        ["evals", "run", "policy", "--model", "gpt"],
        ["evals", "run", "policy", "--tier", "daily"],
        ["evals", "replay", "nothing"],
        ["evals", "diff", "/nonexistent", "/nonexistent"],
        ["evals", "bless", "/nonexistent"],
    ],
)
def test_what_cannot_be_run_ends_with_three(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert countersign(line) == 3
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("suite", ["approver_comments", "cost_latency", "objective_extraction"])
async def test_a_case_that_was_not_recorded_is_no_result_of_the_model(suite: str, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("", "utf-8")
    chosen = Chosen(f"replay:recorded={tmp_path / 'empty.jsonl'}")
    asked, workshop = read_suite(suite), Workshop(chosen.provider())
    planned = workshop.plan(asked, load_cases(asked)[0][:2])
    made = await run_suites([planned], meta_of(chosen, "commit", 1), epochs=1)
    await workshop.aclose()
    assert all(str(one.result.error).startswith("cassette:") for one in made.scored)
    assert gate(made, [suite], None).exit is Exit.MISSING
