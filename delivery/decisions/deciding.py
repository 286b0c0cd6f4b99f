"""Decisions for a group of requests in one transaction: read, mask, draw, reserve, log. One request is a group of one.

Rules are evaluated once for all people of a group. Requests are drawn in order, each under the caps that those before it
left, so that the logged mask is exactly what the draw was made under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

import numpy as np
from pydantic_core import to_json
from sqlmodel import Session

from delivery.decisions.asked import Ask, Wanted
from delivery.decisions.catalogue import Catalogue, Collection, Served, channel_of
from delivery.decisions.eligible import CapUse, Cell, Excluded, caps_of
from policies.consent import contactable
from policies.managed import PlacementBody
from store.bulk import JsonText, insert_rows
from store.repositories.caps import move_counters, taken_now
from store.repositories.deciding import Profile
from store.tables import Choice, Reservation
from tools.bandits.chooser import Choice as Draw
from tools.bandits.draw import CHOICE_STREAM
from tools.decisions.draws import HOLDOUT, RANDOM_CONTROL, Shares, draw_different, group_of
from tools.decisions.fields import Known, check_context

Json = dict[str, Any]


@dataclass
class Asking:
    """One request with what was read for it, and what comes of it."""

    ask: Ask
    workspace_id: str
    person_id: str
    profile: Profile
    packed: int
    stopped: bool
    decision_id: str
    rows: list[Row] = field(default_factory=list)


@dataclass
class Row:
    """One wanted decision of one request."""

    asking: Asking
    wanted: Wanted
    collection: Collection
    placement: Served[PlacementBody]
    mask: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None
    excluded: list[Excluded] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    choice_ids: list[str] = field(default_factory=list)
    group: str = ""
    fallback: str | None = None
    known: Known | None = None
    uses: dict[int, list[CapUse]] = field(default_factory=dict)

    def caps(self, k: int, at: datetime) -> list[CapUse]:
        """The caps of an arm for this person, made once."""
        found = self.uses.get(k)
        if found is None:
            found = self.uses[k] = caps_of(self.collection, k, self.asking.person_id, at)
        return found


class Group:
    """What one transaction decides: `counters` are the caps as read, moved as choices are made."""

    def __init__(
        self,
        session: Session,
        *,
        at: datetime,
        write: bool,
        catalogues: Mapping[str, Catalogue],
        new_id: Any,  # Callable[[], str]
        position: Any,  # Callable[[str, str], int]
    ) -> None:
        self._session, self._at, self._write = session, at, write
        self._catalogues, self._new_id, self._position = catalogues, new_id, position
        self._taken: dict[tuple[str, str], int] = {}
        self._moved: dict[tuple[str, str], int] = {}
        self._reservations: list[Json] = []
        self._choices: list[Json] = []

    def prepare(self, asking: Asking) -> None:
        """Find what is asked for, and check the context against it; UnknownDecisionError or ContextError."""
        catalogue = self._catalogues[asking.workspace_id]
        for wanted in asking.ask.requests:
            collection = catalogue.collection(wanted.decision)
            placement = catalogue.placement(collection, wanted.placement)
            if asking.ask.validate_context:
                check_context(asking.ask.context, dict(collection.served.body.context))
            asking.rows.append(Row(asking, wanted, collection, placement))

    def decide(self, askings: Sequence[Asking]) -> None:
        """Draw for every request in order and keep what was drawn; nothing is written for a dry group."""
        rows = [row for asking in askings for row in asking.rows]
        self._mask(rows)
        self._read_caps(rows)
        for asking in askings:
            given: list[tuple[str, str, str]] = []
            for row in asking.rows:
                self._draw(row, given)
        if self._write:
            insert_rows(self._session, Choice, self._choices)
            insert_rows(self._session, Reservation, self._reservations)
            by: dict[str, dict[str, int]] = {}
            for (workspace, subject), count in self._moved.items():
                by.setdefault(workspace, {})[subject] = count
            for workspace, counts in by.items():
                move_counters(self._session, workspace, counts)

    def _mask(self, rows: Sequence[Row]) -> None:
        cells: dict[tuple[str, str, str], list[Row]] = {}
        for row in rows:
            row.known = _known(row, self._at)
            place = (row.asking.workspace_id, row.wanted.decision, row.wanted.placement)
            cells.setdefault(place, []).append(row)
        for (workspace, _, placement), inside in cells.items():
            people = [row.known for row in inside if row.known is not None]
            cell = Cell(self._catalogues[workspace], inside[0].collection, placement, people, self._at)
            for number, row in enumerate(inside):
                row.mask, row.excluded = cell.row(number)
                row.fallback = self._person_rule(row)

    def _person_rule(self, row: Row) -> str | None:
        """What keeps a person from any item: the workspace's stop, then consent and suppression, then the holdout."""
        body = row.collection.served.body
        shares = Shares(body.holdout_share, body.random_control_share)
        row.group = group_of(row.collection.collection_id, body.seed, row.asking.person_id, shares)
        if row.asking.stopped:
            return "workspace.stopped"
        channel, purpose = channel_of(row.placement.body)
        if not contactable(np.array([row.asking.packed], dtype=np.int64), channel, purpose)[0]:
            return f"consent.{channel.name.lower()}.{purpose.name.lower()}"
        return "experiment.holdout" if row.group == HOLDOUT else None

    def _read_caps(self, rows: Sequence[Row]) -> None:
        limits: dict[str, dict[str, int]] = {}
        for row in rows:
            if row.fallback is not None or row.mask is None:
                continue
            for k in np.flatnonzero(row.mask).tolist():
                for use in row.caps(k, self._at):
                    limits.setdefault(row.asking.workspace_id, {})[use.subject] = use.cap.limit
        for workspace, asked in limits.items():
            found = taken_now(self._session, workspace, asked, now=self._at, hold=self._write)
            self._taken |= {(workspace, subject): taken for subject, taken in found.items()}

    def _draw(self, row: Row, given: list[tuple[str, str, str]]) -> None:
        asking, collection, mask = row.asking, row.collection, row.mask
        if mask is None or row.fallback is not None:
            row.excluded = [
                Excluded(arm, row.fallback or "", "it holds for the person")
                for arm in collection.served.body.offers
            ]
            self._log_fallback(row)
            return
        for k in np.flatnonzero(mask).tolist():
            found = self._full(row, k) or _again(row, k, given)
            if found is not None:
                mask[k] = False
                row.excluded.append(found)
        offers = mask.copy()
        if collection.nothing is not None:
            offers[collection.nothing] = False
        if not offers.any():
            row.fallback = "no_eligible_item"
            self._log_fallback(row)
            return
        chooser = collection.control if row.group == RANDOM_CONTROL else collection.chooser
        place = (asking.workspace_id, collection.collection_id)
        row.draws = draw_different(
            chooser,
            mask,
            collection.costs,
            row.wanted.count,
            lambda: self._position(*place),
            collection.nothing,
        )
        if row.draws[0].arm_index == collection.nothing:
            row.fallback = "nothing_was_drawn"
        for rank, draw in enumerate(row.draws, start=1):
            choice_id = self._new_id()
            row.choice_ids.append(choice_id)
            self._choices.append(self._logged(row, choice_id, rank, draw))
            if draw.arm_index != collection.nothing:
                given.append((collection.arms[draw.arm_index], row.wanted.decision, row.wanted.placement))
                self._reserve(row, choice_id, draw.arm_index)

    def _full(self, row: Row, k: int) -> Excluded | None:
        workspace = row.asking.workspace_id
        for use in row.caps(k, self._at):
            if self._taken.get((workspace, use.subject), 0) >= use.cap.limit:
                words = f"{use.cap.limit} by {use.cap.scope} are taken"
                return Excluded(row.collection.arms[k], f"cap.{use.cap.cap_id}", words)
        return None

    def _reserve(self, row: Row, choice_id: str, k: int) -> None:
        asking = row.asking
        if not asking.ask.count_toward_caps:
            return
        minutes = row.collection.served.body.reservation_minutes
        for use in row.caps(k, self._at):
            amount = 0 if use.cap.counts == "dismiss" else 1
            place = (asking.workspace_id, use.subject)
            if amount:
                self._taken[place] = self._taken.get(place, 0) + 1
                self._moved[place] = self._moved.get(place, 0) + 1
            self._reservations.append(
                {
                    "reservation_id": self._new_id(),
                    "workspace_id": asking.workspace_id,
                    "subject": use.subject,
                    "holder": choice_id,
                    "unit": use.cap.counts,
                    "amount": amount,
                    "confirmed": 0,
                    "status": "reserved",
                    "expires_at": self._at + timedelta(minutes=minutes),
                    "changed_at": self._at,
                }
            )

    def _log_fallback(self, row: Row) -> None:
        self._choices.append(self._logged(row, self._new_id(), 0, None))

    def _logged(self, row: Row, choice_id: str, rank: int, draw: Draw | None) -> Json:
        collection, asking = row.collection, row.asking
        body = collection.served.body
        record: Json = {
            "placement": row.wanted.placement,
            "placement_version": row.placement.version,
            "collection_version": collection.served.version,
            "rank": rank,
            "group": row.group,
            "context": asking.ask.context,
            "profile_version": asking.profile.version,
            "counts": asking.ask.count_toward_caps,
            "fallback": row.fallback,
        }
        if draw is not None:
            control = row.group == RANDOM_CONTROL
            served = collection.offers[draw.arm_index] if draw.arm_index < len(collection.offers) else None
            record |= {
                "policy": "uniform/1" if control else collection.policy_id,
                "parameters": {} if control else collection.policy.parameters(),
                "bounds": [0.0, 0.0] if control else [body.exploration_share, body.minimum_arm_probability],
                "model": collection.model_digest,
                "state": collection.model_digest,
                "arms": collection.arms,
                "open": np.flatnonzero(draw.open_arms).tolist(),
                "scores": draw.scores,
                "costs": collection.costs.tolist(),
                "price": 0.0,
                "observations": collection.belief.observations,
                "noise": sqrt(collection.belief.noise_variance),
                "p": draw.probabilities,
                "u": draw.u,
                "seed": body.seed,
                "position": draw.position,
                "stream": CHOICE_STREAM,
                "arm": draw.arm_index,
                "item": collection.arms[draw.arm_index],
                "item_version": None if served is None else served.version,
            }
            if collection.policy.needs_deviations and not control:
                record["deviations"] = collection.belief.factors[:, 0, 0].tolist()
        return {
            "choice_id": choice_id,
            "workspace_id": asking.workspace_id,
            "person_id": asking.person_id,
            "decision_id": asking.decision_id,
            "collection_id": collection.collection_id,
            "approval_id": collection.served.approval_id,
            "chosen_at": self._at,
            "record": JsonText(to_json(record).decode()),
        }


def _known(row: Row, at: datetime) -> Known:
    """What rules may read of a person; features whose time has run out are not known."""
    profile, body = row.asking.profile, row.collection.served.body
    features = {} if profile.expires_at is not None and profile.expires_at <= at else profile.features
    context = {name: value for name, value in row.asking.ask.context.items() if name in body.context}
    return Known(features, profile.timezone, profile.locale, context)


def _again(row: Row, k: int, given: Sequence[tuple[str, str, str]]) -> Excluded | None:
    allowed = row.asking.ask.allow_duplicates
    for item, decision, placement in given:
        if item != row.collection.arms[k]:
            continue
        if not allowed.across_decisions and decision != row.wanted.decision:
            return Excluded(item, "duplicates.across_decisions", f"{decision} has it already")
        if not allowed.across_placements and placement != row.wanted.placement:
            return Excluded(item, "duplicates.across_placements", f"{placement} has it already")
    return None
