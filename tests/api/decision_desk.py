"""A small shop with offers that were approved: what every test of decisions begins with."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Opened, sign

Json = dict[str, Any]
CONTENT = {"home": {"title": "Ten off"}, "cart": {"title": "Ten off now"}}


def offer(name: str, **more: Any) -> Json:
    return {"type": "offer", "name": name, "content": CONTENT, **more}


def placement(name: str, **more: Any) -> Json:
    return {"type": "placement", "name": name, "channel": "email", **more}


def collection(*offers: str, **more: Any) -> Json:
    body = {"type": "collection", "name": "Winter", "offers": offers, "placements": ["home", "cart"]}
    return {**body, "fallback": {"title": "Welcome"}, **more}


async def proposed(opened: Opened, object_id: str, body: Json, who: str = "Ada") -> Json:
    made = await opened.call(who, "POST", "/v1/managed", json={"object_id": object_id, "body": body})
    assert made.status_code == 202, made.text
    found: Json = made.json()
    return found


async def live(opened: Opened, object_id: str, body: Json) -> Json:
    """Have Ada propose a version and Grace sign it."""
    made = await proposed(opened, object_id, body)
    done = await sign(opened, made)
    assert done.status_code == 200, done.text
    return made


async def winter(opened: Opened, *offers: str, **more: Any) -> None:
    """Two placements, three offers without rules or caps (or those named), and the collection `winter` of them."""
    names = offers or ("a", "b", "c")
    bodies = {"home": placement("Home page"), "cart": placement("Cart"), "winter": collection(*names, **more)}
    await live_all(opened, bodies | ({} if offers else {name: offer(name.upper()) for name in names}))


async def live_all(opened: Opened, bodies: dict[str, Json]) -> None:
    """Have Ada propose versions and Grace sign them, and let them go live together."""
    for object_id, body in bodies.items():
        made = await proposed(opened, object_id, body)
        answer = {"answer": "approve", "digest": made["digest"]}
        done = await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=answer)
        assert done.status_code == 200, done.text
    await opened.app.engine.settle()


def ask(person: str, *wanted: Json | str, **more: Any) -> Json:
    requests = [
        {"decision": "winter", "placement": each} if isinstance(each, str) else each
        for each in wanted or ("home",)
    ]
    return {"identity_map": {"external_id": person}, "requests": requests, **more}


async def decide(opened: Opened, body: Json, status: int = 200) -> Json:
    answer = await opened.call("Ada", "POST", "/v1/decisions", json=body)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    for result in found.get("results", ()):
        assert ("options" in result) != ("fallback" in result)
        assert result.get("options", [1])
    return found


def reachable(opened: Opened, count: int = 60) -> list[str]:
    """External ids of people who granted marketing by e-mail and are not suppressed."""
    import sqlalchemy as sa

    with opened.app.database.read() as session:
        people = set(
            session.connection().scalars(
                sa.text(
                    "SELECT person_id FROM served_profiles WHERE (consent_bits & 3) = 1 AND suppression_bits = 0"
                )
            )
        )
    with opened.app.database.identity_read() as identity:
        rows = identity.connection().execute(
            sa.text(
                "SELECT value, person_id FROM identities WHERE kind = 'external_id' ORDER BY CAST(value AS INTEGER)"
            )
        )
        return [value for value, person in rows if person in people][:count]
