"""Everything that may be wrong with a request: status, code, the value in the message, and nothing half-written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from store.repositories.threads import REFUSED
from tests.api.conftest import Open, Opened, Proposed
from tests.small_shop import Shop

ZEROS = "0" * 64
JSON = {"Content-Type": "application/json"}


def contents(database_file: Path, opened: Opened) -> str:
    """A hash over every row of the operational database but the clock, and but what was refused of threads."""
    found = hashlib.sha256()
    with opened.app.database.read() as session:
        connection = session.connection()
        for name in sorted(sa.inspect(connection).get_table_names()):
            if name == "audit_heads":
                continue
            but = f" WHERE action <> '{REFUSED}'" if name == "audit" else ""
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"{but}').fetchall()
            found.update(f"{name}{sorted(map(repr, rows))}".encode())
    return found.hexdigest()


REQUESTS: list[tuple[str, str, str, dict[str, Any], int, str, str]] = [
    # who, method, path, options, status, code, value
    ("Ada", "POST", "/v1/chat", {"content": b'{"text": ', "headers": JSON}, 400, "malformed_json", "9"),
    ("Ada", "POST", "/v1/chat", {"json": {}}, 422, "invalid_input", "{}"),
    ("Ada", "POST", "/v1/chat", {"json": {"text": "  "}}, 422, "invalid_input", "  "),
    ("Ada", "POST", "/v1/chat", {"json": {"text": "x" * 20_001}}, 422, "invalid_input", "20001"),
    ("Ada", "POST", "/v1/chat", {"json": {"text": "Hello", "mood": 1}}, 422, "invalid_input", "1"),
    (
        "Ada",
        "POST",
        "/v1/chat",
        {"json": {"text": "Hello", "conversation_id": "nowhere"}},
        404,
        "not_found",
        "nowhere",
    ),
    (
        "Ada",
        "POST",
        "/v1/chat",
        {"json": {"text": "Hello", "campaign_id": "nothing"}},
        404,
        "not_found",
        "nothing",
    ),
    ("Root", "GET", "/v1/approvals/none-such", {}, 404, "not_found", "none-such"),
    ("Root", "GET", "/v1/approvals?status=maybe", {}, 422, "invalid_input", "maybe"),
    (
        "Grace",
        "POST",
        "/v1/approvals/none-such/resolve",
        {"json": {"answer": "approve", "digest": ZEROS}},
        404,
        "not_found",
        "none-such",
    ),
    ("Ada", "GET", "/v1/campaigns/none-such", {}, 404, "not_found", "none-such"),
    ("Ada", "POST", "/v1/campaigns/none-such/stop", {}, 404, "not_found", "none-such"),
    ("Ada", "GET", "/v1/campaigns/none-such/readout", {}, 404, "not_found", "none-such"),
    ("Ada", "GET", "/v1/campaigns/none-such/report", {}, 404, "not_found", "none-such"),
    ("Grace", "GET", "/v1/campaigns/none-such/export", {}, 404, "not_found", "none-such"),
    (
        "Ada",
        "POST",
        "/v1/campaigns/none-such/answers",
        {"json": {"interrupt_id": "a", "answers": {"budget": "$5"}}},
        404,
        "not_found",
        "none-such",
    ),
    ("Ada", "GET", "/v1/audit?after=-1", {}, 422, "invalid_input", "-1"),
    ("Ada", "GET", "/v1/nowhere", {}, 404, "not_found", "/v1/nowhere"),
    ("Ada", "DELETE", "/v1/offers", {}, 405, "method_not_allowed", "/v1/offers"),
    ("Ada", "GET", "/v1/users", {}, 403, "not_authorised", "authority.default_deny"),
    ("Ada", "POST", "/v1/users", {"json": {"name": "Eve"}}, 403, "not_authorised", "authority.default_deny"),
    ("Root", "POST", "/v1/users", {"json": {"name": "Ada"}}, 409, "name_taken", "Ada"),
    (
        "Root",
        "POST",
        "/v1/users",
        {"json": {"name": "Eve", "roles": ["marketer", "king"]}},
        422,
        "role_unknown",
        "king",
    ),
    ("Root", "POST", "/v1/users/Nobody/roles", {"json": {"role": "legal"}}, 404, "user_not_found", "Nobody"),
    ("Root", "POST", "/v1/users/Nobody/keys", {"json": {}}, 404, "user_not_found", "Nobody"),
    ("Root", "DELETE", "/v1/users/keys/none-such", {}, 404, "not_found", "none-such"),
    (
        "Ada",
        "POST",
        "/v1/audience/count",
        {"json": {"filter": "shoe_size > 40"}},
        422,
        "filter_unknown_field",
        "shoe_size",
    ),
    (
        "Ada",
        "POST",
        "/v1/audience/count",
        {"json": {"filter": "half = 'world'", "channels": ["pigeon"]}},
        422,
        "invalid_input",
        "pigeon",
    ),
    (
        "Ada",
        "POST",
        "/v1/events",
        {
            "json": {
                "events": [
                    {
                        "event_id": "e1",
                        "external_id": "1",
                        "name": "visit",
                        "ts": "2026-11-21T09:00:00Z",
                    },
                    {
                        "event_id": "e2",
                        "external_id": "nobody-77",
                        "name": "visit",
                        "ts": "2026-11-21T09:00:00Z",
                    },
                ]
            }
        },
        404,
        "person_unknown",
        "nobody-77",
    ),
    (
        "Ada",
        "POST",
        "/v1/events",
        {
            "json": {
                "events": [
                    {"event_id": "e1", "external_id": "1", "name": "visit", "ts": "2026-11-21T09:00:00"}
                ]
            }
        },
        422,
        "invalid_input",
        "2026-11-21T09:00:00",
    ),
    (
        "Ada",
        "POST",
        "/v1/events",
        {
            "json": {
                "events": [
                    {
                        "event_id": "e9",
                        "external_id": "1",
                        "name": "visit",
                        "ts": "2026-11-21T09:00:00Z",
                        "properties": {"from": {"deep": ["ann@example.com"]}},
                    }
                ]
            }
        },
        422,
        "event_personal",
        "e9",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/customers?name=shop.csv",
        {"content": b"external_id,colour\n1,red\n"},
        422,
        "import_refused",
        "colour",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/customers?name=shop.csv",
        {"content": b"external_id,consent.email.marketing\n9001,yes\n9002,perhaps\n"},
        422,
        "import_refused",
        "perhaps",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/customers?name=shop.csv",
        {"content": b"external_id\n9001\n9001\n"},
        422,
        "import_refused",
        "",
    ),
    ("Ada", "POST", "/v1/imports/customers", {"content": b"\xff\xfe\x00"}, 422, "import_unreadable", "ff"),
    ("Ada", "POST", "/v1/imports/customers?name=e.csv", {"content": b""}, 422, "import_unreadable", "e.csv"),
    ("Ada", "POST", "/v1/imports/planets", {"content": b"x\n1\n"}, 422, "invalid_input", "planets"),
    (
        "Ada",
        "POST",
        "/v1/imports/offers?name=o.csv",
        {"content": b"offer_id,name,value,cost\nten,Ten off,10 %,free\n"},
        422,
        "import_refused",
        "free",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/experiment?experiment_name=T&starts_on=2025-13-01&ends_on=2025-03-02",
        {"content": b""},
        422,
        "invalid_input",
        "2025-13-01",
    ),
]


@pytest.mark.parametrize(
    ("who", "method", "path", "options", "status", "code", "value"),
    REQUESTS,
    ids=[f"{method} {path} {code} {value[:12]}" for _, method, path, _, _, code, value in REQUESTS],
)
async def test_a_bad_request_names_the_value_and_writes_nothing(
    answers: dict[str, tuple[int, dict[str, Any], bool]],
    who: str,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    code: str,
    value: str,
) -> None:
    found_status, body, unchanged = answers[f"{who} {method} {path} {options}"]
    assert (found_status, body["error"], body["value"] or "") == (status, code, value)
    assert set(body) == {"error", "message", "value"}
    assert body["message"]
    assert unchanged


@pytest.fixture(scope="module")
def answers(
    shop_template: Shop, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[int, dict[str, Any], bool]]:
    """Every bad request sent to one shop, with whether the database was the same afterwards."""
    import asyncio

    from tests.api.conftest import copied, opened

    shop = copied(shop_template, tmp_path_factory.mktemp("bad") / "home")

    async def send_all() -> dict[str, tuple[int, dict[str, Any], bool]]:
        found = {}
        async with opened(shop) as home:
            before = contents(shop.home.operational_db, home)
            for who, method, path, options, *_ in REQUESTS:
                answer = await home.call(who, method, path, **options)
                after = contents(shop.home.operational_db, home)
                found[f"{who} {method} {path} {options}"] = (
                    answer.status_code,
                    answer.json(),
                    after == before,
                )
                before = after
        return found

    return asyncio.run(send_all())


BAD_ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"answer": "maybe", "digest": ZEROS}, "invalid_input"),
    ({"answer": "approve", "digest": None}, "invalid_input"),
    ({"answer": "approve", "digest": "short"}, "invalid_input"),
    ({"answer": "approve_limited", "limits": {"maximum_people": "10"}}, "invalid_input"),
    ({"answer": "approve_limited", "limits": {"maximum_people": 0}}, "limit"),
    ({"answer": "approve", "limits": {"maximum_people": 10}}, "limit"),
    ({"answer": "reject"}, "invalid_input"),
]


async def test_a_bad_answer_to_an_approval_signs_nothing(open_shop: Open, proposed: Proposed) -> None:
    path = f"/v1/approvals/{proposed.approval_id}"
    found = []
    async with open_shop(proposed.shop) as opened:
        for answer, _ in BAD_ANSWERS:
            body = {"digest": proposed.digest} | answer
            refused = await opened.call("Grace", "POST", f"{path}/resolve", json=body)
            found.append((refused.status_code, refused.json()["error"]))
        shown = (await opened.call("Grace", "GET", path)).json()
    assert found == [(422, code) for _, code in BAD_ANSWERS]
    assert (shown["status"], shown["signatures"]) == ("pending", [])
