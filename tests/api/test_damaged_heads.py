"""A damaged file of published heads is shown by the check of the log, and keeps nobody from stopping a campaign."""

from __future__ import annotations

from tests.api.conftest import Open, Proposed


async def test_a_damaged_heads_file_is_shown_and_stops_no_stopping(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        opened.app.audit.heads.file.write_text("{")
        before = await opened.call("Ada", "GET", "/v1/audit/verify")
        stopped = await opened.call("Ada", "POST", f"/v1/campaigns/{proposed.campaign_id}/stop")
        after = await opened.call("Ada", "GET", "/v1/audit/verify")
    assert (before.status_code, before.json()["ok"]) == (200, False)
    assert "audit_heads.json is damaged" in str(before.json()["problems"])
    assert (stopped.status_code, stopped.json()["changed"]) == (200, True)
    assert (after.status_code, after.json()["ok"]) == (200, False)
    assert "once broken: audit_heads.json is damaged" in str(after.json()["problems"])
