"""Why a person saw an item, by a signed token, and opting out of more like it."""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel import Session, select

from delivery.decisions.catalogue import channel_of
from policies.consent import ConsentStatus
from policies.managed import OfferBody, PlacementBody, RuleBody, read_version
from policies.parts import ManagedKind
from policies.proposal import digest_of
from store.clock import Clock
from store.database import Database
from store.keys import DecisionKeys
from store.repositories.deciding import Chosen, UnknownTokenError, chosen_anywhere
from store.repositories.profiles import state_consent
from store.tables import ManagedObject, Proposal

WHY_USE, SOURCE = "why", "page: why did I see this"


class Why(NamedTuple):
    """What a person is told: the item and the place by name, how it was chosen, the rules it is for in words."""

    item: str
    placement: str
    channel: str
    purpose: str
    open_items: int
    percent: str
    at_random: bool
    rules: tuple[str, ...]


class WhyPages:
    """Reads why an item was chosen, and takes the opt-out of the person who saw it."""

    def __init__(self, database: Database, clock: Clock, keys: DecisionKeys) -> None:
        self._database, self._clock, self._keys = database, clock, keys

    def read(self, token: str) -> Why:
        """Return why the item of a token was chosen; nothing changes. UnknownTokenError for a token that is none."""
        with self._database.read() as session:
            choice = self._chosen(session, token)
            record = choice.record
            offer = _body(session, choice, ManagedKind.OFFER, record["item"], record["item_version"])
            placement = _placement(session, choice)
            rules = []
            for name in offer.rules if isinstance(offer, OfferBody) else ():
                rule = _body(session, choice, ManagedKind.RULE, name, None)
                rules += [rule.words] if isinstance(rule, RuleBody) else []
        return Why(
            item=offer.name if isinstance(offer, OfferBody) else record["item"],
            placement=placement.name,
            channel=placement.channel,
            purpose=placement.purpose,
            open_items=len(record["open"]),
            percent=f"{100 * record['p'][record['arm']]:.0f}",
            at_random=record["group"] == "random_control",
            rules=tuple(rules),
        )

    def opt_out(self, token: str) -> None:
        """Withdraw the consent that let the item be shown, from now on; doing it again changes nothing."""
        now = self._clock.now()
        with self._database.write(durable=True) as session:
            choice = self._chosen(session, token)
            channel, purpose = channel_of(_placement(session, choice))
            state_consent(
                session,
                choice.workspace_id,
                choice.person_id,
                channel,
                purpose,
                ConsentStatus.WITHDRAWN,
                source=SOURCE,
                stated_at=now,
            )

    def _chosen(self, session: Session, token: str) -> Chosen:
        choice_id = self._keys.item_of(WHY_USE, token)
        if choice_id is None:
            raise UnknownTokenError("this link is not whole; open it as it was given", value="link")
        return chosen_anywhere(session, choice_id)


def _placement(session: Session, choice: Chosen) -> PlacementBody:
    record = choice.record
    body = _body(session, choice, ManagedKind.PLACEMENT, record["placement"], record["placement_version"])
    if not isinstance(body, PlacementBody):
        raise UnknownTokenError("what this link is about can no longer be read", value="link")
    return body


def _body(session: Session, choice: Chosen, kind: ManagedKind, name: str, version: int | None) -> object:
    """The body of a version as it was signed: of that number, or the newest that was ever live."""
    query = (
        select(Proposal)
        .join(ManagedObject, ManagedObject.proposal_id == Proposal.proposal_id)  # type: ignore[arg-type]
        .where(
            ManagedObject.workspace_id == choice.workspace_id,
            ManagedObject.kind == kind.value,
            ManagedObject.object_id == name,
            ManagedObject.status != "proposed",
        )
        .order_by(ManagedObject.version.desc())  # type: ignore[attr-defined]
    )
    if version is not None:
        query = query.where(ManagedObject.version == version)
    found = session.exec(query).first()
    if found is None or digest_of(found.canonical_json) != found.digest:
        return None
    return read_version(found.canonical_json).body
