"""A shop whose campaign has been sent by e-mail, with the letters as the mail server took them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sqlmodel import select

from api.cli.asgi_stream import StreamingTransport
from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from delivery.email.message import send_key_in
from delivery.email.settings import EmailSettings, InboundSettings
from store.tables import MessageEvent, Send, ServedProfile
from tests.api.conftest import Opened, Proposed, copied
from tests.api.mailing import by_mail
from tests.fakes.smtp_sink import smtp_sink
from tests.small_shop import Shop

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbm9ib2R5IGVsc2U="
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Letter:
    """A letter as its receiver reads it."""

    to: str
    send_key: str
    mail: EmailMessage

    @property
    def leave(self) -> str:
        """The path that the mailbox posts to for one click."""
        return str(self.mail["List-Unsubscribe"]).strip("<>").removeprefix("https://desk.example.org")

    @property
    def clicks(self) -> list[str]:
        """The paths of its links: the one that is seen, and the one that is not."""
        part = self.mail.get_body(("html",))
        assert part is not None
        return re.findall(r'href="https://desk\.example\.org(/c/[^"]+)"', part.get_content())


@dataclass(frozen=True)
class Mailed:
    shop: Shop
    campaign_id: str
    letters: tuple[Letter, ...]


def settings_for(port: int = 1) -> Settings:
    email = EmailSettings(host="127.0.0.1", port=port, tls="none", sender="shop@example.org", soft_bounces=2)
    inbound = InboundSettings.model_validate({"secret": SECRET})
    return Settings(_env_file=None, email=email, inbound=inbound, public_url="https://desk.example.org")


@asynccontextmanager
async def office(shop: Shop, port: int = 1) -> AsyncIterator[Opened]:
    async with open_app(shop.home, settings_for(port)) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            yield Opened(app, http, dict(shop.keys))


async def _send(shop: Shop, proposed: Proposed, port: int) -> None:
    async with office(shop, port) as desk:
        body = {"answer": "approve", "digest": proposed.digest, "comment": "yes"}
        done = await desk.call("Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body)
        assert done.status_code == 200, done.text
        await desk.app.engine.settle()


@pytest.fixture(scope="session")
def mailed_template(proposed_template: Proposed, tmp_path_factory: pytest.TempPathFactory) -> Mailed:
    shop = copied(proposed_template.shop, tmp_path_factory.mktemp("mailed") / "home")
    shop = replace(shop, home=by_mail(shop.home))
    with smtp_sink() as sink:
        asyncio.run(_send(shop, proposed_template, sink.port))
        letters = []
        for to, content in sink.taken:
            mail = cast(EmailMessage, message_from_bytes(content, policy=policy.default))
            letters.append(Letter(to, str(send_key_in(mail["Message-ID"])), mail))
    return Mailed(shop, proposed_template.campaign_id, tuple(letters))


@pytest.fixture
def mailed(mailed_template: Mailed, tmp_path: Path) -> Mailed:
    """A sent campaign of this test's own."""
    return replace(mailed_template, shop=copied(mailed_template.shop, tmp_path / "home"))


OpenOffice = Callable[[Shop], AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_office() -> OpenOffice:
    """Opens a shop that sends e-mail, without its mail server."""
    return office


def profile_of(desk: Opened, letter: Letter) -> ServedProfile:
    with desk.app.database.read() as session:
        send = session.get(Send, letter.send_key)
        assert send is not None
        found = session.get(ServedProfile, send.person_id)
        assert found is not None
        return found


def events(desk: Opened, letter: Letter) -> list[tuple[Any, ...]]:
    with desk.app.database.read() as session:
        query = select(MessageEvent.kind, MessageEvent.link, MessageEvent.machine)
        return [tuple(row) for row in session.exec(query.where(MessageEvent.send_key == letter.send_key))]
