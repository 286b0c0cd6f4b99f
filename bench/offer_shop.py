"""A home with customers and ten approved offers, for the bench of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from delivery.decisions.service import Json
from delivery.policy_changes import APPLIED
from delivery.terms import SYSTEM
from policies.authority import Person, Role
from policies.managed import Body, Cap, CollectionBody, OfferBody, PlacementBody, RuleBody, read_version
from store.audit import AuditLog
from store.bulk import insert_rows
from store.clock import WallClock
from store.database import Database, migrate
from store.home import Home, HomeSettings, create_home
from store.ids import RandomIds
from store.repositories.approvals import resolve
from store.repositories.campaigns import move_proposal
from store.repositories.managed import go_live, propose_version
from store.repositories.resolutions import Resolution
from store.repositories.workspaces import add_user, create_workspace, grant_role, issue_key
from store.tables import Person as PersonRow
from store.tables import ServedProfile
from store.tables.identity import Identity

PEOPLE, OFFERS = 1_000, 10


@dataclass(frozen=True)
class OfferShop:
    """A prepared home, a key that may decide, and one request a customer."""

    home: Home
    key: str
    bodies: list[Json]


def make_offer_shop(
    path: Path, address: str | None = None, bodies: Mapping[str, Body] | None = None
) -> OfferShop:
    """Make the home with live versions, ten offers unless others are given.

    `address` names an empty PostgreSQL database, without one it is SQLite.
    """
    clock = WallClock()
    at = clock.now()
    settings = HomeSettings(
        home_id="bench",
        seed=7,
        created_at=at,
        currency="USD",
        timezone="America/New_York",
        operational_url=address,
    )
    home = create_home(path, settings)
    database = home.database()
    migrate(database)
    key = _fill(database, AuditLog(home.keys_dir), RandomIds(clock), bodies or _bodies())
    database.close()
    wanted = [{"decision": "winter", "placement": "home"}]
    asks: list[Json] = [
        {"identity_map": {"external_id": str(number)}, "requests": wanted} for number in range(PEOPLE)
    ]
    return OfferShop(home, key, asks)


def _bodies() -> dict[str, Body]:
    offers = {
        f"offer{k}": OfferBody(
            name=f"Offer {k}",
            rules=("spenders",),
            caps=(Cap(cap_id="mine", scope="person", limit=1_000_000),) if k % 2 else (),
            content={"home": {"title": f"Offer {k}"}},
        )
        for k in range(OFFERS)
    }
    rule = RuleBody(
        definition="past_year_spend >= 10", fields={"past_year_spend": "number"}, words="spenders"
    )
    collection = CollectionBody(name="Winter", offers=tuple(offers), placements=("home",))
    return {
        "spenders": rule,
        "home": PlacementBody(name="Home", channel="email"),
        **offers,
        "winter": collection,
    }


def _fill(database: Database, audit: AuditLog, ids: RandomIds, bodies: Mapping[str, Body]) -> str:
    at = WallClock().now()
    with database.write(durable=True) as session:
        workspace = create_workspace(
            session, ids=ids, at=at, name="bench", currency="USD", timezone="America/New_York"
        ).workspace_id
        users = {}
        for name, role in (("Ada", Role.MARKETER), ("Grace", Role.CAMPAIGN_MANAGER)):
            user = add_user(session, ids=ids, at=at, workspace_id=workspace, name=name)
            grant_role(
                session,
                ids=ids,
                at=at,
                workspace_id=workspace,
                user_id=user.user_id,
                role=role,
                granted_by=None,
            )
            users[name] = Person(user.user_id, frozenset({role}), workspace)
        ada = users["Ada"].user_id
        key = issue_key(session, ids=ids, at=at, workspace_id=workspace, user_id=ada, label="k").plain
        people = [ids.new(at) for _ in range(PEOPLE)]
        insert_rows(
            session,
            PersonRow,
            [
                {
                    "person_id": p,
                    "workspace_id": workspace,
                    "import_id": None,
                    "created_at": at,
                    "forgotten_at": None,
                }
                for p in people
            ],
        )
        insert_rows(session, ServedProfile, [_profile(workspace, person) for person in people])
    for object_id, body in bodies.items():
        _live(database, audit, ids, users, object_id, body)
    with database.identity_write() as identity:
        known = [
            {
                "workspace_id": workspace,
                "kind": "external_id",
                "value": str(n),
                "person_id": p,
                "created_at": at,
            }
            for n, p in enumerate(people)
        ]
        insert_rows(identity, Identity, known)
    return key


def _profile(workspace_id: str, person_id: str) -> Json:
    return {
        "person_id": person_id,
        "workspace_id": workspace_id,
        "consent_bits": 1,
        "suppression_bits": 0,
        "profile_version": 1,
        "timezone": "America/New_York",
        "locale": "en-US",
        "features": {"attributes": {"past_year_spend": 50.0}},
        "features_definition": "attributes/1",
        "expires_at": None,
    }


def _live(
    database: Database, audit: AuditLog, ids: RandomIds, users: dict[str, Person], object_id: str, body: Body
) -> None:
    """Propose, sign and let a version go live, as the application does in its own steps."""
    at = WallClock().now()
    with database.write(durable=True) as session:
        made = propose_version(
            session, audit, ids=ids, person=users["Ada"], object_id=object_id, body=body, reason="", at=at
        )
    at = WallClock().now()
    with database.write(durable=True) as session:
        resolve(
            session,
            audit,
            approval_id=made.approval.approval_id,
            signature_id=ids.new(),
            person=users["Grace"],
            resolution=Resolution(answer="approve", digest=made.proposal.digest, comment="", limits=None),
            at=at,
        )
        go_live(session, made.proposal, read_version(made.proposal.canonical_json), at)
        move_proposal(session, made.proposal.proposal_id, expected="approved", to="launched")
        audit.append(
            session,
            workspace_id=made.proposal.workspace_id,
            at=at,
            actor=SYSTEM,
            action=APPLIED,
            subject=made.proposal.proposal_id,
            detail={"approval": made.approval.approval_id, "digest": made.proposal.digest},
            rows=(made.proposal,),
        )
