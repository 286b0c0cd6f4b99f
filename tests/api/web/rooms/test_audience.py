"""The audience room: everybody by consent, the audiences of campaigns, a filter counted, and one person's timeline."""

from __future__ import annotations

import pytest
from sqlmodel import select

from store.tables.identity import Identity, PersonName
from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf
from tests.small_shop import PEOPLE


async def test_the_parts_of_everybody_add_up(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        view = (await opened.call("Ada", "GET", "/v1/audiences")).json()
    assert view["people"] == PEOPLE
    for one in view["consents"]:
        assert (
            one["granted"] + one["withdrawn"] + one["unknown"] + one["suppressed"] == one["people"] == PEOPLE
        )
    (audience,) = view["audiences"]
    assert audience["readable"] and audience["campaign_id"] == ran.campaign_id
    assert view["shared"] == []


async def test_two_audiences_of_the_same_people_share_all_of_them(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        from tests.api.test_chat import events
        from tests.small_shop import BRIEF

        again = events(await opened.call("Ada", "POST", "/v1/chat", json={"text": BRIEF}))
        assert again[-1][0] == "proposal", again[-1]
        view = (await opened.call("Ada", "GET", "/v1/audiences")).json()
    (pair,) = view["shared"]
    assert {pair["one"], pair["other"]} == {one["campaign_id"] for one in view["audiences"]}
    assert pair["people"] == min(one["audience"]["net"]["value"] for one in view["audiences"])


async def test_a_timeline_holds_everything_and_names_nobody(ran: Proposed, pages_of: PagesOf) -> None:
    async with pages_of(ran, "Ada") as pages:
        kinds = (await pages.shop.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/choices")).json()
        sent = next(kind for kind in kinds if kind["arm"] != "none")["person_id"]
        person = (await pages.shop.call("Ada", "GET", f"/v1/people/{sent}")).json()
        page = await pages.get(f"/audience/{sent}")
        with pages.shop.app.database.identity_read() as identity:
            rows = identity.exec(select(Identity).where(Identity.person_id == sent)).all()
            names = identity.exec(select(PersonName).where(PersonName.person_id == sent)).all()
    happened = [moment["kind"] for moment in person["moments"]]
    assert {"import", "consent", "choice", "send"} <= set(happened)
    at = [moment["at"] for moment in person["moments"]]
    assert at == sorted(at, reverse=True)
    personal = [row.value for row in rows if row.kind != "external_id"] + [n.first_name for n in names]
    assert personal and not any(value and value in page + str(person) for value in personal)
    assert f"/campaigns/{ran.campaign_id}/people/{sent}" in page


async def test_a_filter_is_counted_and_a_bad_one_is_explained(ran: Proposed, pages_of: PagesOf) -> None:
    async with pages_of(ran, "Ada") as pages:
        page = await pages.get("/audience?filter=days_since_purchase+%3E%3D+180")
        assert "match the definition" in page and "may be reached" in page
        refused = await pages.shop.http.get("/audience?filter=shoe_size+%3E+3")
        assert refused.status_code == 422 and 'role="alert"' in refused.text and "shoe_size" in refused.text
        found = await pages.post("/audience/find", person="nobody")
        assert found.status_code == 404 and 'role="alert"' in found.text
        assert (await pages.shop.call("Ada", "GET", "/v1/people/nobody")).status_code == 404


@pytest.mark.parametrize("path", ["/audience", "/audience/x", "/campaigns/{}/people", "/campaigns/{}/lift"])
async def test_without_a_session_nothing_is_shown(ran: Proposed, open_shop: Open, path: str) -> None:
    async with open_shop(ran.shop) as opened:
        answer = await opened.http.get(path.format(ran.campaign_id))
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
