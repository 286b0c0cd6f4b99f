"""The main job, run once as a user runs it: what the home holds afterwards, and what it must not hold."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sqlmodel import select

from agents.review.record import ReadoutRecord
from policies.proposal import Content, freeze, parse
from store.audit import AuditLog
from store.database import Database
from store.home import Home, open_home
from store.repositories.agent_work import traces_of
from store.tables import (
    Approval,
    BriefRow,
    Campaign,
    Creative,
    Launch,
    Outcome,
    Proposal,
    Readout,
    Send,
    Signature,
)
from tools.bandits.draw import replay, uniforms
from tools.content.creative import Creative as Words

PERSONAL = (b"@example.invalid", b"customer-")
IDENTITY = ("identity.db", "identity.db-wal", "identity.db-shm")


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home that `countersign demo --unattended` leaves."""
    path = tmp_path_factory.mktemp("demo") / "home"
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "demo", "--home", str(path), "--unattended", "--seed", "3"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return open_home(path)


@pytest.fixture(scope="module")
def store(demo_home: Home) -> Iterator[Database]:
    opened = demo_home.database()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def content(store: Database) -> Content:
    with store.read() as session:
        return parse(session.exec(select(Proposal)).one().canonical_json)


@pytest.fixture(scope="module")
def readout(store: Database) -> ReadoutRecord:
    with store.read() as session:
        return ReadoutRecord.model_validate(session.exec(select(Readout)).one().record)


def choice_files(home: Home) -> list[Path]:
    return sorted(home.history_dir.glob("*/choices/part-*.parquet"))


def test_the_funnel_goes_from_all_who_lapsed_to_the_net_audience(content: Content) -> None:
    audience = content.audience
    removed = {part.reason_id: content.number(part.people) for part in audience.removed}
    assert content.number(audience.gross) == 32_020
    assert 15_800 <= removed["history"] <= 16_200, "the other half is the world"
    assert removed["consent_withdrawn"] and removed["consent_unknown"] and removed["suppressed"]
    assert content.number(audience.gross) - sum(removed.values()) == content.number(audience.net)
    assert 14_700 <= content.number(audience.net) <= 15_300


@pytest.mark.promise
def test_everybody_of_the_audience_is_accounted_for(content: Content, readout: ReadoutRecord) -> None:
    people = dict(readout.people)
    net = people.pop("net")
    assert net == content.number(content.audience.net) == sum(people.values()) + sum(readout.dropped.values())
    assert people["pending"] == people["unknown"] == people["failed"] == 0
    assert readout.spent_minor == people["sent"] * 20 <= readout.budget_minor == 200_000


@pytest.mark.promise
def test_one_launch_and_each_message_reached_the_provider_once(demo_home: Home, store: Database) -> None:
    with store.read() as session:
        launch = session.exec(select(Launch)).one()
        sent = {row.send_key for row in session.exec(select(Send).where(Send.status == "sent"))}
        assert session.exec(select(Campaign)).one().state == "completed"
        approval = session.exec(select(Approval)).one()
        signature = session.exec(select(Signature)).one()
    assert launch.digest == approval.digest == signature.digest
    assert signature.user_id != signature.author_id
    provider = sqlite3.connect(demo_home.replay_dir / "provider.db")
    calls = dict(provider.execute("SELECT send_key, calls FROM accepted").fetchall())
    provider.close()
    assert set(calls) == sent
    assert set(calls.values()) == {1}


@pytest.mark.promise
def test_every_choice_logs_exact_probabilities_and_replays_bit_for_bit(
    demo_home: Home, content: Content
) -> None:
    rows = 0
    for path in choice_files(demo_home):
        data = pq.read_table(path).to_pydict()
        p = np.array(data["p"])
        mask, people = np.array(data["mask"]), len(data["choice_id"])
        assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
        assert (p[~mask] == 0).all()
        open_arms = mask.sum(axis=1)
        least = 0.02 / np.where(open_arms > 0, open_arms, 1)
        assert (p >= np.where(mask, least[:, None] - 1e-12, 0)).all()
        u = uniforms(data["seed"][0], np.array(data["counter"]), data["stream"][0])
        assert np.array_equal(u, np.array(data["u"]))
        drawn = replay(p, u)
        assert np.array_equal(drawn, np.array(data["arm_index"]))
        assert data["arm_probability"] == [float(p[i, k]) for i, k in enumerate(drawn)]
        rows += people
    assert rows == content.number(content.audience.net)


@pytest.mark.promise
def test_an_unmatched_person_has_no_observation(demo_home: Home, store: Database) -> None:
    world = pq.read_table(demo_home.replay_dir / "world.parquet").to_pydict()
    real = dict(zip(world["person_id"], world["arm"], strict=True))
    visited = dict(zip(world["person_id"], world["visit"], strict=True))
    with store.read() as session:
        seen = {
            row.choice_id: row.value for row in session.exec(select(Outcome).where(Outcome.name == "visit"))
        }
        sends = {row.choice_id: row.status for row in session.exec(select(Send))}
    matched = unmatched = 0
    for path in choice_files(demo_home):
        data = pq.read_table(path, columns=["choice_id", "person_id", "arm"]).to_pydict()
        for choice, person, arm in zip(data["choice_id"], data["person_id"], data["arm"], strict=True):
            got = arm if sends.get(choice, "sent") == "sent" else "none"
            if got == real[person]:
                assert seen[choice] == visited[person]
                matched += 1
            else:
                assert choice not in seen
                unmatched += 1
    assert 0.31 < matched / (matched + unmatched) < 0.36, "the match probability is one third"


def test_the_readout_is_final_labelled_and_scores_the_forecast(readout: ReadoutRecord) -> None:
    assert readout.final and readout.replays
    assert readout.label == "outcome of the 2008 e-mail"
    assert readout.verdict in ("better", "worse", "not conclusive", "not estimable")
    assert readout.read_at >= readout.ends_at
    assert {score.quantity for score in readout.forecast} == {
        "sends",
        "visits",
        "conversions",
        "revenue",
        "cost",
    }
    for metric in readout.metrics:
        for estimate in (*metric.groups, *metric.arms):
            assert (estimate.value is None) == bool(
                estimate.low is None
            ) and estimate.matched <= estimate.people
            assert estimate.value is not None or estimate.reason
    lift = next(lift for lift in readout.metric("visit").lifts if lift.against == "holdout")
    assert lift.low is not None and lift.high is not None
    assert (lift.low > 0) == (readout.verdict == "better")


@pytest.mark.promise
def test_the_proposal_refreezes_to_its_digest_with_every_number_sourced(store: Database) -> None:
    with store.read() as session:
        proposal = session.exec(select(Proposal)).one()
        brief = session.exec(select(BriefRow)).one().text
        texts = {
            f"{row.digest}.{part}": text
            for row in session.exec(select(Creative))
            for part, text in Words.model_validate(row.content).texts().items()
        }
    assert freeze(parse(proposal.canonical_json), brief=brief, creatives=texts).digest == proposal.digest


@pytest.mark.promise
def test_no_file_of_the_home_but_the_identities_holds_an_address(demo_home: Home) -> None:
    identities = demo_home.path / "identity.db"
    assert PERSONAL[0] in identities.read_bytes(), "the scan knows what it looks for"
    for path in sorted(demo_home.path.rglob("*")):
        if not path.is_file() or path.name in IDENTITY:
            continue
        raw = path.read_bytes()
        for planted in PERSONAL:
            assert planted not in raw, path
        if path.suffix == ".parquet":
            assert not _addresses_in(path), path


@pytest.mark.promise
def test_no_table_holds_an_address_or_an_external_id_column(demo_home: Home) -> None:
    for name in ("operational.db", "checkpoints.db", "jobs.db"):
        connection = sqlite3.connect(demo_home.path / name)
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert tables
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                assert not any("@example.invalid" in str(cell) for cell in row), (name, table)
        connection.close()


@pytest.mark.promise
def test_checkpoints_hold_no_word_of_prompts_brief_or_messages(demo_home: Home, store: Database) -> None:
    with store.read() as session:
        words = [session.exec(select(BriefRow)).one().text[:30]]
        thread = session.exec(select(Proposal)).one().thread_id
        for trace in traces_of(session, thread):
            words += [
                str(message["content"])[:40]
                for message in trace.messages
                if len(str(message["content"])) > 40
            ]
        words += [Words.model_validate(row.content).subject for row in session.exec(select(Creative))]
    assert len(words) > 10
    raw = b"".join(path.read_bytes() for path in demo_home.path.glob("checkpoints.db*"))
    assert thread.encode() in raw
    assert not [word for word in words if word.encode() in raw]


@pytest.mark.promise
def test_the_audit_chain_verifies(demo_home: Home, store: Database, content: Content) -> None:
    with store.read() as session:
        workspace_id = session.exec(select(Proposal)).one().workspace_id
    found = AuditLog(demo_home.keys_dir).verify(store, workspace_id)
    assert found.ok and found.entries > 5


def test_the_source_file_is_not_copied_into_the_home(demo_home: Home) -> None:
    assert not list(demo_home.path.rglob("*.csv*"))
    settings = json.loads((demo_home.path / "home.json").read_text())
    assert settings["kind"] == "demo" and set(settings["allowed_channels"]) == {"replay", "file"}


def _addresses_in(path: Path) -> list[str]:
    table = pq.read_table(path)
    return [
        name
        for name in table.column_names
        if str(table.schema.field(name).type) == "string"
        and any("@" in (value or "") for value in table[name].unique().to_pylist())
    ]
