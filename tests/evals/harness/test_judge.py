"""A judge of implied claims and tone: held against labels, never the author, never in CI, unvalidated until it is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from api.cli.main import app
from evals.harness.case import JsonObject
from evals.harness.errors import CaseFileError
from evals.harness.gate import decide
from evals.harness.labels import ITEMS, LabelledText, frozen_digest, kappa_interval, read_labels
from evals.harness.record import Run, save_run
from evals.harness.statistics import RESAMPLES, cohens_kappa
from evals.judging import JudgeRecord, judge_messages, validate_judge
from evals.models.judge import Judge, JudgeError
from evals.reports.write import write_reports
from tests.evals.harness import runs
from tests.fakes.openai_server import OpenAIServer, Reply

BY_HAND = {"CI": ""}


def items() -> list[dict[str, Any]]:
    """Labels of the required form: half frozen, half of each rubric with the fault."""
    return [
        {
            "id": f"t{n:03d}",
            "rubric": ("implied_claim", "tone")[n % 2],
            "text": f"text {n}",
            "label": n % 4 < 2,
            "half": "frozen" if n < ITEMS // 2 else "open",
        }
        for n in range(ITEMS)
    ]


def write(path: Path, rows: list[dict[str, Any]], digest: str | None = None) -> Path:
    found = digest or frozen_digest([LabelledText.model_validate(row) for row in rows])
    head = {"kind": "meta", "frozen_sha256": found}
    path.write_text("\n".join(json.dumps(row) for row in [head, *rows]), "utf-8")
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write(tmp_path / "labels.jsonl", items())


def judging(wrong: int = 0) -> Callable[[dict[str, Any]], Reply]:
    """A server that answers as labelled, but for the first so many texts."""

    def answer(request: dict[str, Any]) -> Reply:
        n = int(request["messages"][1]["content"].rpartition("text ")[2].split("\n")[0])
        return Reply(text=json.dumps({"fault": (n % 4 < 2) ^ (n < wrong), "reason": "so it is"}))

    return answer


async def judged(
    labels: Path, wrong: int = 0, before: JudgeRecord | None = None
) -> tuple[JudgeRecord, OpenAIServer]:
    with OpenAIServer(judging(wrong)) as server:
        judge = Judge("judge", "author", server.base_url, environment=BY_HAND)
        try:
            return await validate_judge(judge, "author", read_labels(labels), before), server
        finally:
            await judge.aclose()


async def test_a_judge_that_agrees_with_people_may_be_used_and_saw_the_frozen_half_only(labels: Path) -> None:
    record, server = await judged(labels)
    assert (record.kappa, record.problems, len(server.requests)) == (1.0, (), ITEMS // 2)
    assert record.words.startswith("validated: judge, kappa 1.00")


async def test_a_judge_below_the_bar_may_not_be_used(labels: Path) -> None:
    record, _ = await judged(labels, wrong=30)
    assert record.kappa == pytest.approx(0.5)
    assert record.problems == ("kappa 0.50 is below 0.7",)
    assert record.words.startswith("unvalidated: judge")


@pytest.mark.parametrize(("wrong", "drifted"), [(3, False), (4, True)])
async def test_more_than_three_points_of_changed_answers_fail_the_run(
    labels: Path, wrong: int, drifted: bool
) -> None:
    before, _ = await judged(labels)
    record, _ = await judged(labels, wrong, before)
    assert record.drift == pytest.approx(wrong / 120)
    assert bool(record.problems) is drifted


async def test_a_judge_that_always_says_yes_agrees_no_better_than_chance(labels: Path) -> None:
    with OpenAIServer(lambda _: Reply(text='{"fault": true}')) as server:
        judge = Judge("judge", "author", server.base_url, environment=BY_HAND)
        record = await validate_judge(judge, "author", read_labels(labels), None)
        await judge.aclose()
    assert (record.kappa, record.low, record.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text="yes, there is a fault"),
        Reply(text='{"fault": "yes"}'),
        Reply(text='{"fault": true, "score": 4}'),
        Reply(text=""),
        Reply(status=500),
    ],
)
async def test_an_answer_that_is_not_typed_is_a_failure_and_never_a_verdict(reply: Reply) -> None:
    with OpenAIServer(lambda _: reply) as server:
        judge = Judge("judge", "author", server.base_url, environment=BY_HAND)
        with pytest.raises(JudgeError):
            await judge.ask("tone", "Hurry")
        await judge.aclose()


async def test_one_answer_that_fails_fails_the_whole_run_of_a_judge(labels: Path) -> None:
    with OpenAIServer(lambda _: Reply(text="perhaps")) as server:
        judge = Judge("judge", "author", server.base_url, environment=BY_HAND)
        with pytest.raises(JudgeError, match="no answer of the schema"):
            await validate_judge(judge, "author", read_labels(labels), None)
        await judge.aclose()


@pytest.mark.parametrize("model", ["author", "Author", "provider/author"])
def test_a_model_does_not_judge_its_own_words(model: str) -> None:
    with pytest.raises(JudgeError, match="its own words"):
        Judge(model, "openai-compatible/author", "http://127.0.0.1:9/v1", environment=BY_HAND)


def test_a_judge_is_never_asked_in_ci() -> None:
    with pytest.raises(JudgeError, match="never asked in CI"):
        Judge("judge", "author", "http://127.0.0.1:9/v1", environment={"CI": "true"})


def damaged(change: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    rows = items()
    change(rows)
    return rows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.pop(), "239 items; a judge needs 240"),
        (lambda rows: rows[-1].update(half="frozen"), "freezes 121 items; freeze 120"),
        (lambda rows: rows[1].update(id="t000"), "the id t000 stands twice"),
        (
            lambda rows: [row.update(label=True) for row in rows[:120]],
            "100% of the frozen half's implied_claim",
        ),
        (lambda rows: [row.update(rubric="tone") for row in rows], "0% of the open half's implied_claim"),
        (lambda rows: rows[0].update(label="maybe"), "no file of labels"),
    ],
)
def test_labels_of_another_form_are_refused(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], words: str
) -> None:
    path = write(tmp_path / "labels.jsonl", damaged(change), digest="x")
    with pytest.raises(CaseFileError, match=words):
        read_labels(path)


def test_a_frozen_item_that_changed_is_refused(tmp_path: Path, labels: Path) -> None:
    digest = read_labels(labels).frozen_sha256
    changed = damaged(lambda rows: rows[0].update(text="another text"))
    with pytest.raises(CaseFileError, match="frozen items do not change"):
        read_labels(write(tmp_path / "changed.jsonl", changed, digest))


def test_kappa_and_its_interval_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    first = rng.random(120) < 0.5
    second = np.where(rng.random(120) < 0.15, ~first, first)
    assert cohens_kappa(first.tolist(), second.tolist()) == pytest.approx(cohen_kappa_score(first, second))
    rows = np.random.default_rng(1).integers(0, 120, (RESAMPLES // 4, 120))
    theirs = np.quantile([cohen_kappa_score(first[row], second[row]) for row in rows], [0.025, 0.975])
    ours = kappa_interval(first.tolist(), second.tolist(), np.random.default_rng(1))
    assert tuple(ours) == pytest.approx(tuple(theirs))


def with_messages(words: str) -> Run:
    made = runs.run({"gate": {"a": [True]}}, [runs.suite("gate", "invariant")])
    (one,) = made.scored
    creatives: JsonObject = {"arm": {"subject": "Hello", "body": words}}
    result = one.result.model_copy(update={"output": {"creatives": creatives}})
    return made.model_copy(update={"scored": (one.model_copy(update={"result": result}),)})


async def test_a_validated_judge_reads_every_message_and_a_poor_one_none(labels: Path) -> None:
    good, _ = await judged(labels)
    poor, _ = await judged(labels, wrong=30)
    with OpenAIServer(judging()) as server:
        judge = Judge("judge", "author", server.base_url, environment=BY_HAND)
        record = await judge_messages(judge, good, with_messages("text 0"))
        asked = len(server.requests)
        with pytest.raises(JudgeError, match="may not be used: kappa"):
            await judge_messages(judge, poor, with_messages("text 0"))
        await judge.aclose()
    assert [(found.case, found.message, found.rubric) for found in record.findings] == [
        ("a", "arm", "implied_claim"),
        ("a", "arm", "tone"),
    ]
    assert record.words.endswith("faults in 2 of 2 verdicts on messages")
    assert asked == len(server.requests) == 2


def test_the_command_writes_a_record_and_reports_say_unvalidated_until_then(
    tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    made = with_messages("text 0")
    save_run(made, tmp_path)
    forms = write_reports(made, decide(made, [runs.suite("gate", "invariant")], {}), tmp_path)
    for name in ("report.json", "report.md", "report.html"):
        assert "unvalidated: no labels were supplied" in forms[name].read_text("utf-8")
    with OpenAIServer(judging(30)) as server:
        asked = ["evals", "judge", str(labels), str(tmp_path), "--model", "judge"]
        asked += ["--base-url", server.base_url, "--out", str(tmp_path / "judge.json")]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 1, done.output
        monkeypatch.setenv("CI", "1")
        assert CliRunner().invoke(app, asked).exit_code == 3
    assert JudgeRecord.model_validate_json((tmp_path / "judge.json").read_text("utf-8")).kappa < 0.7
    assert os.environ["CI"] == "1"
