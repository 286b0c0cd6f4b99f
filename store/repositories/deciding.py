"""What a decision reads of people, and what it writes: prepared statements only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.consent import Channel, ConsentStatus, Purpose, pack
from policies.errors import ConflictError, NotFoundError
from store.bulk import insert_rows, table_of
from store.driver import Prepared
from store.repositories.people import ALL_CHANNELS, UnknownPersonError
from store.tables import Choice, Consent, DrawPositions, ServedProfile, Suppression, Workspace
from store.tables.identity import Identity

BLOCK = 1_024
"""Positions that a server takes at a time."""
_identities, _profiles = table_of(Identity).c, table_of(ServedProfile).c
_positions, _choices = table_of(DrawPositions), table_of(Choice).c
_PERSON = Prepared(
    sa.select(_identities.person_id).where(
        _identities.workspace_id == sa.bindparam("workspace"),
        _identities.kind == sa.bindparam("kind"),
        _identities.value == sa.bindparam("value"),
    )
)
_PROFILE = Prepared(
    sa.select(
        _profiles.consent_bits,
        _profiles.suppression_bits,
        _profiles.profile_version,
        _profiles.timezone,
        _profiles.locale,
        _profiles.features,
        _profiles.features_definition,
        _profiles.expires_at,
    ).where(
        _profiles.person_id == sa.bindparam("person"), _profiles.workspace_id == sa.bindparam("workspace")
    )
)
_STOPPED = Prepared(
    sa.select(table_of(Workspace).c.stopped_at).where(
        table_of(Workspace).c.workspace_id == sa.bindparam("workspace")
    )
)
_at = sa.and_(
    _positions.c.workspace_id == sa.bindparam("of_workspace"),
    _positions.c.collection_id == sa.bindparam("of_collection"),
)
_FOLLOWING = Prepared(sa.select(_positions.c.following).where(_at).with_for_update())
_TAKE = Prepared(
    sa.update(_positions).where(_at).values(following=_positions.c.following + sa.bindparam("block"))
)
_CHOICE = Prepared(
    sa.select(_choices.workspace_id, _choices.decision_id, _choices.person_id, _choices.record).where(
        _choices.choice_id == sa.bindparam("choice")
    )
)


class IdentitiesDifferError(ConflictError):
    """The identities of a request belong to different people."""

    code = "identities_differ"


class UnknownTokenError(NotFoundError):
    """A token names no item that this decision chose."""

    code = "token_unknown"


class Profile(NamedTuple):
    """A served profile; `features` is JSON with the attributes and events of the person."""

    consent_bits: int
    suppression_bits: int
    version: int
    timezone: str
    locale: str
    features: dict[str, Any]
    features_definition: str
    expires_at: datetime | None


class Chosen(NamedTuple):
    """A logged choice: its workspace, decision, person and record."""

    workspace_id: str
    decision_id: str
    person_id: str
    record: dict[str, Any]


def person_of(identity: Session, workspace_id: str, identities: Mapping[str, str]) -> str:
    """Return whose identities these are; UnknownPersonError for one that nobody has, IdentitiesDifferError for two people's.

    The errors name the kind, never the value.
    """
    return the_person(identities, known_people(identity, [(workspace_id, identities)]).get(workspace_id, {}))


def known_people(
    identity: Session, asked: Sequence[tuple[str, Mapping[str, str]]]
) -> dict[str, dict[tuple[str, str], str]]:
    """Return person ids by workspace, kind and value, of all identities that somebody has."""
    wanted = {
        (workspace, kind, value)
        for workspace, identities in asked
        for kind, value in identities.items()
        if kind != "person_id"
    }
    places = sorted(wanted)
    rows = _PERSON.each(
        identity,
        [{"workspace": workspace, "kind": kind, "value": value} for workspace, kind, value in places],
    )
    found: dict[str, dict[tuple[str, str], str]] = {}
    for (workspace, kind, value), row in zip(places, rows, strict=True):
        if row:
            found.setdefault(workspace, {})[kind, value] = str(row[0][0])
    return found


def the_person(identities: Mapping[str, str], known: Mapping[tuple[str, str], str]) -> str:
    """Return the one person of some identities; see `person_of`."""
    found: dict[str, str] = {}
    for kind, value in identities.items():
        person = value if kind == "person_id" else known.get((kind, value))
        if person is None:
            raise UnknownPersonError(f"nobody here has this {kind}; import the customer first", value=kind)
        found[kind] = person
    if len(set(found.values())) > 1:
        raise IdentitiesDifferError(
            f"{' and '.join(found)} belong to different people; give those of one", value=", ".join(found)
        )
    return next(iter(found.values()))


def profiles_of(session: Session, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Profile]:
    """Return the served profiles of people, each by (workspace id, person id); who has none is left out."""
    asked = sorted(set(people))
    rows = _PROFILE.each(session, [{"workspace": workspace, "person": person} for workspace, person in asked])
    return {place: Profile(*row[0]) for place, row in zip(asked, rows, strict=True) if row}


def bits_as_of(session: Session, person_id: str, as_of: datetime) -> int:
    """Return the packed consents and suppressions of a person as they stood at an instant."""
    said = select(Consent).where(Consent.person_id == person_id, Consent.stated_at <= as_of)
    statuses: dict[tuple[Channel, Purpose], ConsentStatus] = {}
    for each in sorted(session.exec(said), key=lambda row: (row.stated_at, row.status)):
        place = Channel[each.channel.upper()], Purpose[each.purpose.upper()]
        statuses[place] = ConsentStatus[each.status.upper()]
    stopped: set[Channel] = set()
    stops = select(Suppression).where(Suppression.person_id == person_id, Suppression.suppressed_at <= as_of)
    for stop in session.exec(stops):
        stopped |= set(Channel) if stop.channel == ALL_CHANNELS else {Channel[stop.channel.upper()]}
    return pack(statuses, stopped)


def is_stopped(session: Session, workspace_id: str) -> bool:
    """Whether the workspace was stopped."""
    row = _STOPPED.one(session, workspace=workspace_id)
    return row is not None and row[0] is not None


def take_positions(session: Session, workspace_id: str, collection_id: str, block: int = BLOCK) -> int:
    """Take the next `block` positions of a collection's draws and return the first."""
    asked = {"of_workspace": workspace_id, "of_collection": collection_id}
    first = {"workspace_id": workspace_id, "collection_id": collection_id, "following": 0}
    row = _FOLLOWING.one(session, **asked)
    if row is None:
        insert_rows(session, DrawPositions, [first], keep=True)
        row = _FOLLOWING.one(session, **asked)
    _TAKE.run(session, block=block, **asked)
    return 0 if row is None else int(row[0])


def chosen(session: Session, workspace_id: str, choice_id: str) -> Chosen:
    """Return a logged choice; UnknownTokenError for none of this workspace."""
    found = chosen_anywhere(session, choice_id)
    if found.workspace_id != workspace_id:
        raise UnknownTokenError("this token names no item that was chosen here", value="token")
    return found


def logged_choices(session: Session, workspace_id: str, decision_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return id and record of every choice of a decision, in the order they were made; none for an unknown one."""
    query = (
        select(Choice)
        .where(Choice.workspace_id == workspace_id, Choice.decision_id == decision_id)
        .order_by(col(Choice.choice_id))
    )
    return [(each.choice_id, each.record) for each in session.exec(query)]


def chosen_anywhere(session: Session, choice_id: str) -> Chosen:
    """Return a logged choice of any workspace, for whoever holds its token; UnknownTokenError for none."""
    row = _CHOICE.one(session, choice=choice_id)
    if row is None:
        raise UnknownTokenError("this token names no item that was chosen here", value="token")
    return Chosen(*row)
