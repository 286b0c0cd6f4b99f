"""The machine's own book: who did what in which step, and, read plainly from rows and files, what came of it.

Nothing here asks the product whether something is allowed. What an approval is worth is worked out from what people were
seen to do: who had a part in a campaign, who held which role before its proposal was put up, who answered for which digest.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator

from tests.machine.changes import effects_of, in_force
from tests.machine.entries import (
    ENDS,
    KEEPERS,
    SIGNERS,
    Answer,
    Asked,
    Frozen,
    Lent,
    digest_of,
    instant,
    require,
)
from tests.machine.house import House


class Book:
    """What one sequence has seen. `step` is the action that is under way, `actor` who does it, `edits` whether it edits."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.step = 0
        self.actor: str | None = None
        self.edits = False
        self.frozen: dict[str, Frozen] = {}
        self.asked: dict[str, Asked] = {}
        self.changes: dict[str, Asked] = {}
        self.answers: list[Answer] = []
        self.roles: dict[tuple[str, str], int] = {}
        self.keyed: list[tuple[str, str, int]] = []
        self.lent: list[Lent] = []
        self.launches: dict[str, tuple[str, ...]] = {}
        self.campaigns: dict[str, str] = {}
        self.threads: dict[str, str] = {}
        self.sent: dict[str, int] = {}
        self.in_force = in_force(house)
        self.by_hand: set[str] = set()
        self.took_effect: set[tuple[str, str]] = set()

    def pending(self) -> list[Asked]:
        """The approvals of campaigns that wait, the oldest first."""
        return [asked for asked in self.asked.values() if asked.status == "pending"]

    def of(self, approval_id: str) -> Asked:
        """An approval, of a campaign or of a policy change."""
        return self.asked.get(approval_id) or self.changes[approval_id]

    def close(self, approval_id: str) -> None:
        """Note that an approval was ended by something other than a yes, in the present step."""
        asked = self.of(approval_id)
        asked.closed = self.step if asked.closed is None else asked.closed

    def take(self, answer: Answer) -> None:
        """Note an answer that was taken."""
        self.answers.append(answer)
        if answer.answer in ("reject", "request_changes"):
            self.close(answer.approval_id)

    def check(self) -> None:
        """Read everything anew; Broken when something is not as it must be."""
        self._authors()
        for row in self.house.select("SELECT * FROM proposals ORDER BY proposal_id"):
            if row["proposal_id"] not in self.frozen:
                self._freeze(row)
        self._approvals()
        self._signatures()
        self._changes()
        self._launches()
        self._campaigns()
        self._messages()

    def _authors(self) -> None:
        for row in self.house.select("SELECT campaign_id, thread_id, author_id FROM campaigns"):
            self.campaigns.setdefault(row["campaign_id"], self.actor or row["author_id"])
            if row["thread_id"] is not None:
                self.threads.setdefault(row["thread_id"], self.actor or row["author_id"])

    def _freeze(self, row: sqlite3.Row) -> None:
        campaign_id = row["campaign_id"]
        authors, earlier = {row["author_id"], self.actor or row["author_id"]}, []
        if campaign_id is not None:
            earlier = [each for each in self.frozen.values() if each.campaign_id == campaign_id]
            authors = {self.campaigns[campaign_id], self.threads[row["thread_id"]], row["author_id"]}
        if earlier and self.edits:
            authors |= earlier[-1].authors
        self.frozen[row["proposal_id"]] = Frozen(
            row["proposal_id"],
            campaign_id,
            digest_of(row["canonical_json"]),
            row["canonical_json"],
            frozenset(authors),
            self.step,
        )
        for asked in self.asked.values():
            if asked.frozen in earlier and asked.approval_id not in self._launched():
                self.close(asked.approval_id)

    def _approvals(self) -> None:
        for row in self.house.select("SELECT * FROM approvals ORDER BY approval_id"):
            approval_id, status = row["approval_id"], row["status"]
            asked = self.asked.get(approval_id) or self.changes.get(approval_id)
            if asked is None:
                required, frozen = json.loads(row["required"]), self.frozen[row["proposal_id"]]
                signers, among = (
                    (KEEPERS, self.changes) if frozen.campaign_id is None else (SIGNERS, self.asked)
                )
                require(len(required) == 1 and set(required[0]) == signers, f"{approval_id} needs {required}")
                asked = among[approval_id] = Asked(
                    approval_id,
                    row["thread_id"],
                    frozen,
                    instant(row["opened_at"]),
                    instant(row["expires_at"]),
                )
            if status != asked.status:
                allowed = ENDS.get(asked.status, frozenset())
                require(status in allowed, f"{approval_id} went from {asked.status} to {status}")
                asked.status = status
            if status == "approved":
                require(bool(self._valid(asked)), f"{approval_id} is approved by nobody who may")
            if status not in ("pending", "approved"):
                self.close(approval_id)

    def _signatures(self) -> None:
        """One signature is required, so one person was told that they resolved an approval, and that answer stands."""
        told: dict[str, set[str]] = {}
        for answer in self.answers:
            told.setdefault(answer.approval_id, set()).add(f"{answer.user} {answer.answer} {answer.limits}")
        for approval_id, people in told.items():
            require(len(people) == 1, f"{approval_id} was resolved by {sorted(people)}")
        signed = Counter(
            row["approval_id"] for row in self.house.select("SELECT approval_id FROM signatures")
        )
        require(all(count == 1 for count in signed.values()), f"signatures by approval: {dict(signed)}")

    def _changes(self) -> None:
        """Whatever holds that did not hold before was signed by another person who may, and holds through that once."""
        now = in_force(self.house)
        for effect in (now - self.in_force).elements():
            if effect in self.by_hand:
                continue
            signed = [asked for asked in self.changes.values() if self._carries(asked, effect)]
            require(bool(signed), f"nobody else signed that this holds: {effect}")
            self.took_effect.add((signed[0].approval_id, effect))
            self._note(effect, signed[0].frozen)
        self.in_force = now

    def _carries(self, asked: Asked, effect: str) -> bool:
        return (
            effect in effects_of(asked.frozen.content)
            and (asked.approval_id, effect) not in self.took_effect
            and asked.closed is None
            and self.house.now() < asked.expires_at
            and bool(self._valid(asked))
        )

    def _note(self, effect: str, frozen: Frozen) -> None:
        kind, _, rest = effect.partition(" ")
        if kind not in ("role", "key"):
            return
        name, role = rest.rsplit(" ", 1) if kind == "role" else (rest, "")
        (user,) = self.house.select("SELECT user_id FROM users WHERE name = ?", name)
        if kind == "role":
            self.roles.setdefault((user["user_id"], role), self.step)
        else:
            self.keyed += [(author, user["user_id"], self.step) for author in frozen.authors]

    def _campaigns(self) -> None:
        """A campaign has one launch that is not over at most, and none that is due while it is being drafted."""
        running = self.house.select("SELECT campaign_id, launch_id FROM launches WHERE finished_at IS NULL")
        by = Counter(row["campaign_id"] for row in running)
        require(all(count == 1 for count in by.values()), f"unfinished launches by campaign: {dict(by)}")
        due = self.house.select(
            "SELECT DISTINCT launch_id FROM batches JOIN launches USING (launch_id) JOIN campaigns USING (campaign_id)"
            " WHERE campaigns.state = 'draft' AND batches.due_at IS NOT NULL"
        )
        require(not due, f"launches of drafts are due: {[row['launch_id'] for row in due]}")

    def _launches(self) -> None:
        rows = self.house.select("SELECT * FROM launches ORDER BY launch_id")
        known = {row["launch_id"] for row in rows}
        require(self.launches.keys() <= known, "a launch is gone")
        for column in ("proposal_id", "approval_id"):
            by = Counter(row[column] for row in rows)
            require(all(count == 1 for count in by.values()), f"launches by {column}: {dict(by)}")
        contents = Counter((row["campaign_id"], row["digest"]) for row in rows)
        require(all(count == 1 for count in contents.values()), f"launches by content: {dict(contents)}")
        for row in rows:
            if row["launch_id"] not in self.launches:
                self._launch(row)

    def _launch(self, row: sqlite3.Row) -> None:
        launch_id, asked = row["launch_id"], self.asked[row["approval_id"]]
        frozen = asked.frozen
        (proposal,) = self.house.select(
            "SELECT canonical_json FROM proposals WHERE proposal_id = ?", row["proposal_id"]
        )
        require(row["proposal_id"] == frozen.proposal_id, f"{launch_id} is of another proposal")
        require(
            row["digest"] == frozen.digest == digest_of(proposal["canonical_json"]),
            f"{launch_id} is not of the content that was put up",
        )
        require(asked.closed is None, f"{launch_id} was launched after its approval was closed")
        require(instant(row["intended_at"]) < asked.expires_at, f"{launch_id} was launched after the expiry")
        valid = self._valid(asked)
        require(bool(valid), f"{launch_id} has no approval by another, authorised person for its digest")
        self._require_lowered(launch_id, valid[0])
        self.launches[launch_id] = (asked.approval_id,)

    def _require_lowered(self, launch_id: str, answer: Answer) -> None:
        (money,) = self.house.select("SELECT amount FROM reservations WHERE holder = ?", launch_id)
        (people,) = self.house.select(
            "SELECT sum(people) AS people FROM batches WHERE launch_id = ?", launch_id
        )
        planned = {"budget_minor": money["amount"], "maximum_people": people["people"]}
        for name, limit in answer.limits.items():
            require(planned.get(name, 0) <= limit, f"{launch_id} goes beyond the {name} that was approved")

    def _messages(self) -> None:
        """Each message at a provider is one message of a launch that may run, to a person who got no other."""
        outbox = self.house.home / "outbox" / "messages.jsonl"
        require(not outbox.exists() or not outbox.read_bytes(), "a message is in the file outbox")
        for key, person_id, calls in self._accepted():
            require(calls == 1, f"message {key} reached the provider {calls} times")
            if key in self.sent:
                continue
            found = self.house.select("SELECT * FROM sends WHERE send_key = ?", key)
            require(len(found) == 1, f"message {key} has no row")
            (send,) = found
            require(send["launch_id"] in self.launches, f"message {key} is of no launch that was approved")
            asked = self.asked[self.launches[send["launch_id"]][0]]
            require(
                send["person_id"] == person_id and send["creative_digest"] in asked.frozen.content,
                f"message {key} is not what was approved",
            )
            # whoever takes an approval back finds that no message leaves after that
            require(asked.closed is None, f"message {key} left after its approval was taken back")
            self.sent[key] = self.step
        people = self.house.select(
            "SELECT source, person_id, count(*) AS times FROM sends WHERE status = 'sent' GROUP BY 1, 2 HAVING times > 1"
        )
        require(not people, "a person got two messages of one campaign")

    def _accepted(self) -> Iterator[tuple[str, str, int]]:
        ledger = next(iter(self.house.home.glob("**/provider.db")), None)
        if ledger is not None:
            connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
            try:
                yield from connection.execute("SELECT send_key, person_id, calls FROM accepted").fetchall()
            finally:
                connection.close()

    def _launched(self) -> set[str]:
        return {approval_id for ids in self.launches.values() for approval_id in ids}

    def _valid(self, asked: Asked) -> list[Answer]:
        """The answers that are worth a countersignature: yes, for this digest, in time, by another person who may."""
        return [
            answer
            for answer in self.answers
            if answer.approval_id == asked.approval_id
            and answer.answer in ("approve", "approve_limited")
            and answer.digest == asked.frozen.digest
            and answer.at < asked.expires_at
            and answer.user not in asked.frozen.authors
            and not self._may_be_an_author(answer, asked)
            and self._may_sign(answer, asked)
        ]

    def _may_be_an_author(self, answer: Answer, asked: Asked) -> bool:
        """Whether somebody with a part in the proposal may have answered in another's name: they issued that key since."""
        return any(
            holder == answer.user
            and issuer in asked.frozen.authors
            and asked.frozen.step <= step < answer.step
            for issuer, holder, step in self.keyed
        )

    def _may_sign(self, answer: Answer, asked: Asked) -> bool:
        halfway = asked.opened_at + (asked.expires_at - asked.opened_at) / 2
        roles = SIGNERS | ({"admin"} if answer.at >= halfway else frozenset())
        if asked.frozen.campaign_id is None:
            return any(self._held(answer.user, role, asked) for role in KEEPERS)
        if any(self._held(answer.user, role, asked) for role in roles):
            return True
        return any(
            lent.delegate == answer.user
            and lent.role in roles
            and lent.step < asked.frozen.step
            and lent.lender not in asked.frozen.authors
            and self._held(lent.lender, lent.role, asked)
            for lent in self.lent
        )

    def _held(self, user: str, role: str, asked: Asked) -> bool:
        return self.roles.get((user, role), asked.frozen.step) < asked.frozen.step
