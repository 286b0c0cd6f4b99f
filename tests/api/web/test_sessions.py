"""Sessions and forms: what opens a page, and what does nothing at all."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from api.web.session import COOKIE, LASTS_SECONDS, Session, begin, is_token, read, token, write
from api.web.signing_in import local
from store.keys import page_secret
from store.repositories.issued_keys import key_by_plain
from store.repositories.workspaces import disable_user
from tests.api import decision_desk
from tests.api.conftest import Open, Opened, Proposed

SECRET, OTHER = b"a" * 32, b"b" * 32
KEY_ID = "01M7XTEST0000000000000000A"


def test_a_session_is_read_until_it_ends_and_by_its_home_only() -> None:
    made = begin(KEY_ID, 1_000.0)
    text = write(made, SECRET)
    assert read(text, SECRET, 1_000.0 + LASTS_SECONDS - 1) == made
    assert read(text, SECRET, 1_000.0 + LASTS_SECONDS) is None
    assert read(text, OTHER, 1_000.0) is None


@pytest.mark.parametrize("change", ["", "x", "a.b.c.d", "{}.x", "x{}", "{}=", "é{}"])
def test_a_cookie_that_was_changed_is_no_session(change: str) -> None:
    text = write(begin(KEY_ID, 1_000.0), SECRET)
    assert read(change.format(text), SECRET, 1_000.0) is None


def test_no_other_key_or_end_goes_with_a_proof() -> None:
    made = begin(KEY_ID, 1_000.0)
    proof = write(made, SECRET).rpartition(".")[2]
    later = f"{made.key_id}.{made.ends + 1}.{made.nonce}.{proof}"
    assert read(later, SECRET, 1_000.0) is None


def test_a_form_token_counts_for_its_session_only() -> None:
    nonce, second = begin(KEY_ID, 0).nonce, begin(KEY_ID, 0).nonce
    assert is_token(token(nonce, SECRET), nonce, SECRET)
    assert not is_token(token(nonce, SECRET), second, SECRET)
    assert not is_token(token("", SECRET), "", SECRET)
    assert not is_token("", nonce, SECRET)


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a?b", "/a\nb"],
)
def test_signing_in_leads_to_no_other_place(path: str) -> None:
    assert local(path) == "/"


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, name
    return found[1]


async def sign_in(opened: Opened, who: str) -> str:
    """Sign a user in and return the token of their forms; the client keeps the cookie."""
    opened.http.cookies.clear()
    first = await opened.http.get("/sign-in")
    form = {"form_token": field(first.text, "form_token"), "key": opened.keys[who], "next": "/settings"}
    done = await opened.http.post("/sign-in", data=form)
    assert done.status_code == 303 and done.headers["location"] == "/settings", done.text
    return field((await opened.http.get("/settings")).text, "form_token")


async def test_a_session_opens_pages_and_not_the_api(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        cookie = next(each for each in opened.http.cookies.jar if each.name == COOKIE)
        assert cookie.has_nonstandard_attr("HttpOnly") and cookie.get_nonstandard_attr("SameSite") == "strict"
        assert opened.keys["Grace"] not in str(cookie.value)
        page = await opened.http.get(f"/approvals/{proposed.approval_id}")
        assert page.status_code == 200 and proposed.digest in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert (await opened.http.get("/v1/approvals")).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/chat", "/approvals/{}", "/campaigns", "/audit", "/settings", "/policies"]
)
async def test_without_a_session_every_page_leads_to_signing_in(
    proposed: Proposed, open_shop: Open, path: str
) -> None:
    async with open_shop(proposed.shop) as opened:
        answer = await opened.http.get(path.format(proposed.approval_id))
        assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?next=/")
        assert proposed.digest not in answer.text


async def test_a_session_ends_with_its_key_and_with_its_user(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Linus")
        with opened.app.database.write() as session:
            key_by_plain(session, opened.keys["Linus"]).revoked_at = opened.app.clock.now(session)
        assert (await opened.http.get("/approvals")).status_code == 303
        await sign_in(opened, "Grace")
        with opened.app.database.write() as session:
            disable_user(
                session,
                workspace_id=proposed.shop.workspace_id,
                user_id=proposed.shop.users["Grace"],
                at=opened.app.clock.now(session),
            )
        assert (await opened.http.get("/approvals")).status_code == 303


@pytest.mark.promise
@pytest.mark.parametrize(
    ("change", "headers"),
    [
        ({"form_token": ""}, {}),
        ({"form_token": "x" * 43}, {}),
        ({}, {"sec-fetch-site": "cross-site"}),
        ({}, {"sec-fetch-site": "same-site"}),
        ({}, {"content-type": "text/plain"}),
    ],
    ids=["without a token", "with another token", "from another site", "from a sister site", "as no form"],
)
async def test_a_form_from_elsewhere_signs_nothing(
    proposed: Proposed, open_shop: Open, change: dict[str, str], headers: dict[str, str]
) -> None:
    async with open_shop(proposed.shop) as opened:
        token_of_grace = await sign_in(opened, "Grace")
        form = {"form_token": token_of_grace, "answer": "approve", "digest": proposed.digest, "comment": ""}
        path = f"/approvals/{proposed.approval_id}/resolve"
        refused = await opened.http.post(path, data=form | change, headers=headers)
        assert refused.status_code == 403
        assert await status(opened, proposed) == "pending"
        assert (await opened.http.post(path, data=form)).status_code == 303
        assert await status(opened, proposed) == "approved"


async def status(opened: Opened, proposed: Proposed) -> Any:
    return (await opened.call("Root", "GET", f"/v1/approvals/{proposed.approval_id}")).json()["status"]


@pytest.mark.promise
async def test_an_author_signs_nothing_on_the_page_either(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        form = {"form_token": await sign_in(opened, "Ada"), "answer": "approve", "digest": proposed.digest}
        refused = await opened.http.post(f"/approvals/{proposed.approval_id}/resolve", data=form)
        assert refused.status_code == 403 and 'role="alert"' in refused.text
        assert await status(opened, proposed) == "pending"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"answer": ""}, 422),
        ({"answer": "launch"}, 422),
        ({"digest": "0" * 64}, 409),
        ({"digest": "short"}, 422),
        ({"answer": "reject"}, 422),
        ({"answer": "approve_limited", "maximum_people": "many"}, 422),
        ({"answer": "approve_limited", "maximum_people": "999999999"}, 422),
        ({"comment": "write to eve@example.org"}, 422),
        ({"comment": "a\0b"}, 422),
    ],
)
async def test_an_answer_that_cannot_be_is_said_on_the_page(
    proposed: Proposed, open_shop: Open, change: dict[str, str], code: int
) -> None:
    async with open_shop(proposed.shop) as opened:
        form = {"form_token": await sign_in(opened, "Grace"), "answer": "approve", "digest": proposed.digest}
        refused = await opened.http.post(f"/approvals/{proposed.approval_id}/resolve", data=form | change)
        assert refused.status_code == code and "<html" in refused.text
        assert await status(opened, proposed) == "pending"


async def test_a_wrong_key_is_refused_and_not_repeated(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        first = await opened.http.get("/sign-in")
        for key in ("cs_wrong", "", "<script>alert(1)</script>"):
            form = {"form_token": field(first.text, "form_token"), "key": key, "next": "/"}
            refused = await opened.http.post("/sign-in", data=form)
            assert refused.status_code == 422 and COOKIE not in opened.http.cookies
            assert not key or key not in refused.text


async def test_an_old_session_is_none(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        with opened.app.database.read() as session:
            key_id = key_by_plain(session, opened.keys["Grace"]).key_id
        secret = page_secret(opened.app.home.keys_dir)
        old = write(Session(key_id, int(time.time()) - 1, begin(key_id, 0).nonce), secret)
        answer = await opened.http.get("/approvals", headers={"cookie": f"{COOKIE}={old}"})
        assert answer.status_code == 303


async def test_the_page_is_light(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        weight = 0
        for name in ("app.css", "charts.css", "app.js", "theme.js", "htmx.min.js", "hx-sse.min.js"):
            weight += len((await opened.http.get(f"/static/{name}")).content)
        page = await opened.http.get(f"/approvals/{proposed.approval_id}")
        charts = sum(map(len, re.findall(r"<svg class=\"marks.*?</svg>", page.text, re.S)))
        assert weight + len(page.content) - charts <= 300_000
        assert (await opened.http.get("/static/../keys")).status_code in (404, 422)


async def test_an_offer_that_waits_is_read_and_signed_on_the_page(
    proposed: Proposed, open_shop: Open
) -> None:
    async with open_shop(proposed.shop) as opened:
        made = await decision_desk.proposed(opened, "ten", decision_desk.offer("Ten off"))
        form_token = await sign_in(opened, "Grace")
        path = f"/approvals/{made['approval_id']}"
        page = await opened.http.get(path)
        assert page.status_code == 200 and "Ten off now" in page.text and made["digest"] in page.text
        form = {"form_token": form_token, "answer": "approve", "digest": made["digest"]}
        done = await opened.http.post(f"{path}/resolve", data=form, headers={"sec-fetch-site": "same-origin"})
        assert done.status_code == 303, done.text
        assert "Grace" in (await opened.http.get(path)).text
        changed = await opened.call("Root", "POST", "/v1/users/Ada/roles", json={"role": "legal"})
        assert (await opened.http.get(f"/approvals/{changed.json()['approval_id']}")).status_code == 200
