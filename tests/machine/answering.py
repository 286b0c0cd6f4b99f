"""What approvers, and those who are none, answer: through every client, again, at once, and taken back."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.api.agui.conftest import AgUi, decision
from tests.machine.entries import Asked
from tests.machine.house import GRAPH
from tests.machine.sequence import INJECTED, PEOPLE, PICK, Sequence, can, rule

MANAGERS = st.sampled_from(["Grace", "Linus"])
WHICH = st.sampled_from(["shown", "shown", "shown", "of another", "forged"])
LIMITS = st.sampled_from(
    [{"budget_minor": 1_000}, {"maximum_people": 100}, {"first_step_people": 30}, {"budget_minor": 10**6}]
)
KINDS = st.sampled_from(["approve", "approve", "edit", "reject", "respond"])
FORMS = st.sampled_from(["decisions", "human response", "by interrupt"])
ANSWER_OF = {
    "approve": "approve",
    "edit": "approve_limited",
    "reject": "reject",
    "respond": "request_changes",
}


class Answering(Sequence):
    """Answers to approvals. Whoever waits for an answer is picked by number, the last first."""

    @can("api: countersign", weight=2, when=lambda self: self.book.pending())
    @rule(who=MANAGERS, pick=PICK)
    def countersigns(self, who: str, pick: int) -> None:
        """In a served home the answer wakes the engine, which takes the thread on at once."""
        self.begin("api: countersign", who)
        self.resolve(who, self.waiting(pick), "approve")
        self.house.run(self.house.work())

    @can("sdk: countersign", weight=3, when=lambda self: self.book.pending())
    @rule(who=MANAGERS, pick=PICK)
    def countersigns_with_the_sdk(self, who: str, pick: int) -> None:
        self.begin("sdk: countersign", who)
        asked, at = self.waiting(pick), self.house.now()
        answer = {"resume": {"decisions": [{"type": "approve"}]}}

        async def give() -> bool:
            await self.house.sdk(who).runs.wait(asked.thread_id, GRAPH, command=answer)
            return True

        if self.sdk(give()):
            self.taken(who, asked, "approve", asked.frozen.digest, at)
        self.house.run(self.house.work())

    @can("api: countersign, then restart", weight=3, when=lambda self: self.book.pending())
    @rule(who=MANAGERS, pick=PICK)
    def countersigns_before_a_restart(self, who: str, pick: int) -> None:
        """The process ends between the answer and its effect; the next owner of the home finds the work."""
        self.begin("api: countersign, then restart", who)
        self.resolve(who, self.waiting(pick), "approve")
        self.house.restart()
        self.house.run(self.house.work())

    @can("api: approve", when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, which=WHICH)
    def approves(self, who: str, pick: int, which: str) -> None:
        self.begin("api: approve", who)
        asked = self.asked(pick)
        self.resolve(who, asked, "approve", self.digest(asked, which))

    @can("api: approve_limited", when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, which=WHICH, limits=LIMITS)
    def approves_less(self, who: str, pick: int, which: str, limits: dict[str, int]) -> None:
        self.begin("api: approve_limited", who)
        asked = self.asked(pick)
        self.resolve(who, asked, "approve_limited", self.digest(asked, which), limits=limits)

    @can("api: request_changes", when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, words=st.sampled_from([INJECTED, "Lower the budget to $20.", ""]))
    def asks_for_changes(self, who: str, pick: int, words: str) -> None:
        self.begin("api: request_changes", who)
        self.resolve(who, self.asked(pick), "request_changes", comment=words)

    @can("api: reject", weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, words=st.sampled_from(["Not this month.", ""]))
    def rejects(self, who: str, pick: int, words: str) -> None:
        self.begin("api: reject", who)
        self.resolve(who, self.asked(pick), "reject", comment=words)

    @can("sdk: answer", weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, kind=KINDS, form=FORMS)
    def answers_with_the_sdk(self, who: str, pick: int, kind: str, form: str) -> None:
        self.begin("sdk: answer", who)
        asked, at = self.asked(pick), self.house.now()
        given = given_as(kind)

        async def answer() -> bool:
            sdk = self.house.sdk(who)
            resume: Any = {"decisions": [given]}
            if form == "human response" and kind != "edit":
                named = {"approve": "accept", "respond": "response"}.get(kind, kind)
                resume = [{"type": named, "args": given.get("message")}]
            elif form == "by interrupt":
                waits = (await sdk.threads.get_state(asked.thread_id))["interrupts"]
                resume = {waits[0]["id"] if waits else "nobody": given}
            await sdk.runs.wait(asked.thread_id, GRAPH, command={"resume": resume})
            return True

        if self.sdk(answer()):
            limits = {"budget_minor": 1_500} if kind == "edit" else None
            self.figures.outcomes["sdk 200"] += 1
            self.taken(who, asked, ANSWER_OF[kind], asked.frozen.digest, at, limits)

    @can("ag-ui: answer", when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, kind=KINDS)
    def answers_with_agui(self, who: str, pick: int, kind: str) -> None:
        self.begin("ag-ui: answer", who)
        asked, at = self.asked(pick), self.house.now()
        before = self.signed(asked)
        given = given_as(kind)

        async def answer() -> None:
            client = AgUi(self.house, who, asked.thread_id)  # type: ignore[arg-type]  # called like an opened shop
            looked = (await client.run())[-1]
            interrupts = getattr(getattr(looked, "outcome", None), "interrupts", None)
            named = interrupts[0].id if interrupts else "nobody"
            await client.answer(named, decision(given.pop("type"), **given))

        self.house.run(answer())
        if self.signed(asked) > before:
            limits = {"budget_minor": 1_500} if kind == "edit" else None
            self.figures.outcomes["ag-ui taken"] += 1
            self.taken(who, asked, ANSWER_OF[kind], asked.frozen.digest, at, limits)

    @can("api: the same answer again", weight=2, when=lambda self: self.said)
    @rule(pick=PICK, other=PEOPLE, same=st.booleans())
    def sends_an_answer_again(self, pick: int, other: str, same: bool) -> None:
        who, approval_id, body = self.said[-1 - pick % len(self.said)]
        self.begin("api: the same answer again", who if same else other)
        more = {name: value for name, value in body.items() if name not in ("answer", "digest")}
        asked = self.book.of(approval_id)
        status = self.resolve(who if same else other, asked, body["answer"], body["digest"], **more)
        assert not same or status == 200, "the same answer of the same person is no conflict"

    @can("api: two at once", weight=3, when=lambda self: self.book.pending())
    @rule(pick=PICK, second=st.sampled_from(["approve", "reject", "request_changes"]))
    def two_answer_at_once(self, pick: int, second: str) -> None:
        self.begin("api: two at once")
        asked, at = self.waiting(pick), self.house.now()
        path = f"/v1/approvals/{asked.approval_id}/resolve"
        bodies = {
            who: {
                "answer": answer,
                "digest": asked.frozen.digest,
                "comment": "At once." * (answer != "approve"),
            }
            for who, answer in (("Grace", "approve"), ("Linus", second))
        }
        came = self.house.together(
            *(self.house.call(who, "POST", path, json=body) for who, body in bodies.items())
        )
        for (who, body), given in zip(bodies.items(), came, strict=True):
            self.figures.outcomes[f"two at once {given.status_code}"] += 1
            assert given.status_code < 500, given.text
            if given.status_code == 200:
                self.taken(who, asked, body["answer"], asked.frozen.digest, at)

    @can("api: revoke", weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK)
    def takes_an_approval_back(self, who: str, pick: int) -> None:
        self.begin("api: revoke", who)
        asked = self.asked(pick)
        path = f"/v1/approvals/{asked.approval_id}/revoke"
        given = self.call(who, "POST", path, json={"reason": "The stock is gone."})
        self.figures.outcomes[f"revoke {given.status_code}"] += 1
        if given.status_code == 200:
            self.book.close(asked.approval_id)

    @can("sdk: withdraw", weight=6, when=lambda self: self.book.pending())
    @rule(who=PEOPLE, pick=PICK)
    def withdraws_with_the_sdk(self, who: str, pick: int) -> None:
        self.begin("sdk: withdraw", who)
        asked = self.waiting(pick)
        done = self.sdk(self.house.sdk(who).threads.update_state(asked.thread_id, None, as_node="__end__"))
        if done is not None:
            self.book.close(asked.approval_id)

    def digest(self, asked: Asked, which: str) -> str:
        """The digest that an approver answers for: what is shown, that of another proposal, or none at all."""
        others = [each.digest for each in self.book.frozen.values() if each.digest != asked.frozen.digest]
        if which == "of another" and others:
            return others[-1]
        return asked.frozen.digest if which == "shown" else "f" * 64

    def signed(self, asked: Asked) -> int:
        """How many signatures an approval has."""
        rows = self.house.select("SELECT 1 FROM signatures WHERE approval_id = ?", asked.approval_id)
        return len(rows)


def given_as(kind: str) -> dict[str, Any]:
    """One decision of this kind, as a HITL client sends it."""
    if kind == "edit":
        edited = {"name": "launch_campaign", "args": {"budget_minor": 1_500}}
        return {"type": "edit", "edited_action": edited}
    return {"type": kind} if kind == "approve" else {"type": kind, "message": "Lower the budget to $20."}
