"""Who may do what, and by which rules: roles, people, keys, webhooks and rules are proposed, signed, and tried without that."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st

from delivery.policy_changes import apply_change
from tests.machine.entries import Asked
from tests.machine.sequence import INJECTED, PEOPLE, PICK, Sequence, can, rule

Json = dict[str, Any]
ADMIN = st.sampled_from(["Root", "Root", "Root", "Ada"])
SIGNER = st.sampled_from(["Grace", "Linus", "Grace", "Linus", "Root", "Ada"])
SIGNING = st.sampled_from(["campaign_manager", "marketing_leader", "admin"])
WHAT = st.sampled_from(["role", "user", "key", "webhook", "rules"])
ANSWERS = st.sampled_from(["approve", "approve", "approve", "reject", "request_changes"])
WHICH = st.sampled_from(["shown", "shown", "shown", "forged"])


def waiting(self: Any) -> list[Asked]:
    """The policy changes that wait for an answer, the oldest first."""
    return [asked for asked in self.book.changes.values() if asked.status == "pending"]


class Governing(Sequence):
    """Policy changes. Those of one action are signed in it; others wait for whoever comes."""

    @can("role grant", most=2)
    @rule(by=ADMIN, to=PEOPLE, role=SIGNING, signer=SIGNER)
    def a_role_is_granted(self, by: str, to: str, role: str, signer: str) -> None:
        self.begin("role grant", by)
        made = self.ask(by, f"/v1/users/{to}/roles", {"role": role})
        if made is not None:
            self.sign(signer, made)

    @can("second user", most=2, weight=2)
    @rule(by=ADMIN, role=SIGNING, signer=SIGNER)
    def a_second_user_is_made(self, by: str, role: str, signer: str) -> None:
        self.begin("second user", by)
        name = f"Second {self.book.step}"
        made = self.ask(by, "/v1/users", {"name": name, "roles": [role]})
        if made is None:
            return
        self.sign(signer, made)
        if self.key_is_handed_over(name, signer, made):
            (row,) = self.house.select("SELECT user_id FROM users WHERE name = ?", name)
            self.house.users[name] = row["user_id"]
            self.seconds.append(name)

    @can("second user approves", weight=12, when=lambda self: self.seconds and self.book.pending())
    @rule(pick=PICK)
    def a_second_user_approves(self, pick: int) -> None:
        who = self.seconds[-1]
        self.begin("second user approves", who)
        self.resolve(who, self.waiting(pick), "approve")

    @can("second key", most=2)
    @rule(by=ADMIN, to=PEOPLE, signer=SIGNER)
    def a_second_key_is_issued(self, by: str, to: str, signer: str) -> None:
        self.begin("second key", by)
        made = self.ask(by, f"/v1/users/{to}/keys", {"label": "second"})
        if made is not None:
            self.sign(signer, made)
            self.key_is_handed_over(to, signer, made)

    @can("policy: propose", weight=2)
    @rule(by=ADMIN, what=WHAT, to=PEOPLE, role=SIGNING)
    def a_change_is_proposed(self, by: str, what: str, to: str, role: str) -> None:
        self.begin("policy: propose", by)
        step = self.book.step
        proposals: dict[str, tuple[str, Json]] = {
            "role": (f"/v1/users/{to}/roles", {"role": role}),
            "user": ("/v1/users", {"name": f"Waiting {step}", "roles": [role]}),
            "key": (f"/v1/users/{to}/keys", {"label": "waiting"}),
            "webhook": ("/v1/webhooks", {"url": f"https://hooks.example.org/{step}"}),
            "rules": ("/v1/policies", {"rules": {"approval_days": 5 + step % 2}}),
        }
        path, body = proposals[what]
        self.ask(by, path, body | {"reason": INJECTED})

    @can("policy: resolve", weight=5, when=waiting)
    @rule(who=PEOPLE, pick=PICK, answer=ANSWERS, which=WHICH, works=st.booleans())
    def a_change_is_answered(self, who: str, pick: int, answer: str, which: str, works: bool) -> None:
        self.begin("policy: resolve", who)
        asked = self.change(pick)
        digest = asked.frozen.digest if which == "shown" else "f" * 64
        self.resolve(who, asked, answer, digest, comment="As asked." * (answer != "approve"))
        if works:
            self.house.run(self.house.work())

    @can("policy: author signs", weight=5, when=waiting)
    @rule(pick=PICK)
    def an_author_signs_their_change(self, pick: int) -> None:
        asked = self.change(pick)
        (author,) = asked.frozen.authors
        who = next(name for name, user in self.house.users.items() if user == author)
        self.begin("policy: author signs", who)
        assert self.resolve(who, asked, "approve") in (403, 409)
        self.house.run(self.house.work())

    @can("policy: applied again", weight=4, when=lambda self: self.book.changes)
    @rule(pick=PICK, twice=st.booleans())
    def a_change_is_applied_again(self, pick: int, twice: bool) -> None:
        """The step that lets a change take effect is run whether or not anybody signed it, and at once with itself."""
        self.begin("policy: applied again")
        changes = list(self.book.changes.values())
        approval_id = changes[-1 - pick % len(changes)].approval_id
        applying = [
            asyncio.to_thread(apply_change, self.house.app.ports, approval_id) for _ in range(1 + twice)
        ]
        came = self.house.together(*applying)
        assert came.count(True) <= 1, "a change took effect twice"
        self.figures.outcomes["applied"] += came.count(True)

    @can("policy: row edit", most=2, weight=3, when=waiting)
    @rule(pick=PICK, answer=st.booleans(), signer=SIGNER)
    def a_change_is_edited_in_its_row(self, pick: int, answer: bool, signer: str) -> None:
        """Whoever holds the database makes another change of one that waits, before or after it was signed."""
        self.begin("policy: row edit")
        asked = self.change(pick)
        if answer:
            self.resolve(signer, asked, "approve")
        self.house.write(
            "UPDATE proposals SET canonical_json = replace(replace(canonical_json, 'campaign_manager', 'legal'),"
            " 'example.org', 'example.net') WHERE proposal_id = ?",
            asked.frozen.proposal_id,
        )
        self.house.run(self.house.work())

    def change(self, pick: int) -> Asked:
        """One of the policy changes that wait, the last ones first."""
        every = waiting(self)
        return every[-1 - pick % len(every)]

    def ask(self, by: str, path: str, body: Json) -> Json | None:
        """Propose a policy change; None where it is refused, as it must be for whoever is no admin."""
        given = self.call(by, "POST", path, json=body)
        self.figures.outcomes[f"policy {given.status_code}"] += 1
        assert given.status_code in ((202, 409) if self.holds(by, "admin") else (403,)), given.text
        self.book.check()
        return given.json() if given.status_code == 202 else None

    def sign(self, signer: str, made: Json) -> None:
        """Approve what was just proposed, and let what is due happen."""
        self.resolve(signer, self.book.changes[made["approval_id"]], "approve")
        self.house.run(self.house.work())

    def key_is_handed_over(self, holder: str, signer: str, made: Json) -> bool:
        """Put a key together from its author's half and its signer's, and use it from now on."""
        given = self.call(signer, "POST", f"/v1/approvals/{made['approval_id']}/key-half")
        if given.status_code != 200:
            return False
        half = given.json()
        self.house.keys[holder] = f"{made['key_half']}{half['joint']}{half['key_half']}"
        return True

    def holds(self, name: str, role: str) -> bool:
        """Whether somebody has been granted a role."""
        return (self.house.users[name], role) in self.book.roles
