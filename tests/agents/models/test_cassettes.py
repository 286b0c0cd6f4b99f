"""Answers are recorded once and replayed without a server; a recording holds no key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.agent_run import AgentRun, Limits
from agents.errors import CassetteError
from agents.models.cassette import Cassette
from agents.models.interface import ModelProvider
from agents.models.settings import ModelSettings
from agents.relay import run_over_chain
from tests.agents.agent_example import CountAnswer, CountTask, counting_playbook, counting_tool
from tests.agents.replaying import scripted
from tests.fakes.openai_server import Call, OpenAIServer, Reply

KEY = "sk-planted-7741"
COUNT = Reply([Call("count_people", {"months": 6})], text=f"I was told {KEY}.")
ANSWER = Reply([Call("CountAnswer", {"people": 70, "share": 0.7})])


async def run(settings: ModelSettings, months: int = 6) -> AgentRun[CountAnswer]:
    provider, task = ModelProvider(settings), CountTask(months=months)
    try:
        return await run_over_chain(
            agent="counter",
            models=provider,
            candidates=provider.candidates("counter", counting_playbook, task),
            prompt="Count people.",
            task=task,
            tools=[counting_tool()],
            answer=CountAnswer,
            limits=Limits(max_steps=4, timeout_s=10),
        )
    finally:
        await provider.aclose()


def taped(path: Path, mode: str, server: OpenAIServer | None = None, **settings: Any) -> ModelSettings:
    given = {"cassette": path, "cassette_mode": mode, "api_key": KEY, **settings}
    if server is not None:
        return scripted(server, **given)
    nowhere = {"use": "openai:scripted", "base_url": "http://127.0.0.1:9/v1", "answer_method": "tool_call"}
    return ModelSettings.model_validate({**nowhere, **given})


@pytest.mark.parametrize("stream", [False, True])
async def test_a_recorded_run_replays_without_a_server(tmp_path: Path, stream: bool) -> None:
    path = tmp_path / "tapes" / "run.jsonl"
    with OpenAIServer([COUNT, ANSWER]) as server:
        recorded = await run(taped(path, "record", server, stream=stream))
    replayed = await run(taped(path, "replay", stream=stream))
    assert replayed.answer == recorded.answer == CountAnswer(people=70, share=0.7)
    assert replayed.tool_calls[0].args == {"months": 6}
    assert (replayed.input_tokens, replayed.output_tokens) == (recorded.input_tokens, recorded.output_tokens)


async def test_failures_are_recorded_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with OpenAIServer([Reply(status=503), COUNT, ANSWER]) as server:
        await run(taped(path, "record", server, max_retries=1))
    assert [json.loads(line)["status"] for line in path.read_text().splitlines()] == [503, 200, 200]
    assert (await run(taped(path, "replay", max_retries=1, retry_delay_s=0))).answer.people == 70


async def test_no_key_is_recorded_even_if_the_server_says_it(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with OpenAIServer([COUNT, ANSWER]) as server:
        await run(taped(path, "record", server))
        assert KEY in server.headers[0]["authorization"]
    text = path.read_text()
    assert KEY not in text and "[key]" in text and "uthorization" not in text


async def test_another_question_has_no_answer_on_the_tape(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with OpenAIServer([COUNT, ANSWER]) as server:
        await run(taped(path, "record", server))
    with pytest.raises(CassetteError, match="record it again"):
        await run(taped(path, "replay"), months=3)


async def test_no_other_model_of_the_chain_stands_in_for_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl.gz"
    with OpenAIServer([COUNT, ANSWER]) as server:
        await run(taped(path, "record", server))
    chain = {"use": "openai:scripted,offline"}
    assert (await run(taped(path, "replay", **chain))).answer.people == 70
    with pytest.raises(CassetteError, match="record it again"):
        await run(taped(path, "replay", **chain), months=3)


@pytest.mark.parametrize("content", [None, "not json\n", '{"request": "a"}\n'])
async def test_a_recording_that_can_not_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "run.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CassetteError, match=r"run\.jsonl"):
        await run(taped(path, "replay"))


def test_a_replay_wants_no_key() -> None:
    ModelSettings.model_validate({"use": "openai:gpt", "cassette": "run.jsonl"})


def test_the_order_of_keys_does_not_matter_and_the_words_do(tmp_path: Path) -> None:
    tape = Cassette(tmp_path / "run.jsonl", "record")
    assert tape.key("POST", "/v1", b'{"a": 1, "b": 2}') == tape.key("POST", "/v1", b'{"b": 2, "a": 1}')
    assert tape.key("POST", "/v1", b'{"a": 1, "b": 2}') != tape.key("POST", "/v1", b'{"a": 1, "b": 3}')
    assert len(tape.key("POST", "/v1", b"\xff\xfe")) == 64
