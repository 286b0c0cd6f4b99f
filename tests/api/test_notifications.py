"""Users and webhooks are told about approvals; a link only shows, and nothing is told twice."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select
from standardwebhooks import Webhook, WebhookVerificationError

from api.cli.asgi_stream import StreamingTransport
from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from delivery.notifications.mail import SmtpSettings
from store.clock import ReplayClock
from store.tables import Approval, Campaign, Proposal, Signature
from tests.api.conftest import Opened, Proposed
from tests.fakes.receivers import MailServer, Receiver, mail_server, receiver

GRACE = "grace@work.example.org"
ADA = "ada@work.example.org"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


@asynccontextmanager
async def office(proposed: Proposed, mail: MailServer | None = None) -> AsyncIterator[Opened]:
    """The shop with a mail server."""
    smtp = SmtpSettings() if mail is None else SmtpSettings(host="127.0.0.1", port=mail.port, tls="none")
    settings = Settings(_env_file=None, smtp=smtp, public_url="https://desk.example.org/")
    async with open_app(proposed.shop.home, settings) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            yield Opened(app, http, dict(proposed.shop.keys))


async def sweep(office: Opened, *, later: timedelta = timedelta(0)) -> None:
    """Carry out what is due, after moving the shop's clock."""
    assert isinstance(office.app.clock, ReplayClock)
    office.app.clock.advance_to(office.app.clock.now() + later)
    await office.app.engine.settle()


async def tell(office: Opened, url: str) -> dict[str, str]:
    """A webhook that two people put there, with its secret; it hears nothing of how it came about."""
    made = (await office.call("Root", "POST", "/v1/webhooks", json={"url": url})).json()
    body = {"answer": "approve", "digest": made["digest"]}
    await office.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=body)
    await sweep(office, later=timedelta(seconds=1))
    (hook,) = (await office.call("Root", "GET", "/v1/webhooks")).json()
    shown = await office.call("Root", "POST", f"/v1/webhooks/{hook['webhook_id']}/secret")
    return shown.json()  # type: ignore[no-any-return]  # JSON


async def answer(office: Opened, proposed: Proposed, who: str, answer: str, comment: str = "") -> None:
    body = {"answer": answer, "digest": proposed.digest, "comment": comment}
    done = await office.call(who, "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body)
    assert done.status_code == 200, done.text


async def test_whoever_may_sign_is_written_to_once_with_a_link(proposed: Proposed, mail: MailServer) -> None:
    async with office(proposed, mail) as desk:
        for who, address in (("Grace", GRACE), ("Ada", ADA)):
            put = await desk.call(who, "PUT", "/v1/me/email", json={"email": address})
            assert put.json() == {"email": address, "verified": False, "mail_is_configured": True}
        await sweep(desk)
        await sweep(desk)
        (letter,) = mail.taken
        assert letter["To"] == GRACE
        text = letter.get_content()
        assert f"https://desk.example.org/approvals/{proposed.approval_id}" in text
        assert proposed.digest in text
        assert "Signatures missing: campaign manager" in text


async def test_the_author_is_told_how_it_ended(proposed: Proposed, mail: MailServer) -> None:
    async with office(proposed, mail) as desk:
        await desk.call("Ada", "PUT", "/v1/me/email", json={"email": ADA})
        await answer(desk, proposed, "Grace", "reject", "not this month")
        await sweep(desk)
        (letter,) = mail.taken
        assert (letter["To"], letter["Subject"]) == (ADA, "An approval is rejected")
        assert "not this month" not in letter.get_content()


async def test_a_mail_server_that_refuses_is_asked_again(proposed: Proposed, mail: MailServer) -> None:
    mail.refusing = True
    async with office(proposed, mail) as desk:
        await desk.call("Grace", "PUT", "/v1/me/email", json={"email": GRACE})
        await sweep(desk)
        (row,) = (await desk.call("Ada", "GET", "/v1/notifications")).json()
        assert (row["failures"], row["delivered_at"]) == (1, None)
        assert "did not take the message" in row["failure"]
        mail.refusing = False
        await sweep(desk, later=timedelta(minutes=2))
        (row,) = (await desk.call("Ada", "GET", "/v1/notifications")).json()
        assert row["delivered_at"] is not None
        assert len(mail.taken) == 1


async def test_an_address_that_was_removed_is_not_written_to(proposed: Proposed, mail: MailServer) -> None:
    mail.refusing = True
    async with office(proposed, mail) as desk:
        await desk.call("Grace", "PUT", "/v1/me/email", json={"email": GRACE})
        await sweep(desk)
        await desk.call("Grace", "PUT", "/v1/me/email", json={"email": None})
        mail.refusing = False
        await sweep(desk, later=timedelta(hours=1))
        assert mail.taken == []


async def test_an_approval_that_is_over_is_no_longer_asked_for(proposed: Proposed, mail: MailServer) -> None:
    mail.refusing = True
    async with office(proposed, mail) as desk:
        await desk.call("Linus", "PUT", "/v1/me/email", json={"email": GRACE})
        await sweep(desk)
        await answer(desk, proposed, "Grace", "reject", "no")
        mail.refusing = False
        await sweep(desk, later=timedelta(hours=1))
        assert mail.taken == []


async def test_a_webhook_is_told_of_each_event_and_signed(proposed: Proposed, hook: Receiver) -> None:
    async with office(proposed) as desk:
        made = await tell(desk, hook.url)
        await sweep(desk)
        await answer(desk, proposed, "Grace", "reject", "no")
        await sweep(desk)
        await sweep(desk)
        assert [json.loads(body)["type"] for _, body in hook.posts] == [
            "approval.opened",
            "approval.resolved",
        ]
        for headers, body in hook.posts:
            told = Webhook(made["secret"]).verify(body, headers)
            assert told["data"]["approval_id"] == proposed.approval_id
            assert told["data"]["digest"] == proposed.digest
            with pytest.raises(WebhookVerificationError):
                Webhook(made["secret"]).verify(body.replace(b"pending", b"granted") + b" ", headers)
        assert told["data"]["status"] == "rejected"


async def test_a_receiver_that_fails_hears_the_same_message_again(proposed: Proposed, hook: Receiver) -> None:
    hook.statuses = [500, 302, 204]
    async with office(proposed) as desk:
        await tell(desk, hook.url)
        await sweep(desk)
        await sweep(desk, later=timedelta(minutes=2))
        await sweep(desk, later=timedelta(minutes=4))
        await sweep(desk, later=timedelta(hours=1))
        assert len(hook.posts) == 3
        assert len({headers["webhook-id"] for headers, _ in hook.posts}) == 1
        assert len({body for _, body in hook.posts}) == 1


async def test_a_receiver_that_never_takes_it_is_let_go(proposed: Proposed, hook: Receiver) -> None:
    hook.statuses = [500]
    async with office(proposed) as desk:
        await tell(desk, hook.url)
        for _ in range(9):
            await sweep(desk, later=timedelta(hours=1))
        (row,) = (await desk.call("Ada", "GET", "/v1/notifications")).json()
        assert (row["failures"], row["due_at"], len(hook.posts)) == (5, None, 5)
        assert "answered 500" in row["failure"]


async def test_a_removed_webhook_hears_nothing_more(proposed: Proposed, hook: Receiver) -> None:
    async with office(proposed) as desk:
        made = await tell(desk, hook.url)
        told = len(hook.posts)
        gone = await desk.call("Root", "DELETE", f"/v1/webhooks/{made['webhook_id']}")
        assert gone.status_code == 204
        await answer(desk, proposed, "Grace", "reject", "no")
        await sweep(desk)
        assert (len(hook.posts), told) == (told, 1)
        assert (await desk.call("Root", "GET", "/v1/webhooks")).json() == []


@pytest.mark.promise
async def test_no_get_ever_resolves(proposed: Proposed) -> None:
    async with office(proposed) as desk:
        known = {"approval_id": proposed.approval_id, "campaign_id": proposed.campaign_id}
        before = _standing(desk)
        paths = build_api(desk.app).openapi()["paths"]
        gets = [path for path, operations in paths.items() if "get" in operations]
        for path in [*gets, "/approvals/{approval_id}"]:
            named = re.sub(r"{(\w+)}", lambda found: known.get(found[1], proposed.approval_id), path)
            query = {"answer": "approve", "digest": proposed.digest, "action": "approve"}
            await desk.call("Grace", "GET", named, params=query)
            await desk.call(None, "GET", named, params=query)
        await sweep(desk)
        assert len(gets) > 20
        assert _standing(desk) == before


@pytest.mark.promise
async def test_the_page_of_a_link_shows_nothing_of_the_proposal(proposed: Proposed) -> None:
    async with office(proposed) as desk:
        before = _standing(desk)
        path = f"/approvals/{proposed.approval_id}"
        led = await desk.call(None, "GET", path)
        assert (led.status_code, led.headers["location"]) == (303, f"/sign-in?next={path}")
        page = await desk.call(None, "GET", led.headers["location"])
        assert page.status_code == 200
        assert f'name="next" value="{path}"' in page.text
        with desk.app.database.read() as session:
            campaign = session.get_one(Campaign, proposed.campaign_id).name
        for answer in (led, page):
            assert proposed.digest not in answer.text
            assert campaign not in answer.text
        assert _standing(desk) == before


async def test_a_link_leads_back_to_the_approval_after_signing_in(proposed: Proposed) -> None:
    async with office(proposed) as desk:
        path = f"/approvals/{proposed.approval_id}"
        asked = await desk.call(None, "GET", f"/sign-in?next={path}")
        form = dict(re.findall(r'name="(form_token|next)" value="([^"]*)"', asked.text))
        form |= {"key": desk.keys["Grace"]}
        let_in = await desk.call(None, "POST", "/sign-in", data=form, headers=_cookie(asked))
        assert (let_in.status_code, let_in.headers["location"]) == (303, path)
        assert proposed.digest in (await desk.call(None, "GET", path, headers=_cookie(let_in))).text


async def test_a_link_does_not_tell_whether_there_is_an_approval(proposed: Proposed) -> None:
    async with office(proposed) as desk:
        for unknown in ("01M7XTEST0000000000000000A", "<script>"):
            led = await desk.call(None, "GET", f"/approvals/{unknown}")
            assert led.status_code == 303
            page = await desk.call(None, "GET", led.headers["location"])
            assert page.status_code == 200
            assert "<script>" not in page.text


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://127.0.0.1/",
        "https://user@example.org/",
        "not a url",
        "https://",
        "https://example.org/\r\nX-Forged: 1",
        "https://example.org/a b",
        "https://ex\u0430mple.org/",
        "x" * 1999,
    ],
)
async def test_a_webhook_address_that_is_not_safe_is_refused(proposed: Proposed, url: str) -> None:
    async with office(proposed) as desk:
        refused = await desk.call("Root", "POST", "/v1/webhooks", json={"url": url})
        assert (refused.status_code, refused.json()["error"]) == (422, "webhook_url")


@pytest.mark.parametrize(
    "email", ["nobody", "a@b", "a b@c.de", "a@b.de\r\nBcc: x@y.z", "a@@b.de", "@b.de", "x" * 310 + "@b.de"]
)
async def test_what_is_no_address_is_refused_without_repeating_it(proposed: Proposed, email: str) -> None:
    async with office(proposed) as desk:
        refused = await desk.call("Grace", "PUT", "/v1/me/email", json={"email": email})
        assert (refused.status_code, refused.json()["error"]) == (422, "address")
        assert email not in refused.text


async def test_only_admins_see_and_change_webhooks(proposed: Proposed, hook: Receiver) -> None:
    async with office(proposed) as desk:
        for who in ("Ada", "Grace"):
            assert (await desk.call(who, "GET", "/v1/webhooks")).status_code == 403
            assert (await desk.call(who, "POST", "/v1/webhooks", json={"url": hook.url})).status_code == 403
        assert (await desk.call("Root", "DELETE", "/v1/webhooks/nothing")).status_code == 404


def _cookie(answer: httpx.Response) -> dict[str, str]:
    """The first cookie of an answer; the office's address is https, so the client would not send it by itself."""
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def _standing(desk: Opened) -> list[object]:
    with desk.app.database.read() as session:
        return [
            row.model_dump()
            for table in (Approval, Signature, Proposal, Campaign)
            for row in session.exec(select(table))
        ]
