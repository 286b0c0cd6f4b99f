"""Workers killed at any moment, a mail server that falls silent, clocks that jump: nobody is written to twice, or after
leaving, or too often, and nothing is lost.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.field import CAP, Story, Trouble, run_field
from tests.postgres_databases import POSTGRES_URL, PostgresDatabases

_log = logging.getLogger("countersign.chaos")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgresql",
            marks=pytest.mark.skipif(not POSTGRES_URL, reason="COUNTERSIGN_TEST_POSTGRES_URL is not set"),
        ),
    ]
)
def address(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where the field's tables are: files, or a database of a server."""
    if request.param == "sqlite":
        yield None
        return
    databases = PostgresDatabases(POSTGRES_URL)
    yield databases.empty()
    databases.remove()


def judge(story: Story) -> dict[str, int]:
    """Hold a story against every promise; gives its figures."""
    taken = Counter(one.send_key for one in story.taken)
    status = {send.send_key: send.status for send in story.sends}
    by_status = Counter(status.values())
    twice = [key for key, times in taken.items() if times > 1]
    late = [one for one in story.taken if one.at > story.left.get(one.person_id, one.at)]
    over = [p for p, times in Counter(one.person_id for one in story.taken).items() if times > CAP]
    lost = [key for key, one in status.items() if one == "sent" and key not in taken]
    hidden = [key for key in taken if status.get(key) not in ("sent", "unknown")]
    unlisted = {key for key, one in status.items() if one == "unknown"} ^ story.listed
    nowhere = [s for s in story.sends if s.status not in ("sent", "failed", "dropped", "unknown")]
    silent = [s for s in story.sends if s.status in ("dropped", "failed") and not s.rule]
    figures = {
        "messages": len(story.sends),
        "taken": len(story.taken),
        **{name: by_status[name] for name in ("sent", "failed", "dropped", "unknown")},
        "left": len(story.left),
        "kills": story.kills,
        "jumps": story.jumps,
        "seconds": round(story.seconds),
    }
    _log.warning("%s", figures)
    assert not twice, f"{len(twice)} messages reached the provider twice"
    assert not late, f"{len(late)} messages were sent after their person had left"
    assert not over, f"{len(over)} people got more than {CAP} messages"
    assert not lost and not hidden, f"{len(lost)} sent ones never arrived, {len(hidden)} arrived unsaid"
    assert not unlisted and not nowhere and not silent
    for counted in story.counted:
        assert counted.accounted == counted.net and counted.pending == 0
    assert {batch.state for batch in story.batches} <= {"observed", "cancelled"}
    assert set(story.drained) == {0}, "a worker did not end when it was asked to"
    return figures


@pytest.mark.promise
def test_a_small_field_keeps_every_promise(tmp_path: Path, address: str | None) -> None:
    story = run_field(
        tmp_path,
        people=260,
        batch_people=130,
        seed=11,
        address=address,
        longest_seconds=150,
        trouble=Trouble(8, 0.15, 0.7),
    )
    figures = judge(story)
    assert figures["messages"] > 250 and figures["kills"] > 0 and figures["jumps"] > 0


@pytest.mark.soak
@pytest.mark.promise
def test_twenty_thousand_messages_keep_every_promise(tmp_path: Path, address: str | None) -> None:
    story = run_field(
        tmp_path,
        people=12_000,
        batch_people=500,
        seed=5,
        address=address,
        longest_seconds=3_000,
        trouble=Trouble(10_000, 0.06, 0.3),
    )
    figures = judge(story)
    assert figures["messages"] >= 20_000 and figures["kills"] >= 20 and figures["unknown"] > 0
