"""Collections learn: once the window after a choice is over, its reward joins the sums that the next choices believe."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from policies.managed import CollectionBody, Learning, read_version
from policies.parts import ManagedKind
from store.clock import Clock
from store.database import Database
from store.repositories.learning import (
    Subject,
    events_of,
    keep_rewards,
    mark_of,
    ripe_choices,
    take_slice,
)
from store.repositories.managed import served_versions
from store.repositories.workspaces import all_workspaces
from tools.decisions.learning import reward_of

EVERY = timedelta(minutes=1)
"""The least time, by the home's clock, that a collection waits before it learns again."""


class LearnsFrom(NamedTuple):
    """A live collection that learns."""

    subject: Subject
    learning: Learning


class Learner:
    """Learns from the choices of all live collections of a home; any number of processes may, each choice counts once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def sweep(self) -> int:
        """Learn all that is due now; return how many choices were."""
        return sum(self._learn(each) for each in self._live())

    def _live(self) -> list[LearnsFrom]:
        found = []
        with self._database.read() as session:
            for workspace in all_workspaces(session):
                for row, proposal, _ in served_versions(
                    session, workspace.workspace_id, kind=ManagedKind.COLLECTION
                ):
                    learning = _learning(proposal.canonical_json)
                    if learning is not None:
                        subject = Subject(workspace.workspace_id, row.object_id, learning.definition)
                        found.append(LearnsFrom(subject, learning))
        return found

    def _learn(self, collection: LearnsFrom) -> int:
        learnt = 0
        window = timedelta(hours=collection.learning.window_hours)
        while True:
            now = self._clock.now()
            with self._database.read() as session:
                since = mark_of(session, collection.subject)
            if since is None or now - window - since < EVERY:
                return learnt
            with self._database.write() as session:
                to = take_slice(session, collection.subject, since, now - window)
                if to is None:
                    return learnt
                ripe = ripe_choices(session, collection.subject, since, to)
                events = events_of(session, [each.choice_id for each in ripe])
                rewarded = [
                    (each, reward)
                    for each in ripe
                    if (
                        reward := reward_of(
                            collection.learning, each.chosen_at, events.get(each.choice_id, ())
                        )
                    )
                    is not None
                ]
                if rewarded:
                    keep_rewards(session, collection.subject, rewarded, now)
            learnt += len(rewarded)


@lru_cache(maxsize=256)
def _learning(canonical_json: str) -> Learning | None:
    body = read_version(canonical_json).body
    return body.learning if isinstance(body, CollectionBody) else None
