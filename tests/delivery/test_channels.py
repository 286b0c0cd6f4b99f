"""Providers: once a key, whatever is repeated, and nothing personal in a file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pyarrow as pa
import pytest

from delivery.channels.file import OUTBOX_FILE, FileChannel
from delivery.channels.interface import Assigned, Message, SendOutcome
from delivery.channels.replay import ReplayProvider, WorldMissingError
from store.importing.replay_world import publish_world, stage_world
from tools.content.creative import Creative

CREATIVE = Creative(
    arm_id="mens_email",
    channel="email",
    subject="Subject é",
    heading="Hello",
    body="Body",
    call_to_action="Look",
    link="https://shop.invalid/",
    footer="{{ unsubscribe_url }}",
)


def message(key: str, arm: str = "mens_email") -> Message:
    return Message(key, "w", f"person-{key}", arm, "email", "d" * 64, "Subject é", "Body", CREATIVE)


@pytest.fixture
def replay(tmp_path: Path) -> ReplayProvider:
    rows = {"person_id": ["a", "b"], "arm": ["mens_email", "none"], "visit": [1, 0], "conversion": [1, 0]}
    publish_world(stage_world(tmp_path, pa.table({**rows, "spend_minor": [1250, 0]})))
    return ReplayProvider(tmp_path, "USD")


@pytest.mark.promise
def test_an_unmatched_person_has_no_observation(replay: ReplayProvider) -> None:
    asked = [
        Assigned("1", "a", "mens_email"),
        Assigned("2", "a", "none"),
        Assigned("3", "b", "none"),
        Assigned("4", "stranger", "none"),
    ]
    seen = asyncio.run(replay.observe(asked))
    assert [(o.choice_id, o.name, o.value, o.unit) for o in seen] == [
        ("1", "visit", 1, "visits"),
        ("1", "conversion", 1, "conversions"),
        ("1", "spend", 1250, "minor:USD"),
        ("3", "visit", 0, "visits"),
        ("3", "conversion", 0, "conversions"),
        ("3", "spend", 0, "minor:USD"),
    ]


def test_the_replay_provider_counts_what_it_is_handed(replay: ReplayProvider) -> None:
    first = asyncio.run(replay.send([message("k1"), message("k2")]))
    again = asyncio.run(replay.send([message("k1")]))
    assert {r.outcome for r in first} == {SendOutcome.ACCEPTED}
    assert again[0].provider_id == first[0].provider_id
    assert replay.calls() == {"k1": 2, "k2": 1}
    assert set(asyncio.run(replay.lookup(["k1", "k3"]))) == {"k1"}


def test_a_home_without_a_world_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorldMissingError, match="import a logged experiment"):
        asyncio.run(ReplayProvider(tmp_path, "USD").observe([Assigned("1", "a", "none")]))


def test_the_file_channel_writes_a_key_once(tmp_path: Path) -> None:
    channel = FileChannel(tmp_path)
    asyncio.run(channel.send([message("k1"), message("k2"), message("k1")]))
    asyncio.run(channel.send([message("k2")]))
    asyncio.run(FileChannel(tmp_path).send([message("k1"), message("k3")]))
    lines = [json.loads(line) for line in (tmp_path / OUTBOX_FILE).read_text().splitlines()]
    assert [line["send_key"] for line in lines] == ["k1", "k2", "k3"]
    assert lines[0]["subject"] == "Subject é" and lines[0]["person_id"] == "person-k1"
    assert (tmp_path / OUTBOX_FILE).stat().st_mode & 0o777 == 0o600
    assert set(asyncio.run(FileChannel(tmp_path).lookup(["k1", "k9"]))) == {"k1"}


def test_a_line_torn_off_by_a_crash_was_never_written(tmp_path: Path) -> None:
    asyncio.run(FileChannel(tmp_path).send([message("k1")]))
    with (tmp_path / OUTBOX_FILE).open("ab") as stream:
        stream.write(b'{"send_key": "k2", "pers')
    channel = FileChannel(tmp_path)
    assert set(asyncio.run(channel.lookup(["k1", "k2"]))) == {"k1"}
    asyncio.run(channel.send([message("k2")]))
    keys = [json.loads(line)["send_key"] for line in (tmp_path / OUTBOX_FILE).read_text().splitlines()]
    assert keys == ["k1", "k2"]


@pytest.mark.promise
def test_only_the_importer_and_the_replay_channel_know_the_world_file() -> None:
    root = Path(__file__).parents[2]
    names = ("policies", "tools", "store", "delivery", "agents", "api")
    knows = {
        str(path.relative_to(root))
        for name in names
        for path in (root / name).rglob("*.py")
        if "world.parquet" in path.read_text() or "replay_world" in path.read_text()
    }
    assert knows == {
        "store/importing/replay_world.py",
        "store/importing/experiments.py",
        "delivery/channels/replay.py",
    }
