"""Many who carry out one policy change, or take one half of a key, at once: one does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from delivery.policy_changes import apply_change
from store.threads import in_thread
from tests.api.conftest import Open
from tests.postgres_databases import PostgresDatabases
from tests.small_shop import Shop, make_shop

AT_ONCE = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def raced(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    if request.param == "sqlite":
        found: Shop = request.getfixturevalue("shop")
        return found
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return make_shop(tmp_path / "postgres-home", address=databases.empty())


@pytest.mark.promise
async def test_a_change_takes_effect_once_and_its_half_is_handed_over_once(
    open_shop: Open, raced: Shop
) -> None:
    async with open_shop(raced) as opened:
        body = {"name": "Eve", "roles": ["legal"]}
        made = (await opened.call("Root", "POST", "/v1/users", json=body)).json()
        path = f"/v1/approvals/{made['approval_id']}"
        answer = {"answer": "approve", "digest": made["digest"]}
        assert (await opened.call("Grace", "POST", f"{path}/resolve", json=answer)).status_code == 200
        done = await asyncio.gather(
            *(in_thread(apply_change, opened.app.ports, made["approval_id"]) for _ in range(AT_ONCE))
        )
        halves = await asyncio.gather(
            *(opened.call("Grace", "POST", f"{path}/key-half") for _ in range(AT_ONCE))
        )
        log = [
            entry
            for entry in (await opened.call("Root", "GET", "/v1/audit")).json()
            if entry["action"].startswith("policy_change.")
        ]
        verified = (await opened.call("Root", "GET", "/v1/audit/verify")).json()
        users = (await opened.call("Root", "GET", "/v1/users")).json()
    assert sorted(done) == [False] * (AT_ONCE - 1) + [True]
    assert sorted(half.status_code for half in halves) == [200] + [409] * (AT_ONCE - 1)
    assert [entry["action"] for entry in log] == ["policy_change.applied"]
    assert [user["roles"] for user in users if user["name"] == "Eve"] == [["legal"]]
    assert verified["ok"], verified
