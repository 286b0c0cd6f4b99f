"""The nodes in which agents draft: sense, plan, clarify, segment, write, design_experiment, forecast.

Each is thin: read, call one function, keep the result in one transaction, return ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from langgraph.types import interrupt
from pydantic import BaseModel

from agents.analyst.agent import DesignTask, ForecastTask
from agents.analyst.desk import DesignDesk, DesignFacts, bandit_prior
from agents.comments.asks import asked_of_author
from agents.conversation.assuming import assumed_of, usual_channels
from agents.copywriter.agent import creative_of
from agents.copywriter.guidance import BrandText
from agents.crew import Crew
from agents.keeping import Keeper
from agents.planner.agent import PlannerTask, reading_of
from agents.planner.brief import Brief
from agents.propose.commenting import changes_to_ask, read_comments_once
from agents.propose.drafts import CopyDraft, DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from agents.propose.earlier import KEPT_MESSAGES, BegunWith, begun_with, said_in
from agents.propose.facts import (
    NO_ARM,
    brief_figures,
    plan_dates,
    read_situation,
    rule_figures,
)
from agents.propose.hearing import hear_brief, read_with_answers
from agents.propose.recent import THREADS_HELD, Recent, RecentDrafts
from agents.propose.tasks import copy_task, history_figures
from agents.segmenter.agent import SegmentTask
from agents.segmenter.desk import WarehouseDesk
from agents.situation import Situation
from agents.state import GRAPH_VERSION, ProposeState
from agents.workbench import Workbench
from policies.errors import InvalidInputError
from store.repositories.people import take_snapshot
from store.repositories.proposing import keep_reading, put_creatives
from store.threads import in_thread
from tools.bandits.rewards import reward_for_kpi

BRAND_KINDS = ("brand", "claim")
T = TypeVar("T")


class Drafting:
    """The drafting nodes over one workbench and crew; `drafts` are shared with the deciding nodes."""

    def __init__(self, bench: Workbench, crew: Crew, drafts: RecentDrafts) -> None:
        self.bench = bench
        self.crew = crew
        self.drafts = drafts
        self._begun: Recent[BegunWith] = Recent(THREADS_HELD)
        # design_experiment and forecast of one thread follow each other and calculate with the same facts
        self._facts: tuple[tuple[str, str], DesignFacts] | None = None

    async def sense(self, state: ProposeState) -> ProposeState:
        """Look at what there is to plan with: the brief, actions, rules, logged experiments."""

        def keep() -> tuple[str, Situation]:
            with self._keeper(state) as keeper:
                situation = read_situation(
                    keeper.session, state["workspace_id"], state["brief_id"], keeper.at
                )
                self._begun.put(state["thread_id"], begun_with(keeper.session, state["thread_id"]))
                return keeper.draft("situation", situation).draft_id, situation

        return {
            "graph_version": GRAPH_VERSION,
            "situation_id": await self._keep(keep),
            "status": "drafting",
            "violations": 0,
        }

    async def plan(self, state: ProposeState) -> ProposeState:
        """Let the planner read the brief; questions lead to clarify, a refusal of the whole to the end."""
        situation = await self.drafts.read(state["situation_id"], Situation)
        task = PlannerTask(
            text=situation.brief_text,
            today=situation.today,
            timezone=situation.timezone,
            currency=situation.currency,
            said=await self._said(state, situation),
            record=(await self._begun_with(state)).record,
        )
        heard = None if task.record else await hear_brief(self.bench, self.crew, state, task)
        reading = reading_of(task, situation, lambda asked: read_with_answers(asked, situation, heard))
        run = await self.crew.plan(state["thread_id"], task, situation, reading)
        brief = await self._with_questions(state, situation, reading.brief)

        def keep() -> tuple[str, PlanDraft]:
            with self._keeper(state) as keeper:
                keeper.run(run)
                keeper.figures(
                    {
                        **brief_figures(brief, situation),
                        **rule_figures(situation.rules, situation.currency),
                    }
                )
                keep_reading(
                    keeper.session,
                    state["workspace_id"],
                    brief_id=state["brief_id"],
                    record=brief.model_dump(mode="json"),
                    model=brief.model,
                    campaign_id=state["campaign_id"],
                    campaign_name=_campaign_name(brief),
                )
                draft = PlanDraft(
                    brief=brief,
                    definition=reading.definition,
                    action_ids=run.answer.action_ids,
                    reward_id=reward_for_kpi(brief.kpi.name if brief.kpi else None),
                    rationale=run.answer.rationale,
                    channels=usual_channels(situation.memory, brief, situation.rules.channels),
                    assumed=assumed_of(situation.memory, brief),
                )
                return keeper.draft("plan", draft).draft_id, draft

        draft_id = await self._keep(keep)
        status = {"clarify": "clarifying", "refuse": "refused"}.get(brief.action, "planned")
        return {"plan_id": draft_id, "status": status}  # type: ignore[typeddict-item]

    async def clarify(self, state: ProposeState) -> ProposeState:
        """Wait for the marketer's answers; only an interrupt happens here."""
        interrupt({"kind": "clarify", "plan_id": state["plan_id"], "thread_id": state["thread_id"]})
        return {"status": "drafting"}

    async def segment(self, state: ProposeState) -> ProposeState:
        """Let the segmenter define and count the audience; keep the net people as a snapshot."""
        situation, plan = await self._situation_and_plan(state)
        starts, _ = plan_dates(plan.brief, situation.today)
        arms = (*plan.action_ids, NO_ARM)
        task = SegmentTask(
            definition=plan.definition or "all",
            as_of=starts,
            channels=tuple(plan.channels),
            arm_ids=arms,
            reward_id=plan.reward_id,
        )
        named = {str(figure.value): name for name, figure in brief_figures(plan.brief, situation).items()}
        desk = WarehouseDesk(
            self.bench.database, self.bench.warehouse, state["workspace_id"], situation, task, named
        )
        run = await self.crew.segment(state["thread_id"], task, desk)

        def keep() -> tuple[str, SegmentationDraft]:
            audience = desk.audience(task.definition)
            proposal = desk.segments(task.definition)
            known = {segment.segment_id: segment for segment in proposal.segments}
            if audience.funnel.net == 0:
                raise EmptyAudienceError(
                    f"of {audience.funnel.gross} who match {audience.definition}, nobody may be reached; "
                    "widen the audience or choose other channels",
                    value=audience.definition,
                )
            with self._keeper(state) as keeper:
                keeper.run(run)
                keeper.require_cited(run.answer.rationale)
                take_snapshot(
                    keeper.session,
                    self.bench.warehouse,
                    workspace_id=state["workspace_id"],
                    definition=audience.definition,
                    person_ids=audience.net["person_id"],
                    sha256=audience.snapshot_sha256,
                    at=keeper.at,
                )
                draft = SegmentationDraft(
                    definition=audience.definition,
                    words=desk.words(audience.definition),
                    removed=tuple(step.code for step in audience.funnel.steps),
                    snapshot_sha256=audience.snapshot_sha256,
                    segments=tuple(known[name] for name in run.answer.segment_ids),
                    rationale=run.answer.rationale,
                )
                return keeper.draft("segmentation", draft).draft_id, draft

        return {"segmentation_id": await self._keep(keep), "status": "drafting"}

    async def write(self, state: ProposeState) -> ProposeState:
        """Let the copywriter write one message an arm; an edited proposal keeps the messages that it has.

        Brand documents come to the writer through a closed schema.
        """
        situation, plan = await self._situation_and_plan(state)
        kept = (await self._begun_with(state)).messages
        if kept.keys() >= set(plan.action_ids):
            return {
                "copy_id": await self._keep(lambda: self._keep_messages(state, plan, kept)),
                "status": "drafting",
            }
        passages = await in_thread(self._brand_passages, state["workspace_id"], plan)
        guidance = await self.crew.read_brand(state["thread_id"], BrandText(passages=passages))
        task = copy_task(situation, plan, guidance.answer)
        run = await self.crew.write(state["thread_id"], task)

        def keep() -> tuple[str, CopyDraft]:
            with self._keeper(state) as keeper:
                keeper.run(guidance)
                keeper.run(run)
                keeper.require_cited(run.answer.rationale)
                creatives = {message.arm_id: creative_of(message, task) for message in run.answer.messages}
                digests = {arm: creative.digest() for arm, creative in creatives.items()}
                contents = {digests[arm]: made.model_dump(mode="json") for arm, made in creatives.items()}
                put_creatives(keeper.session, state["workspace_id"], contents, keeper.at)
                draft = CopyDraft(creatives=digests | kept, rationale=run.answer.rationale)
                return keeper.draft("copy", draft).draft_id, draft

        return {"copy_id": await self._keep(keep), "status": "drafting"}

    def _keep_messages(
        self, state: ProposeState, plan: PlanDraft, kept: dict[str, str]
    ) -> tuple[str, CopyDraft]:
        with self._keeper(state) as keeper:
            digests = {arm: kept[arm] for arm in plan.action_ids}
            draft = CopyDraft(creatives=digests, rationale=KEPT_MESSAGES)
            return keeper.draft("copy", draft).draft_id, draft

    async def design_experiment(self, state: ProposeState) -> ProposeState:
        """Let the analyst size the experiment and choose a bandit policy; keep the prior it starts from."""
        facts, plan = await self._design_inputs(state)
        desk = DesignDesk(facts)
        task = DesignTask(
            arm_ids=facts.arm_ids,
            reward_id=plan.reward_id,
            kpi=plan.kpi,
            spend_guardrail=plan.guards_spend,
        )
        run = await self.crew.design(state["thread_id"], task, desk)

        def keep() -> tuple[str, DesignDraft]:
            prior = bandit_prior(facts)
            with self._keeper(state) as keeper:
                keeper.run(run)
                kept = keeper.draft("bandit_prior", prior)
                keeper.figures(history_figures(facts, kept.digest))
                keeper.require_cited(run.answer.rationale, run.answer.hypothesis)
                draft = DesignDraft(
                    **run.answer.model_dump(),
                    features_digest=facts.features.digest,
                    prior_digest=kept.digest,
                    groups=("optimised", "holdout"),
                )
                return keeper.draft("design", draft).draft_id, draft

        return {"design_id": await self._keep(keep), "status": "drafting"}

    async def forecast(self, state: ProposeState) -> ProposeState:
        """Let the analyst forecast the campaign with the chosen policy."""
        facts, plan = await self._design_inputs(state)
        design = await self.drafts.read(state["design_id"], DesignDraft)
        desk = DesignDesk(facts)
        task = ForecastTask(reward_id=plan.reward_id, policy_id=design.policy_id)
        run = await self.crew.forecast(state["thread_id"], task, desk)

        def keep() -> tuple[str, ForecastDraft]:
            made = desk.forecast(design.policy_id)
            with self._keeper(state) as keeper:
                keeper.run(run)
                keeper.require_cited(run.answer.summary)
                draft = ForecastDraft(
                    summary=run.answer.summary, quantities=made.quantities_forecast, method=made.method
                )
                return keeper.draft("forecast", draft).draft_id, draft

        return {"forecast_id": await self._keep(keep), "status": "drafting"}

    @contextmanager
    def _keeper(self, state: ProposeState) -> Iterator[Keeper]:
        """Open the one transaction of a node."""
        with self.bench.database.write() as session:
            yield Keeper(self.bench, session, state["workspace_id"], state["thread_id"])

    async def _keep(self, keep: Callable[[], tuple[str, BaseModel]]) -> str:
        """Run a node's transaction in a thread; hold the draft that it kept and return its id."""
        draft_id, draft = await in_thread(keep)
        self.drafts.put(draft_id, draft)
        return draft_id

    async def _situation_and_plan(self, state: ProposeState) -> tuple[Situation, PlanDraft]:
        situation = await self.drafts.read(state["situation_id"], Situation)
        return situation, await self.drafts.read(state["plan_id"], PlanDraft)

    async def _design_inputs(self, state: ProposeState) -> tuple[DesignFacts, PlanDraft]:
        situation, plan = await self._situation_and_plan(state)
        segmentation = await self.drafts.read(state["segmentation_id"], SegmentationDraft)
        key = (state["plan_id"], state["segmentation_id"])
        if self._facts is None or self._facts[0] != key:
            facts = await in_thread(
                DesignFacts.read,
                self.bench,
                state["workspace_id"],
                situation=situation,
                plan=plan,
                segmentation=segmentation,
            )
            self._facts = (key, facts)
            return facts, plan
        return self._facts[1], plan

    async def _said(self, state: ProposeState, situation: Situation) -> tuple[tuple[str, str], ...]:
        """What was answered so far; only a plan asks, or what came before this thread."""
        if not _has_earlier(state):
            return ()
        await read_comments_once(self.bench, self.crew, state, situation)
        return await in_thread(self._read, said_in, state["thread_id"])

    async def _begun_with(self, state: ProposeState) -> BegunWith:
        """What the thread was begun with, as `sense` saw it."""
        held = self._begun.get(state["thread_id"])
        if held is not None:
            return held
        return await in_thread(self._read, begun_with, state["thread_id"])

    async def _with_questions(self, state: ProposeState, situation: Situation, brief: Brief) -> Brief:
        """The brief as planned, with what an approver asked for put to its author."""
        if not state.get("parent_proposal_id"):
            return brief
        changes = await in_thread(self._read, changes_to_ask, state["thread_id"], brief, situation)
        return asked_of_author(brief, changes)

    def _read(self, question: Callable[..., T], *about: Any) -> T:
        """Ask the store something in a reading session of its own."""
        with self.bench.database.read() as session:
            return question(session, *about)

    def _brand_passages(self, workspace_id: str, plan: PlanDraft) -> tuple[str, ...]:
        asked = f"how we write to customers about {', '.join(plan.action_ids)}"
        hits = self.bench.memory(workspace_id).query(asked, kinds=BRAND_KINDS, limit=4)
        return tuple(hit.document.text for hit in hits)


def _has_earlier(state: ProposeState) -> bool:
    return "plan_id" in state or bool(state.get("parent_proposal_id"))


def _campaign_name(brief: Brief) -> str:
    return (brief.objective or "campaign").replace("_", " ").capitalize()


class EmptyAudienceError(InvalidInputError):
    """Nobody is left whom the campaign may reach."""

    code = "audience_empty"
