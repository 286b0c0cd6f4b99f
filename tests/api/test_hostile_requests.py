"""Requests made to break something: each is answered with its status and a typed error, and the next one still works."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.http.application import build_api
from tests.api.conftest import Open, Proposed

JSON = {"Content-Type": "application/json"}
FILTER = "days_since_purchase >= 1"
EMAIL = "bob@corp.example"
RESOLVE = "/v1/approvals/{approval}/resolve"
HEADER = b"product_id,name\n"


def raw(body: bytes) -> dict[str, Any]:
    return {"content": body, "headers": JSON}


def answer(**more: Any) -> dict[str, Any]:
    return {"json": {"answer": "reject", "digest": "{digest}", **more}}


REQUESTS: list[tuple[str, str, str, dict[str, Any], int, str]] = [
    # who, method, path, options, status, code
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"win back \\ud800 people"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"win back \xed\xa0\x80 people"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"win back \\u0000 people"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"x","conversation_id":"\\uDFFF"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/chat", raw(b'{"\\ud800":"x"}'), 422, "invalid_text"),
    (
        "Ada",
        "POST",
        "/v1/chat",
        raw('{"text":"\ud800"}'.encode("utf-16-le", "surrogatepass")),
        422,
        "invalid_text",
    ),
    ("Root", "POST", "/v1/users", raw(b'{"name":"\\ud800"}'), 422, "invalid_text"),
    ("Grace", "POST", RESOLVE, raw(b'{"answer":"reject","comment":"\\ud800"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/audience/count", raw(b'{"filter":"half = \'\\ud800\'"}'), 422, "invalid_text"),
    ("Ada", "POST", "/v1/chat", raw(b"[" * 200_000), 400, ""),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"\xff\xfe"}'), 400, ""),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":NaN}'), 422, "invalid_input"),
    ("Ada", "POST", "/v1/chat", raw(b'{"text":"' + b"a" * 1_000_000 + b'"}'), 413, "body_too_large"),
    ("Grace", "POST", RESOLVE, raw(b'{"answer":"approve_limited","limits":{"budget_minor":NaN}}'), 422, ""),
    ("Grace", "POST", RESOLVE, answer(comment=f"ask {EMAIL}"), 422, "address_in_text"),
    ("Ada", "GET", "/v1/audit?after=99999999999999999999", {}, 422, "invalid_input"),
    ("Ada", "GET", f"/v1/audit?after={2**63}", {}, 422, "invalid_input"),
    ("Ada", "GET", f"/v1/audit?after={2**53}", {}, 422, "invalid_input"),
    ("Ada", "GET", f"/v1/audit?after={2**53 - 1}", {}, 200, ""),
    ("Ada", "GET", "/v1/campaigns/a%00b", {}, 404, ""),
    ("Ada", "GET", "/v1/campaigns/%ed%a0%80", {}, 404, ""),
    ("Ada", "GET", "/v1/campaigns/..%2f..%2fhome.json/report", {}, 404, ""),
    ("Grace", "GET", "/v1/campaigns/{campaign}/export?what=identity", {}, 422, "invalid_input"),
    ("Root", "POST", "/v1/users", {"json": {"name": EMAIL}}, 422, "address_in_text"),
    ("Root", "POST", "/v1/users", {"json": {"name": "Half", "roles": ["nope"]}}, 422, ""),
    ("Root", "POST", "/v1/users/Ada/keys", {"json": {"label": EMAIL}}, 422, "address_in_text"),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": FILTER, "as_of": "0001-01-01"}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": FILTER, "as_of": "1969-12-31"}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": FILTER, "as_of": "9999-12-31"}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": FILTER, "as_of": "2199-12-31"}}, 200, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": "1=1; drop table users"}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": "(" * 1900 + FILTER + ")" * 1900}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": "not " * 900 + FILTER}}, 422, ""),
    ("Ada", "POST", "/v1/audience/count", {"json": {"filter": FILTER + "9" * 400}}, 422, ""),
    *(
        ("Ada", "POST", f"/v1/imports/products?name={name}", {"content": HEADER}, 422, "file_name")
        for name in ("..", ".", "/", "a%00b", "..%2f..%2fetc%2fpasswd", "a%5Cb.csv", "%20", "a%0Ab")
    ),
    ("Ada", "POST", f"/v1/imports/products?name={'x' * 201}", {"content": HEADER}, 422, "invalid_input"),
    ("Ada", "POST", f"/v1/imports/products?name={'😀' * 200}", {"content": HEADER}, 422, "import_refused"),
    ("Ada", "POST", "/v1/imports/products?name=.gz", {"content": HEADER}, 422, "import_refused"),
    ("Ada", "POST", f"/v1/imports/products?name={EMAIL}.csv", {"content": HEADER}, 422, "address_in_text"),
    (
        "Ada",
        "POST",
        f"/v1/imports/experiment?experiment_name={EMAIL}&starts_on=2025-01-01&ends_on=2025-01-02",
        {"content": b"external_id\n"},
        422,
        "address_in_text",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/experiment?experiment_name=x&starts_on=0001-01-01&ends_on=2025-01-02",
        {"content": b"external_id\n"},
        422,
        "invalid_input",
    ),
    ("Ada", "POST", "/v1/imports/products", {"content": b"\x1f\x8bjunk"}, 422, "import_unreadable"),
    (
        "Ada",
        "POST",
        "/v1/imports/products",
        {"content": gzip.compress(b"a," * 60_000)},
        422,
        "import_unreadable",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/products",
        {"content": gzip.compress(b"a" * 9_000_000)},
        422,
        "import_unreadable",
    ),
    (
        "Ada",
        "POST",
        "/v1/imports/products",
        {"content": b"x", "headers": {"Content-Length": "1000000001"}},
        413,
        "",
    ),
]


async def test_each_is_answered_typed_and_the_next_one_works(open_shop: Open, proposed: Proposed) -> None:
    wrong: list[str] = []
    async with open_shop(proposed.shop) as opened:
        users = (await opened.call("Root", "GET", "/v1/users")).text
        for who, method, path, options, status, code in REQUESTS:
            place = path.format(approval=proposed.approval_id, campaign=proposed.campaign_id)
            if "json" in options and options["json"].get("digest"):
                options["json"]["digest"] = proposed.digest
            got = await opened.call(who, method, place, **options)
            shown = got.json()
            if got.status_code != status or (code and shown["error"] != code):
                wrong.append(f"{method} {place[:70]} {str(options)[:80]}: {got.status_code} {got.text[:200]}")
            if status != 200:
                assert set(shown) == {"error", "message", "value"}
                assert EMAIL not in got.text
        assert (await opened.call("Root", "GET", "/v1/users")).text == users
        approval = (await opened.call("Ada", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
    assert not wrong, "\n".join(wrong)
    assert approval["status"] == "pending"


async def test_half_a_pair_is_named_with_its_field(open_shop: Open, proposed: Proposed) -> None:
    body = b'{"events":[{"event_id":"1","external_id":"1","name":"seen","properties":{"a":["\\ud83d"]}}]}'
    async with open_shop(proposed.shop) as opened:
        got = await opened.call("Ada", "POST", "/v1/events", **raw(body))
        whole = await opened.call("Root", "POST", "/v1/users", **raw(b'{"name":"\\ud83d\\ude00 \\\\u0000"}'))
    assert got.json()["message"].startswith("events.0.properties.a.0 holds U+D83D")
    assert whole.status_code == 202 and "😀 \\u0000" in whole.json()["words"]


async def test_a_body_of_unstated_length_is_refused_as_it_comes(open_shop: Open, proposed: Proposed) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000:
            sent += 1
            yield b" " * 100_000

    async with open_shop(proposed.shop) as opened:
        transport = httpx.ASGITransport(build_api(opened.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            got = await http.post("/v1/chat", content=endless(), headers=JSON)
    assert (got.status_code, got.json()["error"]) == (413, "body_too_large")
    assert sent < 20


async def test_a_fault_of_our_own_is_answered_without_what_is_inside(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        api = build_api(opened.app)

        @api.get("/broken")
        async def broken() -> None:
            raise RuntimeError("the secret inside")

        @api.get("/beyond")
        async def beyond() -> int:
            return int(float("1e400"))

        @api.get("/unkept")
        async def unkept() -> bytes:
            return "\ud800".encode()

        transport = httpx.ASGITransport(api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            inside = await http.get("/broken")
            large = await http.get("/beyond")
            text = await http.get("/unkept")
    assert (inside.status_code, inside.json()["error"], inside.json()["value"]) == (500, "internal", None)
    assert "secret" not in inside.text and "Runtime" not in inside.text
    assert (large.status_code, large.json()["error"]) == (422, "number_too_large")
    assert (text.status_code, text.json()["error"]) == (422, "invalid_text")


@pytest.mark.parametrize("field", ["source", "note", "outcome_label"])
async def test_no_word_about_an_experiment_holds_an_address(
    open_shop: Open, proposed: Proposed, field: str
) -> None:
    path = f"/v1/imports/experiment?experiment_name=x&starts_on=2025-01-01&ends_on=2025-01-02&{field}={EMAIL}"
    async with open_shop(proposed.shop) as opened:
        got = await opened.call("Ada", "POST", path, content=b"external_id\n")
    assert (got.status_code, got.json()["error"]) == (422, "address_in_text")
