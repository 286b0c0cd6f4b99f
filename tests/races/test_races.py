"""Two processes, one home: of those who resolve, resume or answer at once one is first, and the other changes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from agents.propose.facts import ANSWER
from agents.thread_beginning import begin
from api.settings import Settings
from api.wiring import open_app
from store.repositories.leases import free_leases
from store.tables import Approval, AuditEntry, Draft, Launch, Signature
from tests.agents.propose.shop_people import approve, propose
from tests.postgres_databases import PostgresDatabases
from tests.races.racing import Racer, race
from tests.shop_copies import BACKENDS, copy_shop
from tests.small_shop import BRIEF, VAGUE, Shop, make_shop

APPROVE = {"answer": "approve"}
LOWER = {"answer": "approve_limited", "limits": {"maximum_people": 20}}
SOAK = [pytest.param(number, marks=pytest.mark.soak) for number in range(10)]
ROUNDS = [0, *SOAK[1:]]


class Shops:
    """One shop on one kind of database, at some places of its way, each made once and copied for every race."""

    def __init__(self, fresh: Shop, folder: Path, databases: PostgresDatabases | None) -> None:
        self._made = {"fresh": fresh}
        self._folder = folder
        self._databases = databases
        self._copies = 0

    def at(self, place: str) -> Shop:
        """Return a shop of the caller's own in which a question waits, an approval waits, one is resolved and not
        resumed, or a thread was left at its beginning by a process that died.
        """
        if place not in self._made:
            shop = self._copy("fresh" if place != "resolved" else "approval")
            asyncio.run(_bring(shop, place))
            self._made[place] = shop
        return self._copy(place)

    def _copy(self, place: str) -> Shop:
        if place not in self._made:
            self.at(place)
        self._copies += 1
        return copy_shop(self._made[place], self._folder / f"{place}-{self._copies}", self._databases)


async def _bring(shop: Shop, place: str) -> None:
    async with open_app(shop.home, Settings(_env_file=None)) as app:
        if place == "question":
            ada = shop.users["Ada"]
            await app.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
        elif place == "approval":
            await propose(app, shop)
        elif place == "left":
            ada = shop.users["Ada"]
            begin(app.bench, workspace_id=shop.workspace_id, author_id=ada, text=BRIEF)
            with app.database.write() as session:
                free_leases(session)
        else:
            approve(app, shop)


@pytest.fixture(scope="module", params=BACKENDS)
def shops(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shops:
    folder = tmp_path_factory.mktemp("races")
    if request.param == "sqlite":
        return Shops(make_shop(folder / "fresh"), folder, None)
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return Shops(make_shop(folder / "fresh", address=databases.empty()), folder, databases)


def look(shop: Shop) -> tuple[list[Signature], list[Approval], list[Launch], Counter[str]]:
    """Signatures, approvals, launches, and how often the audit log tells of what."""

    def read(session: Session, model: Any) -> list[Any]:
        return list(session.exec(select(model)).all())

    database = shop.home.database()
    with database.read() as session:
        found = (read(session, Signature), read(session, Approval), read(session, Launch))
        actions = Counter(session.exec(select(AuditEntry.action)).all())
    database.close()
    return *found, actions


def resume(shop: Shop, approval_id: str) -> None:
    """Take the approval's thread on, as the next owner of the home."""

    async def main() -> None:
        async with open_app(shop.home, Settings(_env_file=None)) as app:
            await app.threads.resume_approval(approval_id)
            assert app.audit.verify(app.database, shop.workspace_id).ok

    asyncio.run(main())


@pytest.mark.promise
@pytest.mark.parametrize("number", ROUNDS)
def test_of_two_approvers_one_resolves_and_the_other_leaves_nothing(shops: Shops, number: int) -> None:
    shop = shops.at("approval")
    racers = [Racer("Grace", "resolve", APPROVE), Racer("Linus", "resolve", LOWER)]
    outcomes = race(shop, racers)
    assert sorted(outcomes) == ["200", "409 approval_closed"]
    winner = racers[outcomes.index("200")]
    (signature,), (approval,), _, actions = look(shop)
    assert (signature.user_id, signature.answer) == (shop.users[winner.who], winner.body["answer"])
    assert (signature.limits or None) == winner.body.get("limits")
    assert (approval.status, approval.limits or None) == ("approved", winner.body.get("limits"))
    assert sum(actions[f"approval.{answer}"] for answer in ("approve", "approve_limited")) == 1
    resume(shop, approval.approval_id)
    _, _, launches, actions = look(shop)
    assert len(launches) == actions["launch.intended"] == 1


@pytest.mark.promise
@pytest.mark.parametrize("number", ROUNDS)
def test_of_two_processes_one_resumes_a_thread_and_launches(shops: Shops, number: int) -> None:
    shop = shops.at("resolved")
    before = look(shop)
    assert sorted(race(shop, [Racer("Grace", "resume", {})] * 2)) == ["200", "409 thread_waits"]
    signatures, _, launches, actions = look(shop)
    assert len(launches) == 1 and len(signatures) == 1
    # what the first one did, and nothing of the second
    assert actions - before[3] == Counter({"launch.intended": 1})


@pytest.mark.promise
@pytest.mark.parametrize("number", ROUNDS)
def test_a_launch_stays_the_only_one_where_nothing_keeps_processes_apart(shops: Shops, number: int) -> None:
    shop = shops.at("resolved")
    assert race(shop, [Racer("Grace", "resume", {})] * 2, leases=False) == ["200", "200"]
    _, _, launches, actions = look(shop)
    assert len(launches) == actions["launch.intended"] == 1


@pytest.mark.promise
@pytest.mark.parametrize("number", SOAK)
def test_of_two_answers_to_one_question_one_is_kept(shops: Shops, number: int) -> None:
    shop = shops.at("question")
    outcomes = race(shop, [Racer("Ada", "answer", {})] * 2)
    assert sorted(outcomes) == ["200", "409 thread_waits"]
    database = shop.home.database()
    with database.read() as session:
        assert len(session.exec(select(Draft).where(Draft.kind == ANSWER)).all()) == 1
        assert len(session.exec(select(Approval)).all()) == 1
    database.close()


@pytest.mark.parametrize("number", SOAK)
def test_the_same_answer_of_the_same_person_is_given_twice_and_kept_once(shops: Shops, number: int) -> None:
    shop = shops.at("approval")
    assert race(shop, [Racer("Grace", "resolve", APPROVE)] * 2) == ["200", "200"]
    signatures, _, _, actions = look(shop)
    assert len(signatures) == actions["approval.approve"] == 1


@pytest.mark.promise
@pytest.mark.parametrize("number", SOAK)
@pytest.mark.parametrize("place", ["resolved", "left"])
def test_of_two_processes_that_look_for_due_work_one_does_it(shops: Shops, place: str, number: int) -> None:
    shop = shops.at(place)
    assert sorted(race(shop, [Racer("Grace", "sweep", {})] * 2)) == ["0 done", "1 done"]
    _, approvals, launches, actions = look(shop)
    assert len(approvals) == actions["proposal.frozen"] == 1
    assert len(launches) == actions["launch.intended"] == (place == "resolved")
