"""Keys: none, wrong, revoked, of somebody disabled, of somebody without a role."""

from __future__ import annotations

import pytest

from store.repositories.workspaces import add_user, disable_user, issue_key
from tests.api.conftest import Open, hand_over, sign
from tests.small_shop import START, Shop

PATHS = (
    ("GET", "/v1/approvals"),
    ("POST", "/v1/approvals/a/resolve"),
    ("GET", "/v1/campaigns"),
    ("POST", "/v1/chat"),
    ("POST", "/v1/events"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/audit/verify"),
    ("GET", "/v1/offers"),
    ("GET", "/v1/policies"),
    ("POST", "/v1/claims"),
    ("POST", "/v1/approvals/a/withdraw"),
    ("GET", "/v1/users"),
    ("GET", "/v1/models/check"),
    ("POST", "/v1/imports/customers"),
    ("POST", "/v1/audience/count"),
    ("GET", "/v1/campaigns/c/export"),
    ("GET", "/v1/campaigns/c/report"),
)
OUTSIDE_V1 = (
    ("POST", "/threads"),
    ("POST", "/threads/search"),
    ("GET", "/threads/{thread_id}"),
    ("GET", "/threads/{thread_id}/state"),
    ("POST", "/threads/{thread_id}/state"),
    ("POST", "/threads/{thread_id}/state/{checkpoint_id}"),
    ("GET", "/threads/{thread_id}/history"),
    ("POST", "/threads/{thread_id}/history"),
    ("POST", "/threads/{thread_id}/runs"),
    ("POST", "/threads/{thread_id}/runs/wait"),
    ("POST", "/threads/{thread_id}/runs/stream"),
    ("POST", "/runs"),
    ("POST", "/runs/wait"),
    ("POST", "/runs/stream"),
    ("POST", "/assistants/search"),
    ("POST", "/agui"),
)


@pytest.mark.promise
async def test_every_endpoint_but_health_needs_a_key(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        for method, path in (*PATHS, *OUTSIDE_V1):
            for header in (
                {},
                {"Authorization": "Bearer "},
                {"Authorization": "Bearer cs_wrong"},
                {"Authorization": opened.keys["Ada"]},
                {"x-api-key": "cs_wrong"},
            ):
                answer = await opened.call(None, method, path, headers=header)
                assert answer.status_code == 401, (path, header)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json()["error"] == "not_authenticated"
        free = [await opened.call(None, "GET", path) for path in ("/health", "/docs", "/openapi.json")]
        declared = opened.http._transport._application.openapi()["paths"]  # type: ignore[attr-defined]
    assert [answer.status_code for answer in free] == [200, 200, 200]
    open_paths = {path for path in declared if not path.startswith("/v1/")}
    assert open_paths - {path for _, path in OUTSIDE_V1} == {"/health", "/ready", "/ok", "/info"}


async def test_a_wrong_key_is_named_by_its_start_and_never_whole(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        answer = await opened.call(
            None, "GET", "/v1/offers", headers={"Authorization": "Bearer cs_secret-part"}
        )
    assert answer.json()["value"] == "cs_sec…"
    assert "secret-part" not in answer.text


async def test_a_key_signs_in_by_either_header_and_the_bearer_comes_first(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        key = opened.keys["Ada"]
        by_key = await opened.call(None, "GET", "/v1/offers", headers={"x-api-key": key})
        headers = {"x-api-key": key, "Authorization": "Bearer cs_wrong"}
        by_both = await opened.call(None, "GET", "/v1/offers", headers=headers)
    assert (by_key.status_code, by_both.status_code) == (200, 401)


async def test_a_revoked_key_signs_nobody_in(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = (await opened.call("Root", "POST", "/v1/users/Ada/keys", json={"label": "laptop"})).json()
        await sign(opened, made)
        opened.keys["laptop"] = await hand_over(opened, made)
        before = await opened.call("laptop", "GET", "/v1/offers")
        revoked = await opened.call("Root", "DELETE", f"/v1/users/keys/{made['proposal_id']}")
        after = await opened.call("laptop", "GET", "/v1/offers")
        other = await opened.call("Ada", "GET", "/v1/offers")
    assert [answer.status_code for answer in (before, revoked, after, other)] == [200, 204, 401, 200]


async def test_a_disabled_user_is_shut_out(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        with opened.app.database.write() as session:
            disable_user(session, workspace_id=shop.workspace_id, user_id=shop.users["Ada"], at=START)
        answer = await opened.call("Ada", "GET", "/v1/offers")
    assert answer.status_code == 401


async def test_somebody_without_a_role_may_not_even_look(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        with opened.app.database.write() as session:
            user = add_user(session, ids=opened.app.ids, at=START, workspace_id=shop.workspace_id, name="Nil")
            key = issue_key(
                session,
                ids=opened.app.ids,
                at=START,
                workspace_id=shop.workspace_id,
                user_id=user.user_id,
                label="t",
            )
        opened.keys["Nil"] = key.plain
        answers = [
            await opened.call("Nil", "GET", path) for path in ("/v1/offers", "/v1/approvals", "/v1/audit")
        ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_whoever_replaces_their_key_is_the_only_one_who_has_seen_it(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        made = await opened.call("Grace", "POST", "/v1/users/me/key")
        old = await opened.call("Grace", "GET", "/v1/approvals")
        opened.keys["Grace"] = made.json()["key"]
        new = await opened.call("Grace", "GET", "/v1/approvals")
        log = (await opened.call("Root", "GET", "/v1/audit")).text
    assert [answer.status_code for answer in (made, old, new)] == [201, 401, 200]
    assert "user.key_renewed" in log and made.json()["key"] not in log
