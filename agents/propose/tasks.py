"""What agents are given and what of it is cited, worked out of a thread's drafts."""

from __future__ import annotations

from agents.analyst.desk import DesignFacts
from agents.conversation.assuming import signature, usual_tone
from agents.copywriter.agent import ArmToWrite, CopyTask
from agents.copywriter.guidance import BrandGuidance
from agents.propose.drafts import PlanDraft
from agents.situation import Situation
from policies.figures import Figure, FigureSource


def copy_task(situation: Situation, plan: PlanDraft, guidance: BrandGuidance) -> CopyTask:
    """Return what the copywriter is asked to write: one message an arm of the plan."""
    return CopyTask(
        objective=plan.brief.objective or "engagement",
        brand=situation.brand,
        link_base=situation.rules.link_base,
        guidance=_in_tone(guidance, plan.brief.constraints.tone or usual_tone(situation.memory)),
        signature=signature(situation.memory),
        arms=tuple(
            ArmToWrite(
                arm_id=action.action_id,
                channel=action.channel,
                product_id=action.product_id,
                product_name=action.product_name,
                product_description=action.product_description,
            )
            for action in situation.actions
            if action.action_id in plan.action_ids
        ),
    )


def _in_tone(guidance: BrandGuidance, asked: str | None) -> BrandGuidance:
    """What the marketer asks for comes before what brand documents say."""
    return (
        guidance if asked is None else BrandGuidance.model_validate({**guidance.model_dump(), "tone": asked})
    )


def history_figures(facts: DesignFacts, prior_digest: str) -> dict[str, Figure]:
    """Return the figures that say what a bandit starts from."""
    source = FigureSource(kind="tool", name="bandit_prior", path="history_rows", digest=prior_digest)
    label = FigureSource(kind="setting", name="logged experiment", path=facts.experiment)
    return {
        "design.history_rows": Figure(value=len(facts.history), unit="people", source=source),
        "evidence.label": Figure(value=facts.label, unit="text", source=label),
    }
