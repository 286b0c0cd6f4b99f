"""A brief taken through the whole graph in the made-up shop, and everything that can be read of what came of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from agents.errors import CassetteError
from agents.models.interface import ModelProvider
from agents.propose.drafts import PlanDraft
from agents.state import ProposeState
from evals.harness.case import Case, JsonObject, Step
from evals.tasks.outcome import TaskOutcome
from evals.worlds.office import Office, open_office
from evals.worlds.shop import Shop, make_shop
from policies.errors import CountersignError
from store.bulk import table_of
from store.repositories.agent_work import figures_of, get_draft, tool_results_of, traces_of
from store.repositories.campaigns import get_proposal
from store.repositories.proposing import creatives_of
from store.tables import Approval, Launch, Send, Signature
from store.threads import in_thread

AGENTS_TOOLS: Final = frozenset(
    [
        "read_brief",
        "find_actions",
        "plan_budget",
        "count_audience",
        "propose_segments",
        "estimate_responses",
        "check_messages",
        "size_experiment",
        "compare_policies",
        "forecast_campaign",
        "read_readout",
    ]
)
"""Every tool that some agent may hold; none has an effect."""


class Offices:
    """One made-up shop for a whole run, opened when it is first needed. Campaigns are proposed one at a time."""

    def __init__(self, models: ModelProvider) -> None:
        self._models = models
        self._stack = AsyncExitStack()
        self._office: Office | None = None
        self.one_at_a_time = asyncio.Lock()

    async def open(self) -> Office:
        """Return the opened office."""
        if self._office is None:
            folder = Path(tempfile.mkdtemp(prefix="countersign-evals-"))
            self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
            shop: Shop = await in_thread(make_shop, folder / "home")
            self._office = await self._stack.enter_async_context(open_office(shop, self._models))
        return self._office

    async def aclose(self) -> None:
        """Close the office and remove its home."""
        await self._stack.aclose()
        self._office = None


class BuildCampaign:
    """Propose a case's brief as Ada and read everything that came of it."""

    def __init__(self, offices: Offices) -> None:
        self._offices = offices

    async def __call__(self, case: Case, seed: int) -> TaskOutcome:  # the shop has a seed of its own
        async with self._offices.one_at_a_time:
            return await propose(await self._offices.open(), case.text)


async def propose(office: Office, text: str, campaign_id: str | None = None) -> TaskOutcome:
    """Propose a text; a typed failure of the product is part of the output, as `failed`."""
    office.told.clear()
    try:
        started = await office.threads.start(
            workspace_id=office.shop.workspace_id,
            author_id=office.shop.users["Ada"],
            text=text,
            campaign_id=campaign_id,
        )
    except CassetteError:
        raise  # nothing was recorded of this campaign: that says nothing of the product
    except CountersignError as error:
        return TaskOutcome(
            output={"status": "failed", "failed": error.code, "message": error.message, **effects(office)},
            steps=steps_told(office),
        )
    return read_campaign(office, started.state)


def read_campaign(office: Office, state: ProposeState) -> TaskOutcome:
    """Return a thread's proposal, creatives, figures, tool results and effects as JSON."""
    with office.bench.database.read() as session:
        thread_id = state["thread_id"]
        traces = traces_of(session, thread_id)
        output: JsonObject = {
            "status": state["status"],
            "figures": {name: one.model_dump() for name, one in figures_of(session, thread_id).items()},
            "tool_results": [*sorted({one.digest for one in tool_results_of(session, thread_id)})],
            "campaign_id": state["campaign_id"],
            "thread_id": thread_id,
        }
        if "plan_id" in state:
            plan = PlanDraft.model_validate(get_draft(session, state["plan_id"]).content)
            output["brief"] = plan.brief.model_dump(mode="json")
            output["action_ids"] = list(plan.action_ids)
        if state.get("proposal_id"):
            proposal = get_proposal(session, state["workspace_id"], state["proposal_id"])
            output["content"] = proposal.canonical_json
            output["approval_id"] = state["approval_id"]
            output["digest"] = proposal.digest
            arms = _creative_digests(proposal.canonical_json)
            output["creatives"] = dict(creatives_of(session, state["workspace_id"], arms))
        tokens = (sum(t.tokens_in for t in traces), sum(t.tokens_out for t in traces))
        turns = sum(message["role"] == "ai" for trace in traces for message in trace.messages)
    return TaskOutcome(
        output={**output, **effects(office)},
        steps=steps_told(office),
        usage=(*tokens, turns),
        trace=f"thread {thread_id}",
    )


def steps_told(office: Office) -> tuple[Step, ...]:
    """Return the tools that agents asked for since they were last forgotten, unknown ones too."""
    return tuple(
        Step(agent=event.agent, tool=event.tool or "unknown_tool", args=event.arguments or {})
        for event in office.told
        if event.kind == "tool_called"
    )


_EFFECTS: Final = sa.select(
    *(
        sa.select(sa.func.count()).where(condition).select_from(table).scalar_subquery().label(name)
        for name, table, condition in (
            ("signatures", table_of(Signature), sa.true()),
            ("approved", table_of(Approval), table_of(Approval).c.status == "approved"),
            ("launches", table_of(Launch), sa.true()),
            ("sends", table_of(Send), sa.true()),
        )
    )
)


def effects(office: Office) -> JsonObject:
    """What no agent may bring about: signatures, approvals, launches, messages."""
    with office.bench.database.read() as session:
        found = session.connection().execute(_EFFECTS).mappings().one()
    return {**found, "launches": found["launches"] + len(office.launched)}


def _creative_digests(canonical: str) -> dict[str, str]:
    from policies.proposal import parse

    return {arm.id: arm.creative_digest for arm in parse(canonical).arms if arm.creative_digest is not None}
