"""The nodes that decide: check_policies, freeze_proposal, approve, verify_approval, launch. No agent speaks here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from langchain.agents.middleware.human_in_the_loop import ActionRequest, HITLRequest, ReviewConfig
from langgraph.types import interrupt
from sqlmodel import Session

from agents.keeping import Keeper
from agents.propose.content import Drafted, assemble, offers_used
from agents.propose.drafts import (
    CopyDraft,
    DesignDraft,
    ForecastDraft,
    PlanDraft,
    PolicyReport,
    SegmentationDraft,
)
from agents.propose.earlier import editors_of
from agents.propose.recent import THREADS_HELD, Recent, RecentDrafts
from agents.situation import Situation
from agents.state import GRAPH_VERSION, ProposeState
from agents.workbench import Workbench
from delivery.errors import LaunchRefusedError
from policies.authority import RiskAssessment, SignatureFacts, required_signatures
from policies.campaign_rules import RuleInputs, check_campaign
from policies.proposal import Content, digest_of, freeze
from store.repositories.agent_work import figures_of, writers_of
from store.repositories.approval_endings import revoke
from store.repositories.approvals import approval_of_proposal, get_approval, open_approval
from store.repositories.campaigns import get_proposal
from store.repositories.proposal_authors import add_author
from store.repositories.proposal_risk import assess_proposal
from store.repositories.proposing import (
    Opened,
    creatives_of,
    log_frozen,
    opened_by,
    proposed_brief,
    submit_campaign,
)
from store.rows import add_row
from store.tables import Proposal
from store.threads import in_thread
from tools.content.creative import Creative, check

Launcher = Callable[[str], Awaitable[str]]
"""Launch what an approval allows and return the launch id; `delivery.launch`, bound by the composition root."""
MAXIMUM_ROUNDS = 2


class Judged(NamedTuple):
    """What the rules judge and what is then frozen: the same content, with the creatives it names by arm."""

    drafted: Drafted
    content: Content
    creatives: dict[str, Creative]


class Deciding:
    """The deciding nodes over one workbench; `launcher` is the only way to an effect."""

    def __init__(self, bench: Workbench, launcher: Launcher, drafts: RecentDrafts) -> None:
        self.bench = bench
        self.launcher = launcher
        self.drafts = drafts
        # what check_policies judged is what freeze_proposal freezes; after a restart it is put together again
        self._judged: Recent[Judged] = Recent(THREADS_HELD)

    async def check_policies(self, state: ProposeState) -> ProposeState:
        """Assemble the content and judge it by every rule; a violation names the node that must mend it."""

        drafted = await self._drafted(state)

        def keep() -> tuple[str, PolicyReport, Judged]:
            with self.bench.database.write() as session:
                judged = _judge(session, state, drafted)
                report = PolicyReport(results=check_campaign(_rule_inputs(judged)))
                keeper = Keeper(self.bench, session, state["workspace_id"], state["thread_id"])
                return keeper.draft("policy_report", report).draft_id, report, judged

        draft_id, report, judged = await in_thread(keep)
        self._judged.put(_ids(state, draft_id), judged)
        if not report.violations:
            return {"report_id": draft_id, "status": "drafting", "back_to": ""}
        rounds = state.get("violations", 0) + 1
        blocked = rounds > MAXIMUM_ROUNDS
        return {
            "report_id": draft_id,
            "violations": rounds,
            "back_to": "" if blocked else report.violations[0].node,
            "status": "blocked" if blocked else "violating",
        }

    async def freeze_proposal(self, state: ProposeState) -> ProposeState:
        """Freeze the content, put it to its approvers and move the campaign to review, in one durable transaction."""

        judged = self._judged.get(_ids(state, state["report_id"]))
        drafted = await self._drafted(state)

        def keep() -> ProposeState:
            with self.bench.database.write(durable=True) as session:
                opened = opened_by(session, state["thread_id"]) or self._freeze(
                    session, state, judged or _judge(session, state, drafted)
                )
                return {**opened._asdict(), "status": "open"}  # type: ignore[typeddict-item]

        return await in_thread(keep)

    async def approve(self, state: ProposeState) -> ProposeState:
        """Wait for the approvers; only an interrupt happens here, and what it is answered with decides nothing."""
        request = HITLRequest(
            action_requests=[
                ActionRequest(
                    name="launch_campaign",
                    args={
                        "approval_id": state["approval_id"],
                        "proposal_id": state["proposal_id"],
                        "digest": state["digest"],
                    },
                )
            ],
            review_configs=[
                ReviewConfig(
                    action_name="launch_campaign", allowed_decisions=["approve", "edit", "reject", "respond"]
                )
            ],
        )
        interrupt(request)
        return {}

    async def verify_approval(self, state: ProposeState) -> ProposeState:
        """Read the resolution and the digest again from the database: nothing else approves."""

        def read() -> ProposeState:
            with self.bench.database.read() as session:
                proposal = get_proposal(session, state["workspace_id"], state["proposal_id"])
                approval = approval_of_proposal(session, proposal.proposal_id)
                same = (
                    approval is not None
                    and approval.digest
                    == proposal.digest
                    == state["digest"]
                    == digest_of(proposal.canonical_json)
                    and approval.approval_id == state["approval_id"]
                )
                if not same or approval is None:
                    return {"status": "blocked"}
                if approval.status == "pending":
                    return {"status": "open"}
                return {"status": approval.status}  # type: ignore[typeddict-item]

        return await in_thread(read)

    async def launch(self, state: ProposeState) -> ProposeState:
        """Launch what was approved; the ledger sees to it that this happens once.

        What delivery refuses for good (expired, changed, judged by other rules) closes the approval and says why.
        """
        try:
            return {"launch_id": await self.launcher(state["approval_id"]), "status": "launched"}
        except LaunchRefusedError as error:
            await in_thread(self._refuse, state, error.message)
            return {"status": "revoked"}

    def _refuse(self, state: ProposeState, reason: str) -> None:
        with self.bench.database.write(durable=True) as session:
            approval = get_approval(session, state["workspace_id"], state["approval_id"])
            revoke(
                session, self.bench.audit, approval, at=self.bench.clock.now(), actor="system", reason=reason
            )

    def _freeze(self, session: Session, state: ProposeState, judged: Judged) -> Opened:
        content = judged.content
        texts = {
            f"{arm}.{part}": text
            for arm, creative in judged.creatives.items()
            for part, text in creative.texts().items()
        }
        # from the store, since graph state can be edited: the words quoted, and who may not approve
        brief = proposed_brief(
            session,
            state["workspace_id"],
            campaign_id=state["campaign_id"],
            thread_id=state["thread_id"],
            brief_id=state["brief_id"],
        )
        frozen = freeze(content, brief=brief.text, creatives=texts)
        keeper = Keeper(self.bench, session, state["workspace_id"], state["thread_id"])
        made = {
            "proposal_id": keeper.new_id(),
            "workspace_id": state["workspace_id"],
            "campaign_id": state["campaign_id"],
            "thread_id": state["thread_id"],
            "parent_proposal_id": state.get("parent_proposal_id"),
            "author_id": brief.author_id,
            "kind": content.kind,
            "digest": frozen.digest,
            "canonical_json": frozen.canonical_json,
            "model": writers_of(session, state["thread_id"]) or self.bench.models.model_id,
            "graph_version": GRAPH_VERSION,
            "created_at": keeper.at,
        }
        proposal = add_row(session, Proposal, made)
        rules = judged.drafted.situation.rules
        risk = _risk(session, state["workspace_id"], judged)
        approval = open_approval(
            session,
            approval_id=keeper.new_id(),
            proposal=proposal,
            required=required_signatures(content.kind, SignatureFacts(risk.legal_required, risk.risk)),
            at=keeper.at,
            expires_at=keeper.at + timedelta(days=rules.approval_days),
            risk=risk,
            escalate_after=Decimal(rules.escalate_after_share),
        )
        for editor in editors_of(session, state["thread_id"]):
            add_author(session, proposal.proposal_id, editor, "edit")
        submit_campaign(session, state["workspace_id"], state["campaign_id"], proposal.proposal_id, keeper.at)
        log_frozen(session, self.bench.audit, proposal, approval, keeper.at)
        return Opened(proposal.proposal_id, frozen.digest, approval.approval_id)

    async def _drafted(self, state: ProposeState) -> Drafted:
        read = self.drafts.read
        return Drafted(
            situation=await read(state["situation_id"], Situation),
            plan=await read(state["plan_id"], PlanDraft),
            segmentation=await read(state["segmentation_id"], SegmentationDraft),
            copy=await read(state["copy_id"], CopyDraft),
            design=await read(state["design_id"], DesignDraft),
            forecast=await read(state["forecast_id"], ForecastDraft),
        )


def _ids(state: ProposeState, report_id: str) -> tuple[str, ...]:
    """Everything that a judgement was made of, by id."""
    return (
        report_id,
        state["situation_id"],
        state["plan_id"],
        state["segmentation_id"],
        state["copy_id"],
        state["design_id"],
        state["forecast_id"],
    )


def _judge(session: Session, state: ProposeState, drafted: Drafted) -> Judged:
    workspace_id = state["workspace_id"]
    kept = creatives_of(session, workspace_id, drafted.copy.creatives)
    creatives = {arm: Creative.model_validate(content) for arm, content in kept.items()}
    content = assemble(drafted, figures_of(session, state["thread_id"]))
    return Judged(drafted, content, creatives)


def _risk(session: Session, workspace_id: str, judged: Judged) -> RiskAssessment:
    inputs = _rule_inputs(judged)
    return assess_proposal(
        session,
        workspace_id,
        judged.content,
        texts={creative.digest(): tuple(creative.texts().values()) for creative in judged.creatives.values()},
        discount_percents=inputs.discount_percents,
        rules=inputs.rules,
    )


def _rule_inputs(judged: Judged) -> RuleInputs:
    situation, plan = judged.drafted.situation, judged.drafted.plan
    stated = plan.brief.constraints.discount_pct
    discounts = [] if stated is None else [Decimal(stated)]
    discounts += [
        Decimal(offer.discount_percent)
        for offer in offers_used(judged.drafted)
        if offer.discount_percent is not None
    ]
    return RuleInputs(
        content=judged.content,
        rules=situation.rules,
        today=situation.today,
        asked_channels=plan.channels,
        discount_percents=discounts,
        creative_problems=[problem for creative in judged.creatives.values() for problem in check(creative)],
        refused_codes=[refusal.code for refusal in plan.brief.refusals],
    )
