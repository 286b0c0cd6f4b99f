"""What marketers and their clients say: objectives, answers, edits, and whatever is only read."""

from __future__ import annotations

import uuid

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.agents.propose.shop_people import BUDGET
from tests.api.agui.conftest import AgUi
from tests.machine.answering import Answering
from tests.machine.governing import Governing
from tests.machine.house import GRAPH
from tests.machine.meddling import Meddling
from tests.machine.sequence import AUTHORS, INJECTED, PEOPLE, PICK, can, rule
from tests.small_shop import BRIEF, VAGUE

OBJECTIVES = st.sampled_from([BRIEF, BRIEF, BRIEF, VAGUE, INJECTED + BRIEF])
CLIENTS = st.sampled_from(["chat", "chat", "sdk", "agui", "none"])
MANAGERS = st.sampled_from(["Grace", "Linus"])
GOES = st.sampled_from(["", "", "", "a second user first", "a second user first", "launched"])
EDITS = st.sampled_from(
    [
        {"budget_minor": 3_000},
        {"budget_minor": 2_000},
        {"ends": "2026-12-10"},
        {"holdout_share": "0.2"},
        {"messages": {"mens_merchandise": {"subject": "We kept your place"}}},
    ]
)


class Talking(Answering, Governing, Meddling):
    """Chat, HTTP API, SDK, AG-UI and MCP in the hands of whoever proposes."""

    @initialize(who=AUTHORS, text=OBJECTIVES, client=CLIENTS, signer=MANAGERS, goes=GOES)
    def somebody_has_an_objective(self, who: str, text: str, client: str, signer: str, goes: str) -> None:
        """How it begins; where few actions are let in, a campaign is always before its approvers."""
        if self.only:
            self.objective_in_chat(self.author, BRIEF)
            return
        if goes == "a second user first":
            self.a_second_user_is_made("Root", "campaign_manager", signer)
            self.book.check()
        if client == "chat":
            self.objective_in_chat(who, text)
        elif client == "sdk":
            self.objective_of_sdk(who, text)
        elif client == "agui":
            self.objective_of_agui(who, text)
        if goes == "launched":
            self.first_goes_on(signer)

    def first_goes_on(self, signer: str) -> None:
        """What the first objective has come to is signed, and runs."""
        self.book.check()
        if self.book.pending():
            self.reached = True
            self.countersigns(signer, 0)
            self.book.check()
        if self.book.launches:
            self.a_campaign_runs(11)

    def objective_in_chat(self, who: str, text: str) -> None:
        self.begin("chat: objective", who)
        self.tell(who, "/v1/chat", {"text": text})

    def objective_of_sdk(self, who: str, text: str) -> None:
        self.begin("sdk: objective", who)
        said = {"messages": [{"role": "user", "content": text}]}

        async def ask() -> None:
            sdk = self.house.sdk(who)
            thread = await sdk.threads.create(graph_id=GRAPH)
            await sdk.runs.wait(thread["thread_id"], GRAPH, input=said)

        self.sdk(ask())

    def objective_of_agui(self, who: str, text: str) -> None:
        self.begin("ag-ui: objective", who)
        self.house.run(AgUi(self.house, who, str(uuid.UUID(int=self.book.step))).run(text))  # type: ignore[arg-type]  # called like an opened shop

    @can("chat: objective", most=1, when=lambda self: len(self.book.campaigns) < 2)
    @rule(who=AUTHORS, text=OBJECTIVES)
    def says_an_objective(self, who: str, text: str) -> None:
        self.objective_in_chat(who, text)

    @can("sdk: objective", most=1, when=lambda self: len(self.book.campaigns) < 2)
    @rule(who=AUTHORS, text=OBJECTIVES)
    def begins_a_thread(self, who: str, text: str) -> None:
        self.objective_of_sdk(who, text)

    @can("ag-ui: objective", most=1, when=lambda self: len(self.book.campaigns) < 2)
    @rule(who=AUTHORS, text=OBJECTIVES)
    def runs_an_agent_of_agui(self, who: str, text: str) -> None:
        self.objective_of_agui(who, text)

    @can("mcp: draft", most=1, when=lambda self: len(self.book.campaigns) < 2)
    @rule(who=AUTHORS, text=OBJECTIVES)
    def lets_a_model_draft(self, who: str, text: str) -> None:
        self.begin("mcp: draft", who)

        async def draft() -> None:
            async with self.house.mcp(who) as client:
                await client.call_tool("draft_campaign", {"objective": text})

        self.house.run(draft())

    @can("chat: campaign anew", most=2, when=lambda self: self.book.campaigns)
    @rule(who=AUTHORS, pick=PICK, text=OBJECTIVES)
    def says_it_anew_while_it_is_reviewed(self, who: str, pick: int, text: str) -> None:
        self.begin("chat: campaign anew", who)
        self.tell(who, "/v1/chat", {"text": text, "campaign_id": self.campaign(pick)})

    @can("chat: answer", most=2, when=lambda self: self.book.campaigns)
    @rule(who=AUTHORS, pick=PICK)
    def answers_a_question(self, who: str, pick: int) -> None:
        self.begin("chat: answer", who)
        campaign = f"/v1/campaigns/{self.campaign(pick)}"
        waits = self.call(who, "GET", campaign).json().get("waits_for") or {}
        interrupt_id = waits.get("interrupt_id", "nothing")
        self.tell(who, f"{campaign}/answers", {"interrupt_id": interrupt_id, "answers": BUDGET})

    @can("api: edit", most=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK, changes=EDITS)
    def edits_what_is_reviewed(self, who: str, pick: int, changes: dict[str, object]) -> None:
        self.begin("api: edit", who, edits=True)
        frozen = self.asked(pick).frozen
        path = f"/v1/proposals/{frozen.proposal_id}/edit"
        self.tell(who, path, {"digest": frozen.digest, **changes})

    @can("api: lists", most=1, weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK)
    def looks_at_lists(self, who: str, pick: int) -> None:
        self.begin("api: lists", who)
        approval_id = self.asked(pick).approval_id
        for path in ("/v1/approvals", "/v1/campaigns", f"/v1/approvals/{approval_id}"):
            assert self.call(who, "GET", path).status_code == 200

    @can("sdk: reads", most=1, weight=2, when=lambda self: self.book.asked)
    @rule(who=PEOPLE, pick=PICK)
    def looks_with_the_sdk(self, who: str, pick: int) -> None:
        self.begin("sdk: reads", who)
        thread_id = self.asked(pick).thread_id

        async def look() -> None:
            sdk = self.house.sdk(who)
            assert await sdk.threads.search(limit=10)
            await sdk.threads.get_state(thread_id)
            await sdk.threads.get_history(thread_id, limit=3)

        self.sdk(look())

    @can("mcp: reads", most=1)
    @rule(who=PEOPLE)
    def looks_with_mcp(self, who: str) -> None:
        self.begin("mcp: reads", who)

        async def look() -> None:
            async with self.house.mcp(who) as client:
                tried = await client.call_tool("resolve_approval", {"approval_id": "any"})
                assert tried.is_error
                assert not (await client.call_tool("list_approvals", {})).is_error

        self.house.run(look())

    def campaign(self, pick: int) -> str:
        """One of the campaigns, the last ones first."""
        every = list(self.book.campaigns)
        return every[-1 - pick % len(every)]
