"""Rows that somebody changed behind the application: each is refused by a clear error, launches nothing, hides nothing else."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.api.conftest import Open, Opened, Proposed

CHANGED: list[tuple[str, str, int, str]] = [
    ("no content", "UPDATE proposals SET canonical_json = '{}'", 409, "content_unreadable"),
    ("no JSON", "UPDATE proposals SET canonical_json = 'gone'", 409, "content_unreadable"),
    ("another kind", "UPDATE proposals SET kind = 'creative'", 200, ""),
    ("another author", "UPDATE proposals SET author_id = (SELECT user_id FROM users WHERE name = 'Root')", 200, ""),
    ("no such role", "UPDATE approvals SET required = '[[\"nobody\"]]'", 409, "approval_unreadable"),
    ("no risk", "UPDATE approvals SET risk = '{}'", 409, "approval_unreadable"),
    ("other words", "UPDATE creatives SET content = json_set(content, '$.subject', 'Free cash')", 409, "creative_changed"),
    ("no words", "DELETE FROM creatives", 404, "not_found"),
]  # fmt: skip


@pytest.mark.promise
@pytest.mark.parametrize(
    ("statement", "status", "code"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED]
)
async def test_a_changed_row_is_named_and_launches_nothing(
    open_shop: Open, proposed: Proposed, statement: str, status: int, code: str
) -> None:
    async with open_shop(proposed.shop) as opened:
        with opened.app.database.write() as session:
            session.connection().execute(sa.text(statement))
        shown = await opened.call("Grace", "GET", f"/v1/approvals/{proposed.approval_id}")
        lists = [
            (await opened.call("Grace", "GET", path)).status_code
            for path in ("/v1/approvals", "/v1/campaigns")
        ]
        found = await opened.call("Grace", "POST", "/threads/search", json={"status": "interrupted"})
        answer = {"answer": "approve", "digest": proposed.digest}
        await opened.call("Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=answer)
        await opened.app.engine.settle()
        assert (shown.status_code, shown.json().get("error", "")) == (status, code)
        assert (lists, found.status_code) == ([200, 200], 200)
        assert launched(opened) == 0


def launched(opened: Opened) -> int:
    with opened.app.database.read() as session:
        return int(session.connection().scalar(sa.text("SELECT count(*) FROM launches")) or 0)
