"""Time, crashes of order, and people who reach past the entrances: the checkpointer, rows, rules, roles and keys."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from langgraph.types import Command

from agents.thread_stand import config_of
from delivery.launch import launch
from tests.machine.changes import rules_in_force
from tests.machine.entries import Lent
from tests.machine.house import GRAPH
from tests.machine.sequence import INJECTED, PEOPLE, PICK, Sequence, can, rule
from tests.small_shop import START

NODES = st.sampled_from(["freeze_proposal", "approve", "verify_approval", "check_policies", "launch"])
JUMPS = st.sampled_from(["an hour", "two days", "half-way", "the expiry"])
SIGNING = st.sampled_from(["campaign_manager", "marketing_leader", "admin"])


class Meddling(Sequence):
    """Restarts, clock jumps and time travel, and changes of rules, roles, keys and data."""

    @can("restart", most=1)
    @rule()
    def opens_the_home_again(self) -> None:
        self.begin("restart")
        self.house.restart()

    @can("due work", most=2)
    @rule()
    def due_work_is_carried_out(self) -> None:
        self.begin("due work")
        self.house.run(self.house.work())

    @can("clock jump", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK, jump=JUMPS)
    def the_clock_jumps(self, pick: int, jump: str) -> None:
        self.begin("clock jump")
        asked, now = self.asked(pick), self.house.now()
        targets = {
            "an hour": now + timedelta(hours=1),
            "two days": now + timedelta(days=2),
            "half-way": asked.opened_at + (asked.expires_at - asked.opened_at) / 2,
            "the expiry": asked.expires_at,
        }
        self.house.advance(targets[jump])
        self.house.run(self.house.work())

    @can("campaign runs", weight=4, when=lambda self: self.book.launches)
    @rule(days=st.integers(11, 16))
    def a_campaign_runs(self, days: int) -> None:
        self.begin("campaign runs")
        # noon in New York, since nobody is written to at night
        self.house.advance(START + timedelta(days=days, hours=8))
        self.house.run(self.house.work())

    @can("replayed resume", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK)
    def a_resume_is_replayed(self, pick: int) -> None:
        self.begin("replayed resume")
        self.unchecked(self.house.app.threads.resume_approval(self.asked(pick).approval_id))

    @can("replayed launch", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK)
    def a_launch_is_replayed(self, pick: int) -> None:
        """The launching step is run again by itself, whether or not anybody signed."""
        self.begin("replayed launch")
        approval_id = self.asked(pick).approval_id
        self.unchecked(asyncio.to_thread(launch, self.house.app.ports, approval_id))

    @can("two resumes at once", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK)
    def two_resume_at_once(self, pick: int) -> None:
        self.begin("two resumes at once")
        approval_id = self.asked(pick).approval_id
        threads = self.house.app.threads
        for came in self.house.together(
            threads.resume_approval(approval_id), threads.resume_approval(approval_id)
        ):
            self.figures.outcomes[f"resumed {type(came).__name__}"] += 1

    @can("sdk: old checkpoint", weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK)
    def goes_back_in_time_with_the_sdk(self, who: str, pick: int) -> None:
        self.begin("sdk: old checkpoint", who)
        thread_id = self.asked(pick).thread_id

        async def back() -> None:
            sdk = self.house.sdk(who)
            history = await sdk.threads.get_history(thread_id, limit=20)
            old = history[pick % len(history)]["checkpoint"]["checkpoint_id"]
            answer = {"resume": {"decisions": [{"type": "approve"}]}}
            await sdk.runs.wait(thread_id, GRAPH, command=answer, checkpoint_id=old)

        assert self.sdk(back()) is None

    @can("sdk: state edit", weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, node=NODES)
    def edits_the_state_with_the_sdk(self, who: str, pick: int, node: str) -> None:
        self.begin("sdk: state edit", who)
        values = {"status": "approved"}
        threads = self.house.sdk(who).threads
        assert self.sdk(threads.update_state(self.asked(pick).thread_id, values, as_node=node)) is None

    @can("holder: old checkpoint", when=lambda self: self.book.asked)
    @rule(pick=PICK, back=st.integers(0, 6))
    def the_holder_goes_back_in_time(self, pick: int, back: int) -> None:
        """Whoever holds the checkpointer runs a thread on from one of its old checkpoints."""
        self.begin("holder: old checkpoint")
        graph, thread_id = self.house.app.threads.graph, self.asked(pick).thread_id
        history = self.house.run(self.house.history(thread_id))
        old: Any = history[back % len(history)].config
        self.unchecked(graph.ainvoke(None, old, durability="sync"))

    @can("holder: state edit", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK, node=NODES, goes_on=st.booleans())
    def the_holder_edits_the_state(self, pick: int, node: str, goes_on: bool) -> None:
        """Whoever holds the checkpointer writes an approval into a thread's state, and runs it on."""
        self.begin("holder: state edit")
        graph, asked = self.house.app.threads.graph, self.asked(pick)
        forged: Any = {"status": "approved", "approval_id": asked.approval_id, "digest": asked.frozen.digest}
        config = config_of(asked.thread_id)
        self.unchecked(graph.aupdate_state(config, forged, as_node=node))
        if goes_on:
            self.unchecked(graph.ainvoke(None, config, durability="sync"))

    @can("holder: forged resume", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK, other=PICK)
    def the_holder_forges_a_resume(self, pick: int, other: int) -> None:
        self.begin("holder: forged resume")
        graph, asked = self.house.app.threads.graph, self.asked(pick)
        forged = {"approved": True, "approval_id": self.asked(other).approval_id}
        resume: Any = Command(resume=forged)
        self.unchecked(graph.ainvoke(resume, config_of(asked.thread_id), durability="sync"))

    @can("injected data", most=1)
    @rule()
    def data_with_instructions_is_imported(self) -> None:
        self.begin("injected data", "Root")
        # a customer who is there already, so that people stay who they are
        rows = f'external_id,email,attr.note\n1,customer-1@example.invalid,"{INJECTED}"\n'
        answer = self.call("Root", "POST", "/v1/imports/customers", content=rows.encode())
        assert answer.status_code == 200, answer.text
        self.house.data_changed()

    @can("rule edit", most=1)
    @rule(people=st.integers(40, 80))
    def a_rule_is_edited(self, people: int) -> None:
        """Whoever holds the database changes a rule that campaigns are judged by."""
        self.begin("rule edit")
        (row,) = self.house.select("SELECT workspace_id, rules FROM workspaces")
        rules = json.dumps(json.loads(row["rules"]) | {"batch_people": people})
        self.house.write("UPDATE workspaces SET rules = ? WHERE workspace_id = ?", rules, row["workspace_id"])
        self.book.by_hand.add(rules_in_force(self.house))

    @can("row edit", most=1, weight=3, when=lambda self: self.book.asked)
    @rule(pick=PICK)
    def a_proposal_row_is_edited(self, pick: int) -> None:
        """Whoever holds the database raises the budget of a proposal that waits."""
        self.begin("row edit")
        self.house.write(
            "UPDATE proposals SET canonical_json = replace(canonical_json, '\"value\":4000', '\"value\":9000')"
            " WHERE proposal_id = ?",
            self.asked(pick).frozen.proposal_id,
        )

    @can("role lent")
    @rule(lender=PEOPLE, to=PEOPLE, role=SIGNING)
    def a_role_is_lent(self, lender: str, to: str, role: str) -> None:
        self.begin("role lent", lender)
        body = {"to": to, "role": role, "until": "2026-12-05"}
        given = self.call(lender, "POST", "/v1/delegations", json=body)
        if given.status_code == 201:
            users = self.house.users
            self.book.lent.append(Lent(users[lender], users[to], role, self.book.step))

    @can("api: pause, resume, stop", most=1, when=lambda self: self.book.campaigns)
    @rule(who=PEOPLE, pick=PICK, what=st.sampled_from(["pause", "resume", "stop"]))
    def halts_a_campaign(self, who: str, pick: int, what: str) -> None:
        self.begin("api: pause, resume, stop", who)
        every = list(self.book.campaigns)
        self.call(who, "POST", f"/v1/campaigns/{every[-1 - pick % len(every)]}/{what}")

    @can("stranger", weight=2, when=lambda self: self.book.asked)
    @rule(pick=PICK, key=st.sampled_from([None, "cs_of_nobody"]))
    def a_stranger_approves(self, pick: int, key: str | None) -> None:
        self.begin("stranger")
        asked = self.asked(pick)
        headers = {"x-api-key": key} if key else {}
        body = {"answer": "approve", "digest": asked.frozen.digest}
        path = f"/v1/approvals/{asked.approval_id}/resolve"
        assert self.call(None, "POST", path, json=body, headers=headers).status_code == 401
