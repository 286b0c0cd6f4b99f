"""The cassette tier: 60 recorded cases pass without a server, and what was not recorded is never taken for an answer."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.errors import CassetteError
from agents.models import cassette
from agents.prompt import Prompt, load_prompt, prompt_digest, shipped_prompts
from api.cli.main import run as countersign
from evals.harness.gate import Exit, Verdict
from evals.harness.record import Run
from evals.models.stub import StubServer
from evals.recording import ANSWERS_FILE, read_recording
from evals.running import Chosen, gate, meta_of, run

RECORDING = Path(__file__).resolve().parents[2] / "evals" / "recordings" / "stub-rules-1"


@pytest.fixture
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection fails."""

    def refused(*_: object) -> None:
        raise AssertionError("a replayed run opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket.socket, "connect_ex", refused)


async def replayed(names: list[str], recording: Path = RECORDING) -> tuple[Run, Verdict]:
    chosen = Chosen(f"replay:{recording}")
    made = await run(names, chosen, meta_of(chosen, "cassette", 1))
    return made, gate(made, names, None)


def altered(tmp_path: Path, change: Callable[[dict[str, str]], dict[str, str] | None]) -> Path:
    """A copy of the recording whose answers are changed, or left out."""
    folder = tmp_path / "recording"
    shutil.copytree(RECORDING, folder)
    lines = gzip.decompress((folder / ANSWERS_FILE).read_bytes()).decode().splitlines()
    kept = [new for line in lines if (new := change(json.loads(line))) is not None]
    said = "".join(json.dumps(line) + "\n" for line in kept)
    (folder / ANSWERS_FILE).write_bytes(gzip.compress(said.encode()))
    return folder


@pytest.mark.usefixtures("no_connections")
async def test_sixty_recorded_cases_pass_without_a_server() -> None:
    made, verdict = await replayed([])
    assert verdict.exit is Exit.PASS, [(one.suite, one.reasons) for one in verdict.suites if one.exit]
    assert len(made.scored) == 60
    assert sum(one.result.model_calls > 0 for one in made.scored) == 60
    assert "not a language model" in made.meta.note


def test_the_recording_is_small_and_says_what_it_is() -> None:
    head, tape = read_recording(RECORDING)
    assert "stub" in head.model and "not a language model" in head.note
    assert tape.stat().st_size < 1_000_000
    assert sum(head.cases.values()) == 60


async def test_a_changed_prompt_is_named_with_both_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "comments/prompt.md"
    before = load_prompt("agents.comments", "prompt.md")
    text = before.text + "\nBe quick.\n"
    after = Prompt(name, text, prompt_digest(text))
    others = tuple(each for each in shipped_prompts() if each.name != name)
    monkeypatch.setattr("agents.crew.load_prompt", lambda *_: after)
    monkeypatch.setattr(cassette, "shipped_prompts", lambda: (*others, after))
    made, verdict = await replayed(["approver_comments"])
    for one in made.scored:
        error = str(one.result.error)
        assert error.startswith(f"{CassetteError.code}: ")
        assert all(words in error for words in (name, before.digest[:12], after.digest[:12]))
    assert verdict.exit is Exit.MISSING


async def test_a_case_that_was_not_recorded_says_that_its_prompt_is_the_same(tmp_path: Path) -> None:
    other = altered(tmp_path, lambda line: {**line, "request": line["request"][::-1]})
    made, verdict = await replayed(["approver_comments"], other)
    assert "comments/prompt.md is the recorded one" in str(made.scored[0].result.error)
    assert verdict.exit is Exit.MISSING


@pytest.mark.usefixtures("no_connections")
async def test_a_brief_that_nobody_heard_ends_a_campaign_and_is_no_answer(tmp_path: Path) -> None:
    deaf = altered(tmp_path, lambda line: None if line["prompt"] == "planner/hearing.md" else line)
    made, verdict = await replayed(["figures_traceable"], deaf)
    assert "planner/hearing.md" in str(made.scored[0].result.error)
    assert verdict.exit is Exit.MISSING


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model", "replay:/nonexistent"], "countersign evals record"),
        (["--model", f"replay:{RECORDING}", "--tier", "cassette", "--max-cost", "1"], "--price"),
        (["--model", f"replay:{RECORDING}", "--price", "cheap"], "0.15/0.60"),
        (["--model", f"replay:{RECORDING}", "--price", "-1/1"], "0.15/0.60"),
        (["--model", "openai:x", "--method", "telepathy"], "there is no method"),
        (["--model", "openai:x"], "wants a key"),
    ],
)
def test_what_cannot_be_run_says_why_and_ends_with_three(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert countersign(["evals", "run", "approver_comments", "--out", str(tmp_path), *options]) == 3
    assert said in capsys.readouterr().err


def test_a_suite_without_a_part_of_the_tier_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evals", "run", "policy", "--tier", "cassette", "--out", str(tmp_path)]
    assert countersign(line) == 3
    assert "no part of policy" in capsys.readouterr().err


def test_a_run_that_spends_more_than_it_may_ends_with_four(tmp_path: Path) -> None:
    line = ["evals", "run", "approver_comments", "--tier", "cassette", "--model", f"replay:{RECORDING}"]
    priced = [*line, "--price", "1000/1000", "--out", str(tmp_path / "dear")]
    assert countersign([*priced, "--max-cost", "0.01"]) == 4
    assert countersign([*priced, "--max-cost", "1000"]) == 0


def test_a_recording_made_of_a_server_replays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    with StubServer() as server:
        made = ["evals", "record", str(folder), "approver_comments", "--model", "openai:stub-rules-1"]
        assert countersign([*made, "--base-url", server.base_url]) == 0
        assert countersign([*made[:4], "--model", "offline"]) == 3
        assert countersign([*made, "--tier", "commit"]) == 3
    line = ["evals", "run", "approver_comments", "--tier", "cassette", "--model", f"replay:{folder}"]
    assert countersign([*line, "--out", str(tmp_path / "run")]) == 0
    assert "stub server" in (tmp_path / "run" / "report.md").read_text("utf-8")


def test_a_server_that_fails_leaves_no_recording(tmp_path: Path) -> None:
    with StubServer() as server:
        gone = server.base_url
    made = ["evals", "record", str(tmp_path / "x"), "approver_comments", "--model", "openai:any"]
    assert countersign([*made, "--base-url", gone]) == 3
    assert not (tmp_path / "x").exists()
