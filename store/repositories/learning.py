"""What collections have learnt: sums by item, the mark up to where, and the rewards that can be taken out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.bulk import in_chunks, insert_rows, table_of
from store.repositories.managed import advance_revision
from store.tables import ArmStatistic, Choice, ChoiceEvent, LearningMark, LearntReward
from tools.decisions.learning import ArmSums, Seen

_SLICE = timedelta(days=1)
_statistics, _rewards = table_of(ArmStatistic), table_of(LearntReward)


class Subject(NamedTuple):
    """What sums are kept under: a collection and what its rewards are made of."""

    workspace_id: str
    collection_id: str
    definition: str


class Ripe(NamedTuple):
    """A drawn choice whose window is over."""

    choice_id: str
    person_id: str
    chosen_at: datetime
    item: str


def sums_of(session: Session, workspace_id: str, collection_id: str, definition: str) -> dict[str, ArmSums]:
    """Return the sums by item; nothing where nothing was learnt."""
    query = select(ArmStatistic).where(
        ArmStatistic.workspace_id == workspace_id,
        ArmStatistic.collection_id == collection_id,
        ArmStatistic.definition == definition,
    )
    return {
        each.item: ArmSums(each.learnt_rows, each.total_millionths, each.squares_millionths)
        for each in session.exec(query)
    }


def mark_of(session: Session, subject: Subject) -> datetime | None:
    """Return up to when a collection has learnt: its first choice where it has not begun, None without any."""
    mark = session.get(LearningMark, subject)
    if mark is not None:
        return mark.until
    first = sa.select(sa.func.min(col(Choice.chosen_at))).where(*_of(subject))
    found: datetime | None = session.connection().scalar(first)
    return found


def take_slice(session: Session, subject: Subject, since: datetime, until: datetime) -> datetime | None:
    """Move the mark from `since` by a day at most, not beyond `until`; None where another process was first."""
    to = min(since + _SLICE, until)
    row = {**subject._asdict(), "until": since}
    insert_rows(session, LearningMark, [row], keep=True)
    table = table_of(LearningMark)
    moved = session.connection().execute(
        sa.update(table)
        .where(*(table.c[name] == value for name, value in subject._asdict().items()), table.c.until == since)
        .values(until=to)
    )
    return to if moved.rowcount == 1 else None


def ripe_choices(session: Session, subject: Subject, since: datetime, until: datetime) -> list[Ripe]:
    """Return the drawn choices made at or after `since` and before `until`."""
    query = (
        sa.select(
            col(Choice.choice_id),
            col(Choice.person_id),
            col(Choice.chosen_at),
            col(Choice.record)["item"].as_string(),
        )
        .where(*_of(subject), col(Choice.chosen_at) >= since, col(Choice.chosen_at) < until)
        .order_by(col(Choice.choice_id))
    )
    rows = session.connection().execute(query)
    return [Ripe(*row) for row in rows if row[3] is not None]


def events_of(session: Session, choice_ids: Sequence[str]) -> dict[str, list[Seen]]:
    """Return the events of choices, by choice."""
    found: dict[str, list[Seen]] = {}
    for chunk in in_chunks(choice_ids, 500):
        query = sa.select(
            col(ChoiceEvent.choice_id), col(ChoiceEvent.name), col(ChoiceEvent.occurred_at)
        ).where(col(ChoiceEvent.choice_id).in_(chunk))
        for choice_id, name, at in session.connection().execute(query):
            found.setdefault(choice_id, []).append(Seen(name, at))
    return found


def keep_rewards(
    session: Session, subject: Subject, rewarded: Sequence[tuple[Ripe, float]], at: datetime
) -> None:
    """Add rewards to the sums and keep each, so that it can be taken out; servers read the collection anew."""
    sums: dict[str, ArmSums] = {}
    for ripe, reward in rewarded:
        sums[ripe.item] = sums.get(ripe.item, ArmSums()).plus(ArmSums.of(reward))
    same = subject._asdict()
    rows = [
        {
            "choice_id": ripe.choice_id,
            "person_id": ripe.person_id,
            "item": ripe.item,
            "reward_millionths": ArmSums.of(reward).total,
            "squared_millionths": ArmSums.of(reward).squares,
            "learnt_at": at,
            **same,
        }
        for ripe, reward in rewarded
    ]
    insert_rows(session, LearntReward, rows)
    _add(session, subject, sums, 1)
    advance_revision(session, subject.workspace_id)


def forget_rewards(session: Session, workspace_id: str, person_id: str) -> int:
    """Take everything that was learnt from a person out of the sums; return how many choices that was."""
    of_person = (_rewards.c.workspace_id == workspace_id, _rewards.c.person_id == person_id)
    rows = session.connection().execute(
        sa.select(
            _rewards.c.collection_id,
            _rewards.c.definition,
            _rewards.c.item,
            _rewards.c.reward_millionths,
            _rewards.c.squared_millionths,
        ).where(*of_person)
    )
    by: dict[Subject, dict[str, ArmSums]] = {}
    count = 0
    for collection_id, definition, item, total, squares in rows:
        sums = by.setdefault(Subject(workspace_id, collection_id, definition), {})
        sums[item] = sums.get(item, ArmSums()).plus(ArmSums(1, total, squares))
        count += 1
    for subject, sums in by.items():
        _add(session, subject, sums, -1)
    session.connection().execute(sa.delete(_rewards).where(*of_person))
    if count:
        advance_revision(session, workspace_id)
    return count


def _add(session: Session, subject: Subject, sums: Mapping[str, ArmSums], sign: int) -> None:
    empty = {"learnt_rows": 0, "total_millionths": 0, "squares_millionths": 0}
    insert_rows(
        session,
        ArmStatistic,
        [{**subject._asdict(), "item": item, **empty} for item in sorted(sums)],
        keep=True,
    )
    for item in sorted(sums):
        more = sums[item]
        session.connection().execute(
            sa.update(_statistics)
            .where(
                *(_statistics.c[name] == value for name, value in subject._asdict().items()),
                _statistics.c.item == item,
            )
            .values(
                learnt_rows=_statistics.c.learnt_rows + sign * more.rows,
                total_millionths=_statistics.c.total_millionths + sign * more.total,
                squares_millionths=_statistics.c.squares_millionths + sign * more.squares,
            )
        )


def _of(subject: Subject) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return (
        col(Choice.workspace_id) == subject.workspace_id,
        col(Choice.collection_id) == subject.collection_id,
    )
