"""What providers and mail systems report: believed when signed, once, and followed by suppression."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from standardwebhooks import Webhook

from policies.consent import Channel, suppressed_on
from store.tables import Send
from tests.api.conftest import Opened
from tests.api.inbound.conftest import SECRET, Letter, Mailed, OpenOffice, events, profile_of


def suppressed(desk: Opened, letter: Letter) -> bool:
    bits = np.array([profile_of(desk, letter).suppression_bits])
    return bool(suppressed_on(bits, Channel.EMAIL)[0])


async def post(
    desk: Opened,
    kind: str,
    letter: Letter,
    number: int = 1,
    *,
    secret: str = SECRET,
    at: datetime | None = None,
    **data: Any,
) -> Any:
    when = at or datetime.now(UTC)
    told = {
        "type": f"message.{kind}",
        "timestamp": "2026-12-01T16:00:00Z",
        "data": {"message_id": letter.mail["Message-ID"], **data},
    }
    body = json.dumps(told)
    headers = {
        "webhook-id": f"{kind}-{number}",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"{kind}-{number}", when, body),
        "content-type": "application/json",
    }
    return await desk.http.post("/v1/inbound/events", content=body, headers=headers)


async def test_a_complaint_and_a_hard_bounce_stop_the_channel_at_once(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    first, second, third = mailed.letters[:3]
    async with open_office(mailed.shop) as desk:
        assert (await post(desk, "complained", first)).json() == {"known": True}
        assert (await post(desk, "bounced", second, bounce="hard")).json() == {"known": True}
        await post(desk, "delivered", third)
        await post(desk, "opened", third)
        assert [suppressed(desk, letter) for letter in (first, second, third)] == [True, True, False]


async def test_soft_bounces_stop_it_after_several_messages_in_a_row(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    letter = mailed.letters[0]
    async with open_office(mailed.shop) as desk:
        await post(desk, "bounced", letter, 1, bounce="soft")
        await post(desk, "bounced", letter, 2, bounce="soft")
        assert not suppressed(desk, letter)  # twice the same message
        with desk.app.database.write() as session:
            send = session.get(Send, letter.send_key)
            assert send is not None
            other = Send.model_validate(
                send.model_dump() | {"send_key": "b" * 64, "step": "another", "batch_id": None}
            )
            session.add(other)
        another = Letter(letter.to, "b" * 64, letter.mail)
        del another.mail["Message-ID"]
        another.mail["Message-ID"] = f"<{'b' * 64}@example.org>"
        await post(desk, "bounced", another, 3, bounce="soft")
        assert suppressed(desk, letter)


async def test_what_is_not_signed_changes_nothing(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[3]
    other = "whsec_" + "YW5vdGhlciBzZWNyZXQgdGhhdCBpcyBsb25nIGVub3VnaA=="
    async with open_office(mailed.shop) as desk:
        assert (await post(desk, "complained", letter, secret=other)).status_code == 401
        old = await post(desk, "complained", letter, at=datetime.now(UTC) - timedelta(hours=1))
        assert old.status_code == 401
        assert (await desk.http.post("/v1/inbound/events", content=b"{}")).status_code == 401
        assert (await post(desk, "exploded", letter)).status_code == 422
        assert not suppressed(desk, letter) and events(desk, letter) == []


async def test_a_repeated_webhook_is_one_event(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[4]
    async with open_office(mailed.shop) as desk:
        for _ in range(3):
            await post(desk, "delivered", letter)
        assert events(desk, letter) == [("delivered", None, None)]


async def test_a_message_of_nobody_is_let_go(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[5]
    stranger = Letter(letter.to, "c" * 64, letter.mail)
    async with open_office(mailed.shop) as desk:
        del stranger.mail["Message-ID"]
        stranger.mail["Message-ID"] = f"<{'c' * 64}@example.org>"
        assert (await post(desk, "complained", stranger)).json() == {"known": False}


async def test_delivery_settles_what_was_unknown(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[6]
    async with open_office(mailed.shop) as desk:
        with desk.app.database.write() as session:
            send = session.get(Send, letter.send_key)
            assert send is not None
            send.status = "unknown"
            session.add(send)
        await post(desk, "delivered", letter)
        with desk.app.database.read() as session:
            found = session.get(Send, letter.send_key)
            assert found is not None and found.status == "sent"


DSN = """\
From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

This is the mail system. I could not deliver your message.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; somebody@example.invalid
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B
Content-Type: text/rfc822-headers

From: shop@example.org
Message-ID: <{key}@example.org>
Subject: Hello

--B--
"""
COMPLAINT = """\
From: fbl@example.net
To: abuse@example.org
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an e-mail abuse report.
--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Example/1
Version: 1

--B
Content-Type: message/rfc822

From: shop@example.org
Message-ID: <{key}@example.org>
Subject: Hello

Words.
--B--
"""


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", "bounced_hard"),
        ("failed", "5.2.1", "bounced_hard"),
        ("failed", "5.2.2", "bounced_soft"),
        ("failed", "5.7.1", "bounced_soft"),
        ("failed", "4.4.7", "bounced_soft"),
        ("delivered", "2.0.0", "delivered"),
        ("delayed", "4.4.1", None),
        ("failed", "strange", None),
    ],
)
async def test_a_returned_message_is_read(
    mailed: Mailed, open_office: OpenOffice, action: str, status: str, kind: str | None
) -> None:
    letter = mailed.letters[7]
    content = DSN.format(action=action, status=status, key=letter.send_key)
    async with open_office(mailed.shop) as desk:
        for _ in range(2):
            done = await desk.call(
                "Root",
                "POST",
                "/v1/inbound/reports",
                content=content,
                headers={"content-type": "message/rfc822"},
            )
            assert done.status_code == 200, done.text
        assert [each[0] for each in events(desk, letter)] == ([kind] if kind else [])
        assert suppressed(desk, letter) == (kind == "bounced_hard")


async def test_a_complaint_by_mail_stops_the_channel(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[8]
    async with open_office(mailed.shop) as desk:
        headers = {"content-type": "message/rfc822"}
        content = COMPLAINT.format(key=letter.send_key)
        done = await desk.call("Root", "POST", "/v1/inbound/reports", content=content, headers=headers)
        assert done.json() == {"known": True} and suppressed(desk, letter)


@pytest.mark.parametrize(
    "content", ["", "Subject: hi\n\nhello", DSN.replace("{key}", "abc"), COMPLAINT[:300]]
)
async def test_what_is_no_report_is_refused(mailed: Mailed, open_office: OpenOffice, content: str) -> None:
    async with open_office(mailed.shop) as desk:
        headers = {"content-type": "message/rfc822"}
        done = await desk.call(
            "Root", "POST", "/v1/inbound/reports", content=content or b"x", headers=headers
        )
        assert (done.status_code, done.json()["error"]) == (422, "report")
        nobody = await desk.call(
            None, "POST", "/v1/inbound/reports", content=content or b"x", headers=headers
        )
        assert nobody.status_code == 401
