"""A conversation offline, on a home with all 64,000 customers: how soon something is told, how fast a brief is read, how long
a whole proposal takes, and how much of that its tools take.

Messages go to the application itself, called as a server calls it. The first step is the first step of an agent that is
streamed after a message; a turn that nothing runs for is timed to its reply. Briefs are the first turns of the scripted
conversations. The share of tools is what the store kept of each tool call's time, over the time from message to proposal.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from agents.planner.parser import read_brief
from api.cli.client import Client, in_process
from api.demo.hillstrom import MARKETER, prepare
from api.settings import Settings
from api.wiring import App, open_app
from store.repositories.agent_work import tool_results_of

SUITE = Path(__file__).parents[1] / "evals" / "suites" / "data" / "multi_turn.jsonl"
STEP_BAR_MS, READING_BAR_MS, PROPOSAL_BAR_S = 300.0, 30.0, 10.0
READINGS, WARM_UP, ROUNDS, SEED = 5, 1, 5, 7
CHANGE, QUESTION = "Make it ${amount} and end on 12 December", "How many people will it reach?"


class Told(NamedTuple):
    """One turn: milliseconds to the first event, to the first step of an agent (None without one), to the last event.

    `cpu` are the seconds that this process worked meanwhile: what is left of a time on a busy machine.
    """

    first: float
    step: float | None
    whole: float
    cpu: float
    name: str
    data: dict[str, object]


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of 5 rounds (or of the number given) after one that warms up."""
    rounds = int(argv[0]) if argv else ROUNDS
    reading = _readings()
    yield _row("brief reading, p50", statistics.median(reading), "ms", READING_BAR_MS)
    yield _row("brief reading, slowest", max(reading), "ms")
    with tempfile.TemporaryDirectory() as folder:
        new, changes, replies, shares = asyncio.run(_talk(Path(folder) / "home", rounds))
    for name, told in (("a new campaign", new), ("a change by talking", changes)):
        steps = [turn.step for turn in told if turn.step is not None]
        yield _row(f"first streamed step of {name}, p50", statistics.median(steps), "ms", STEP_BAR_MS)
        yield _row(f"first streamed step of {name}, slowest", max(steps), "ms")
        whole = [turn.whole / 1e3 for turn in told]
        yield _row(f"{name} to its proposal, p50", statistics.median(whole), "s", PROPOSAL_BAR_S)
        yield _row(f"{name} to its proposal, slowest", max(whole), "s")
        yield _row(
            f"{name} to its proposal, processor time, p50", statistics.median(t.cpu for t in told), "s"
        )
        yield _row(f"share of {name} spent in tools, p50", statistics.median(shares[name]), "ratio")
    yield _row(
        "first event of any turn, p50",
        statistics.median(turn.first for turn in (*new, *changes, *replies)),
        "ms",
        STEP_BAR_MS,
    )
    yield _row(
        "a question to its reply, p50", statistics.median(turn.whole for turn in replies), "ms", STEP_BAR_MS
    )


def _readings() -> list[float]:
    """Milliseconds of each reading of each brief, the vocabulary being loaded."""
    meta, *cases = (json.loads(line) for line in SUITE.read_text("utf-8").splitlines())
    texts = [case["turns"][0]["say"] for case in cases]
    today = date.fromisoformat(meta["today"])
    read_brief(texts[0], today=today, home_currency=meta["currency"])
    took = []
    for _ in range(READINGS):
        for text in texts:
            started = time.perf_counter()
            read_brief(text, today=today, home_currency=meta["currency"])
            took.append((time.perf_counter() - started) * 1e3)
    return took


async def _talk(path: Path, rounds: int) -> tuple[list[Told], list[Told], list[Told], dict[str, list[float]]]:
    demo = prepare(path, seed=SEED, on_progress=lambda _: None)
    key = next(key.key for key in demo.made.keys if key.name == MARKETER)
    settings = Settings(_env_file=None)
    new, changes, replies = list[Told](), list[Told](), list[Told]()
    shares: dict[str, list[float]] = {"a new campaign": [], "a change by talking": []}
    async with open_app(demo.made.home, settings) as app, in_process(app, key) as client:
        for number in range(WARM_UP + rounds):
            begun = await _say(client, demo.brief, None)
            place = str(begun.data["conversation_id"])
            change = CHANGE.replace("{amount}", str(1500 + number))
            turned = await _say(client, change, place)
            asked = await _say(client, QUESTION, place)
            if [begun.name, turned.name, asked.name] != ["proposal", "proposal", "reply"]:
                raise RuntimeError(f"a conversation came to {begun.name}, {turned.name}, {asked.name}")
            if number < WARM_UP:
                continue
            for kept, turn in ((new, begun), (changes, turned), (replies, asked)):
                kept.append(turn)
            for name, turn in zip(shares, (begun, turned), strict=True):
                shares[name].append(_tool_ms(app, str(turn.data["thread_id"])) / turn.whole)
    return new, changes, replies, shares


async def _say(client: Client, text: str, conversation_id: str | None) -> Told:
    started = time.perf_counter()
    first: float | None = None
    step: float | None = None
    worked = time.process_time()
    events = []
    async for event in client.events("/v1/chat", {"text": text, "conversation_id": conversation_id}):
        elapsed = (time.perf_counter() - started) * 1e3
        first = elapsed if first is None else first
        step = elapsed if step is None and event[0] == "progress" else step
        events.append(event)
    whole, cpu = (time.perf_counter() - started) * 1e3, time.process_time() - worked
    return Told(first or 0.0, step, whole, cpu, *events[-1])


def _tool_ms(app: App, thread_id: str) -> int:
    with app.database.read() as session:
        return sum(result.duration_ms for result in tool_results_of(session, thread_id))


def _row(name: str, value: float, unit: str, bar: float | None = None) -> dict[str, object]:
    rounded = round(value, 3)
    return {
        "name": name,
        "value": rounded,
        "unit": unit,
        "bar": bar,
        "holds": None if bar is None else rounded < bar,
    }
