"""Test messages go to verified addresses of users, marked, twenty a proposal, and change nothing that is counted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy

import httpx
import pytest
from sqlmodel import select

from api.cli.asgi_stream import StreamingTransport
from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from delivery.email.settings import EmailSettings
from delivery.notifications.mail import SmtpSettings
from store.tables import Send, ServedProfile
from tests.api.conftest import Opened, Proposed
from tests.api.mailing import by_mail
from tests.fakes.receivers import MailServer, mail_server
from tests.fakes.smtp_sink import Sink, smtp_sink

GRACE = "grace@work.example.org"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as server:
        yield server


@asynccontextmanager
async def office(proposed: Proposed, sink: Sink, mail: MailServer) -> AsyncIterator[Opened]:
    email = EmailSettings(host="127.0.0.1", port=sink.port, tls="none", sender="shop@example.org")
    smtp = SmtpSettings(host="127.0.0.1", port=mail.port, tls="none")
    settings = Settings(_env_file=None, smtp=smtp, email=email, public_url="https://desk.example.org")
    async with open_app(by_mail(proposed.shop.home), settings) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            yield Opened(app, http, dict(proposed.shop.keys))


async def verify(desk: Opened, mail: MailServer, who: str, address: str) -> None:
    await desk.call(who, "PUT", "/v1/me/email", json={"email": address})
    assert (await desk.call(who, "POST", "/v1/me/email/code")).status_code == 202
    (code,) = re.findall(r"read this address: (\S{10})\s", mail.taken[-1].get_content())
    done = await desk.call(who, "POST", "/v1/me/email/verify", json={"code": code})
    assert done.json() == {"email": address, "verified": True, "mail_is_configured": True}


async def test_a_test_reaches_a_verified_user_and_is_marked(
    proposed: Proposed, sink: Sink, mail: MailServer
) -> None:
    async with office(proposed, sink, mail) as desk:
        await verify(desk, mail, "Grace", GRACE)
        done = await desk.call(
            "Ada", "POST", f"/v1/campaigns/{proposed.campaign_id}/test-sends", json={"to": ["Grace"]}
        )
        assert [(each["to"], each["outcome"]) for each in done.json()] == [("Grace", "accepted")] * 2
        assert [to for to, _ in sink.taken] == [GRACE] * 2
        for _, content in sink.taken:
            letter = message_from_bytes(content, policy=policy.default)
            assert letter["Subject"].startswith("[TEST] ") and letter["List-Unsubscribe"] is None
        with desk.app.database.read() as session:
            assert session.exec(select(Send)).all() == []


async def test_nobody_else_gets_one(proposed: Proposed, sink: Sink, mail: MailServer) -> None:
    path = f"/v1/campaigns/{proposed.campaign_id}/test-sends"
    async with office(proposed, sink, mail) as desk:
        await desk.call("Grace", "PUT", "/v1/me/email", json={"email": GRACE})
        refused = await desk.call("Ada", "POST", path, json={"to": ["Grace"]})
        assert (refused.status_code, refused.json()["value"]) == (409, "gate.test_recipient")
        assert (await desk.call("Ada", "POST", path, json={"to": ["Nobody"]})).status_code == 404
        assert (await desk.call("Ada", "POST", path, json={"to": ["Grace"], "arm": "x"})).status_code == 422
        assert (await desk.call(None, "POST", path, json={})).status_code == 401
        wrong = await desk.call("Grace", "POST", "/v1/me/email/verify", json={"code": "0000000000"})
        assert (wrong.status_code, wrong.json()["error"]) == (422, "address_code")
        await verify(desk, mail, "Grace", GRACE)
        await desk.call("Grace", "PUT", "/v1/me/email", json={"email": "other@work.example.org"})
        changed = await desk.call("Grace", "GET", "/v1/me/email")
        assert changed.json()["verified"] is False
    assert sink.taken == []


@pytest.mark.promise
async def test_the_twenty_first_test_is_refused_whole_and_nothing_is_counted(
    proposed: Proposed, sink: Sink, mail: MailServer
) -> None:
    path = f"/v1/campaigns/{proposed.campaign_id}/test-sends"
    async with office(proposed, sink, mail) as desk:
        await verify(desk, mail, "Ada", "ada@work.example.org")

        def profiles() -> list[ServedProfile]:
            with desk.app.database.read() as session:
                return list(session.exec(select(ServedProfile).order_by(ServedProfile.person_id)))

        before = profiles()
        for _ in range(10):
            assert (await desk.call("Ada", "POST", path, json={})).status_code == 200
        refused = await desk.call("Ada", "POST", path, json={})
        assert (refused.status_code, refused.json()["value"]) == (409, "gate.test_limit")
        assert len(sink.taken) == 20
        assert profiles() == before


async def test_a_home_without_a_mail_server_says_what_is_missing(proposed: Proposed) -> None:
    async with open_app(by_mail(proposed.shop.home), Settings(_env_file=None)) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            desk = Opened(app, http, dict(proposed.shop.keys))
            path = f"/v1/campaigns/{proposed.campaign_id}/test-sends"
            refused = await desk.call("Ada", "POST", path, json={})
            assert refused.status_code == 409 and "COUNTERSIGN_EMAIL_HOST" in refused.json()["message"]
