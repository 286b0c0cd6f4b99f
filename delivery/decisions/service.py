"""The decision service of a home: one group of requests at a time, each group one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from delivery.decisions.asked import Ask, ItemEvent
from delivery.decisions.catalogue import Catalogue, UnknownDecisionError, read_catalogue
from delivery.decisions.deciding import Asking, Group, Row
from delivery.decisions.why import WHY_USE
from policies.authority import Action, Person, Resource, require_authority
from policies.errors import ConflictError, CountersignError
from store.audit import AuditLog
from store.bulk import insert_rows
from store.clock import Clock
from store.database import Database
from store.ids import IdSource
from store.keys import DecisionKeys
from store.repositories.caps import settle_event
from store.repositories.deciding import (
    BLOCK,
    Profile,
    UnknownTokenError,
    bits_as_of,
    chosen,
    is_stopped,
    known_people,
    logged_choices,
    profiles_of,
    take_positions,
    the_person,
)
from store.repositories.learning import Subject, mark_of, sums_of
from store.repositories.managed import revision_of
from store.repositories.people import UnknownPersonError
from store.repositories.workspaces import user_by_key
from store.tables import ChoiceEvent
from tools.decisions.learning import MILLION, ArmSums
from tools.decisions.replaying import replay_choice

Json = dict[str, Any]
EVENT_USE = "event"
_DRY_FROM = 2**50
"""Positions that only dry runs draw at."""


class EventDiffersError(ConflictError):
    """An event id was used before for something else."""

    code = "event_differs"


class Call(NamedTuple):
    """One request with the key it was sent with."""

    key: str
    ask: Ask


Answer = Json | CountersignError


class DecisionService:
    """Decides for groups of requests and takes events; called from one thread at a time."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, ids: IdSource, keys: DecisionKeys
    ) -> None:
        self._database, self._audit, self._clock, self._ids, self._keys = database, audit, clock, ids, keys
        self._catalogues: dict[str, tuple[int, Catalogue]] = {}
        self._blocks: dict[tuple[str, str], list[int]] = {}
        self._allowed: set[Person] = set()

    def decide(self, calls: Sequence[Call]) -> list[Answer]:
        """Answer each call in order: what is to be sent back, or the error it came to. Dry runs write nothing."""
        answers: dict[int, Answer] = {}
        now = self._clock.now()
        dry = [n for n, call in enumerate(calls) if call.ask.dry_run]
        real = [n for n, call in enumerate(calls) if not call.ask.dry_run]
        for number in dry:
            with self._database.read() as session:
                answers |= self._group(session, calls, [number], calls[number].ask.as_of or now, write=False)
        if real:
            try:
                with self._database.write() as session:
                    answers |= self._group(session, calls, real, now, write=True)
            except BaseException:
                self._blocks.clear()  # a block that was taken in this transaction is nobody's again
                raise
        return [answers[number] for number in range(len(calls))]

    def take_events(self, key: str, decision_id: str, events: Sequence[ItemEvent]) -> Json:
        """Keep what became of items of one decision, all or none, and move their caps; repeating changes nothing."""
        now = self._clock.now()
        with self._database.write() as session:
            workspace_id = self._person(session, key).workspace_id
            known = moved = 0
            for event in sorted(events, key=lambda each: each.token):
                choice_id = self._chosen_by(session, workspace_id, decision_id, event)
                row = {
                    "workspace_id": workspace_id,
                    "event_id": event.event_id,
                    "choice_id": choice_id,
                    "name": event.type,
                    "occurred_at": event.ts,
                    "received_at": now,
                }
                earlier = session.get(ChoiceEvent, (workspace_id, event.event_id))
                if earlier is not None:
                    if (earlier.choice_id, earlier.name, earlier.occurred_at) != (
                        choice_id,
                        event.type,
                        event.ts,
                    ):
                        raise EventDiffersError(
                            f"event {event.event_id} was sent before with other content; give each its own id",
                            value=event.event_id,
                        )
                    known += 1
                    continue
                insert_rows(session, ChoiceEvent, [row])
                moved += settle_event(session, workspace_id, choice_id, event.type, at=now)
        return {"status": "ok", "added": len(events) - known, "known": known, "caps_moved": moved}

    def replay(self, key: str, decision_id: str) -> Json:
        """Draw the choices of a decision again from the log; UnknownDecisionError for none of this workspace."""
        with self._database.read() as session:
            logged = logged_choices(session, self._person(session, key).workspace_id, decision_id)
        if not logged:
            raise UnknownDecisionError(f"there is no decision {decision_id}", value=decision_id)
        made = [replay_choice(choice_id, record) for choice_id, record in logged]
        return {
            "decision_id": decision_id,
            "replays": all(each.replays for each in made),
            "choices": [each._asdict() for each in made],
        }

    def learnt(self, key: str, collection_id: str) -> Json:
        """Show the belief of a live collection by item; UnknownDecisionError for none."""
        with self._database.read() as session:
            workspace_id = self._person(session, key).workspace_id
            collection = self._catalogue(session, workspace_id, None, hold=False).collection(collection_id)
            learning = collection.served.body.learning
            sums = (
                {} if learning is None else sums_of(session, workspace_id, collection_id, learning.definition)
            )
            subject = Subject(workspace_id, collection_id, "" if learning is None else learning.definition)
            until = None if learning is None else mark_of(session, subject)
        belief = collection.belief
        return {
            "collection": collection_id,
            "version": collection.served.version,
            "learns": learning is not None,
            "until": until,
            "state": belief.state_digest,
            "items": [
                {
                    "item": arm,
                    "choices": sums.get(arm, ArmSums()).rows,
                    "reward": sums.get(arm, ArmSums()).total / MILLION,
                    "value": float(belief.coefficients[k, 0]),
                    "deviation": float(belief.factors[k, 0, 0]),
                }
                for k, arm in enumerate(belief.arms)
            ],
        }

    def _chosen_by(self, session: Session, workspace_id: str, decision_id: str, event: ItemEvent) -> str:
        choice_id = self._keys.item_of(EVENT_USE, event.token)
        if choice_id is None or chosen(session, workspace_id, choice_id).decision_id != decision_id:
            raise UnknownTokenError(
                f"the token of event {event.event_id} names no item of decision {decision_id}",
                value=event.event_id,
            )
        return choice_id

    def _group(
        self, session: Session, calls: Sequence[Call], numbers: Sequence[int], at: datetime, *, write: bool
    ) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        people: dict[str, Person] = {}
        askings: dict[int, Asking] = {}
        catalogues: dict[str, Catalogue] = {}
        positions = self._position(session) if write else _dry_positions()
        group = Group(
            session,
            at=at,
            write=write,
            catalogues=catalogues,
            new_id=lambda: self._ids.new(at),
            position=positions,
        )
        workspaces: dict[int, str] = {}
        for number in numbers:
            key, ask = calls[number]
            try:
                person = people[key] = people.get(key) or self._person(session, key)
                workspaces[number] = person.workspace_id
                if person.workspace_id not in catalogues:
                    catalogues[person.workspace_id] = self._catalogue(
                        session, person.workspace_id, ask.as_of, hold=write
                    )
            except CountersignError as error:
                answers[number] = error
        whom = self._whom(session, [(workspaces[number], calls[number].ask) for number in workspaces])
        stopped = {each: is_stopped(session, each) for each in catalogues}
        for number, workspace_id in workspaces.items():
            ask = calls[number].ask
            try:
                if number in answers:
                    continue
                person_id, profile = whom(workspace_id, ask)
                packed = profile.consent_bits | profile.suppression_bits
                if ask.as_of is not None:
                    packed = bits_as_of(session, person_id, ask.as_of)
                decision_id = self._ids.new(at)
                asking = Asking(
                    ask, workspace_id, person_id, profile, packed, stopped[workspace_id], decision_id
                )
                group.prepare(asking)
            except CountersignError as error:
                answers[number] = error
            else:
                askings[number] = asking
        group.decide(list(askings.values()))
        for number, asking in askings.items():
            answers[number] = self._answer(asking, at)
        return answers

    def _whom(
        self, session: Session, asked: Sequence[tuple[str, Ask]]
    ) -> Callable[[str, Ask], tuple[str, Profile]]:
        """Read whom the requests are about, all at once; asking for one raises what is wrong with it."""
        maps = [(workspace, _plain(ask)) for workspace, ask in asked]
        with self._database.identity_read() as identity:
            known = known_people(identity, maps)
        people: list[tuple[str, str]] = []
        for workspace, identities in maps:
            with suppress(CountersignError):  # raised again by whoever asks for this one
                people.append((workspace, the_person(identities, known.get(workspace, {}))))
        profiles = profiles_of(session, people)

        def whom(workspace_id: str, ask: Ask) -> tuple[str, Profile]:
            person_id = the_person(_plain(ask), known.get(workspace_id, {}))
            profile = profiles.get((workspace_id, person_id))
            if profile is None:
                raise UnknownPersonError(f"this workspace has no person {person_id}", value=person_id)
            return person_id, profile

        return whom

    def _person(self, session: Session, key: str) -> Person:
        """Who asks; NotAuthenticatedError or NotAuthorisedError. What a set of roles may do is asked of the rules once."""
        found = user_by_key(session, key)
        user, roles = found.user, frozenset(held.role for held in found.roles)
        person = Person(user.user_id, roles, user.workspace_id)
        if person not in self._allowed:
            resource = Resource("workspace", None, user.workspace_id, user.workspace_id)
            require_authority(person, Action.IMPORT_DATA, resource)
            self._allowed.add(person)
        return person

    def _catalogue(
        self, session: Session, workspace_id: str, as_of: datetime | None, *, hold: bool
    ) -> Catalogue:
        if as_of is not None:
            return read_catalogue(session, self._audit, workspace_id, as_of)
        revision = revision_of(session, workspace_id, hold=hold)
        kept = self._catalogues.get(workspace_id)
        if kept is None or kept[0] != revision:
            kept = (revision, read_catalogue(session, self._audit, workspace_id))
            self._catalogues[workspace_id] = kept
        return kept[1]

    def _position(self, session: Session) -> Any:  # Callable[[str, str], int]
        def following(workspace_id: str, collection_id: str) -> int:
            block = self._blocks.setdefault((workspace_id, collection_id), [0, 0])
            if block[0] == block[1]:
                first = take_positions(session, workspace_id, collection_id)
                block[:] = [first, first + BLOCK]
            block[0] += 1
            return block[0] - 1

        return following

    def _answer(self, asking: Asking, at: datetime) -> Json:
        ask = asking.ask
        return {
            "request_id": ask.request_id or asking.decision_id,
            "decision_id": None if ask.dry_run else asking.decision_id,
            "at": at,
            "dry_run": ask.dry_run,
            "results": [self._result(row) for row in asking.rows],
        }

    def _result(self, row: Row) -> Json:
        collection = row.collection
        result: Json = {
            "decision": row.wanted.decision,
            "placement": row.wanted.placement,
            "versions": {"decision": collection.served.version, "placement": row.placement.version},
            "excluded": [each._asdict() for each in row.excluded],
        }
        if row.fallback is not None:
            body = collection.served.body
            content = {"content": body.fallback} if row.asking.ask.include.content else {}
            return {**result, "fallback": {"reason": row.fallback, **content}}
        items = [
            (rank, draw, choice_id)
            for rank, (draw, choice_id) in enumerate(zip(row.draws, row.choice_ids, strict=True), start=1)
            if draw.arm_index != collection.nothing
        ]
        return {**result, "options": [self._item(row, *each) for each in items]}

    def _item(self, row: Row, rank: int, draw: Any, choice_id: str) -> Json:
        collection, ask = row.collection, row.asking.ask
        served = collection.offers[draw.arm_index]
        if served is None:
            raise CountersignError(f"{collection.arms[draw.arm_index]} was drawn and is not live")
        versions = {"item": served.version, "approval": served.approval_id, "model": collection.model_digest}
        item: Json = {
            "item": collection.arms[draw.arm_index],
            "rank": rank,
            "token": None if ask.dry_run else self._keys.token(EVENT_USE, choice_id),
            "versions": {**versions, "policy": collection.policy_id},
        }
        if ask.include.propensity:
            item["propensity"] = draw.chosen_probability
        if ask.include.content:
            item["content"] = served.body.content[row.wanted.placement]
        if ask.include.metadata:
            item["metadata"] = served.body.metadata
        if ask.include.score:
            item["score"] = draw.scores[draw.arm_index]
        if ask.include.explanation:
            item["explanation"] = {
                "group": row.group,
                "open_items": int(draw.open_arms.sum()),
                "rules": list(served.body.rules),
                "caps": [cap.cap_id for cap in served.body.caps],
                "why": None if ask.dry_run else f"/why/{self._keys.token(WHY_USE, choice_id)}",
            }
        return item


def _plain(ask: Ask) -> dict[str, str]:
    return {str(kind): value for kind, value in ask.identity_map.items()}


def _dry_positions() -> Any:  # Callable[[str, str], int]
    """Positions of a dry run: the same each time, and none that a choice is ever logged with."""
    used = iter(range(_DRY_FROM, _DRY_FROM + 10**6))
    return lambda _workspace, _collection: next(used)
