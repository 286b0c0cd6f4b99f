"""The decision explorer: why one person got what they got, and the draw made again."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from api.records.choices import choices_of_person
from api.views.choice import replayed
from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf


async def test_every_kind_of_choice_is_counted_and_replays_bit_for_bit(
    ran: Proposed, open_shop: Open
) -> None:
    at = f"/v1/campaigns/{ran.campaign_id}"
    async with open_shop(ran.shop) as opened:
        kinds = (await opened.call("Ada", "GET", f"{at}/choices")).json()
        people = (await opened.call("Ada", "GET", at)).json()["launch"]["people"]
        assert sum(kind["people"] for kind in kinds) == people["net"]
        held_out = [kind for kind in kinds if kind["group"] == "holdout"]
        assert sum(kind["people"] for kind in held_out) == people["held_out"]
        for kind in kinds:
            choice = (await opened.call("Ada", "GET", f"{at}/choices/{kind['person_id']}")).json()
            assert choice["replay"]["matches"] and choice["replay"]["file_is_whole"]
            assert (choice["group"], choice["arm"]) == (kind["group"], kind["arm"])
            assert sum(arm["probability"] for arm in choice["arms"]) == pytest.approx(1)
            assert len(choice["features"]) > 1 and not any(name.isdigit() for name in choice["features"])
            assert choice["versions"]["proposal"] == ran.digest
            if kind["layer"]:
                shut = [arm["excluded"] for arm in choice["arms"] if arm["arm"] != "none"]
                assert {each["layer"] for each in shut} == {kind["layer"]} and all(e["words"] for e in shut)


async def test_a_choice_that_was_changed_does_not_replay(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        kinds = (await opened.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/choices")).json()
        (row,) = choices_of_person(opened.app.warehouse, ran.shop.workspace_id, kinds[0]["person_id"])
    assert replayed(row, ("a" * 64, True)).matches
    assert not replayed(row, ("a" * 64, False)).matches
    assert not replayed(row | {"u": row["u"] / 2}, ("a" * 64, True)).matches
    assert not replayed(row | {"seed": row["seed"] + 1}, ("a" * 64, True)).matches
    turned = row | {"p": row["p"][1:] + row["p"][:1]}
    assert replayed(turned, ("a" * 64, True)).again_arm != row["arm"]


async def test_a_file_of_choices_that_was_touched_is_seen(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        at = f"/v1/campaigns/{ran.campaign_id}/choices"
        kinds = (await opened.call("Ada", "GET", at)).json()
        for part in opened.app.warehouse.parts(ran.shop.workspace_id, "choices"):
            pq.write_table(pq.read_table(part), part, compression="none")
        again = (await opened.call("Ada", "GET", f"{at}/{kinds[0]['person_id']}")).json()["replay"]
    assert not again["file_is_whole"] and not again["matches"]


async def test_a_person_is_found_by_either_id_and_the_external_one_is_in_no_address(
    ran: Proposed, pages_of: PagesOf
) -> None:
    at = f"/campaigns/{ran.campaign_id}/people"
    async with pages_of(ran, "Ada") as pages:
        kinds = (await pages.shop.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/choices")).json()
        person = kinds[0]["person_id"]
        with pages.shop.app.database.identity_read() as identity:
            from store.importing.identities import person_ids_by_external_id

            known = person_ids_by_external_id(identity, ran.shop.workspace_id)
        external = next(key for key, value in known.items() if value == person)
        page = await pages.get(at)
        assert f"{at}/{person}" in page and "Who got what" in page
        for asked in (person, external, f" {external} "):
            done = await pages.post(f"{at}/find", person=asked)
            assert done.status_code == 303 and done.headers["location"] == f"{at}/{person}"
        shown = await pages.get(f"{at}/{person}")
        assert "It matches bit for bit" in shown and "As a table" in shown and ran.digest[:24] in shown
        assert external not in shown.split("<main")[1].split("Why this")[0] or len(external) < 4


@pytest.mark.parametrize(
    ("asked", "code"), [("", 422), ("x" * 201, 422), ("nobody-has-this", 404), ("<script>", 404)]
)
async def test_somebody_who_is_not_here_is_said_on_the_page(
    ran: Proposed, pages_of: PagesOf, asked: str, code: int
) -> None:
    async with pages_of(ran, "Ada") as pages:
        done = await pages.post(f"/campaigns/{ran.campaign_id}/people/find", person=asked)
        assert done.status_code == code and 'role="alert"' in done.text
        assert "<script>" not in done.text.replace('<script src="/static', "")


async def test_a_campaign_that_chose_nothing_says_what_comes(proposed: Proposed, pages_of: PagesOf) -> None:
    async with pages_of(proposed, "Ada") as pages:
        page = await pages.get(f"/campaigns/{proposed.campaign_id}/people")
        assert "Nothing chosen yet" in page
        missing = await pages.shop.call(
            "Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}/choices/01M7XTEST0000000000000000A"
        )
        assert missing.status_code == 404
