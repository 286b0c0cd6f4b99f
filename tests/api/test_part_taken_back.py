"""Whoever edited a proposal keeps a part in it, by whatever way its words and numbers come back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.api.conftest import Open, Proposed
from tests.api.test_chat import events
from tests.api.test_conversations import Talk
from tests.api.test_editing import edit, proposal_of, resolve
from tests.small_shop import BRIEF


@pytest.mark.promise
@pytest.mark.parametrize("then", ["undo", "undo and end on 12 December"])
async def test_an_edit_that_an_undo_brings_back_bars_its_editor(
    open_shop: Open, proposed: Proposed, then: str
) -> None:
    async with open_shop(proposed.shop) as opened:
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        old = await proposal_of(opened, proposed.approval_id)
        words = {"mens_merchandise": {"subject": "We kept your place"}}
        events(await edit(opened, "Grace", old, budget_minor=3_000, messages=words))
        anew = {
            "text": BRIEF,
            "conversation_id": campaign["conversation_id"],
            "campaign_id": proposed.campaign_id,
        }
        own = events(await opened.call("Ada", "POST", "/v1/chat", json=anew))[-1][1]
        mine = await proposal_of(opened, own["approval_id"])
        talk = Talk(opened, conversation_id=campaign["conversation_id"])
        name, made = (await talk.say(then))[-1]
        assert name == "proposal", made
        back = await proposal_of(opened, made["approval_id"])
        by_editor = await resolve(opened, "Grace", back, "approve")
        by_another = await resolve(opened, "Linus", back, "approve")
    assert (mine["proposal"]["contributors"], mine["content"]["envelope"]["budget"]["value"]) == (
        ["Ada"],
        4_000,
    )
    assert back["content"]["envelope"]["budget"]["value"] == 3_000
    assert back["proposal"]["contributors"] == ["Ada", "Grace"]
    assert back["messages"][0]["samples"][0]["subject"] == "We kept your place"
    assert (by_editor, by_another) == (403, 200)


@pytest.mark.promise
async def test_an_editor_who_was_struck_out_of_the_table_launches_nothing(
    open_shop: Open, proposed: Proposed
) -> None:
    """The log names everybody with a part as well, so that a removed row lets nobody sign their own."""
    async with open_shop(proposed.shop) as opened:
        old = await proposal_of(opened, proposed.approval_id)
        made = events(await edit(opened, "Grace", old, budget_minor=3_000))[-1][1]
        new = await proposal_of(opened, made["approval_id"])
        with opened.app.database.write() as session:
            run = session.connection().execute
            run(sa.text("DROP TRIGGER proposal_authors_refuse_delete"))
            run(sa.text("DELETE FROM proposal_authors WHERE part = 'edit'"))
        assert await resolve(opened, "Grace", new, "approve") == 200
        await opened.app.engine.settle()
        after = await proposal_of(opened, made["approval_id"])
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        log = (await opened.call("Root", "GET", "/v1/audit?limit=200")).text
    assert (after["status"], campaign["launch"]) == ("revoked", None)
    assert "somebody who had a part in the proposal signed it" in log
