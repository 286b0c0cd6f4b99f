"""What `sense` and `plan` read of a workspace, and the figures that brief and rules bring into a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from agents.conversation.assuming import RememberedFact, usual_holdout
from agents.conversation.remembering import UsualHoldout
from agents.planner.brief import Brief, BriefPolicy
from agents.situation import LoggedExperiment, Situation
from policies.errors import InvalidInputError
from policies.figures import Figure, FigureSource
from policies.workspace_rules import RULES_NAME, WorkspaceRules
from store.bulk import table_of
from store.repositories.proposing import brief_text, workspace_facts
from store.repositories.remembered import remembered_for_brief
from store.tables import Draft
from tools.content.plain_words import plain_product_name, plain_sentences
from tools.offers.actions import Action

NO_ARM = "none"
ANSWER = "answer"
_drafts = table_of(Draft).c
_ANSWERS = (
    sa.select(_drafts.content)
    .where(_drafts.thread_id == sa.bindparam("thread"), _drafts.kind == ANSWER)
    .order_by(_drafts.draft_id)
)


def read_situation(session: Session, workspace_id: str, brief_id: str, at: datetime) -> Situation:
    """Return what a campaign is planned with at an instant."""
    found = workspace_facts(session, workspace_id)
    return Situation(
        brief_text=brief_text(session, workspace_id, brief_id),
        brand=found.name,
        today=at.astimezone(ZoneInfo(found.timezone)).date(),
        timezone=found.timezone,
        currency=found.currency,
        rules=WorkspaceRules.model_validate(found.rules),
        actions=tuple(_plainly(Action(**action)) for action in found.actions),
        experiments=tuple(
            LoggedExperiment(
                experiment_id=row["experiment_id"],
                name=row["name"],
                label=str(row["design"].get("outcome_label", "")),
                arms=tuple(row["design"].get("arms", ())),
            )
            for row in found.experiments
        ),
        memory=tuple(
            RememberedFact.model_validate(row)
            for row in remembered_for_brief(session, workspace_id, brief_id)
        ),
    )


@lru_cache(maxsize=1024)
def _plainly(action: Action) -> Action:
    """The action with only those words of its product that name and describe: no agent reads anything else of it."""
    return action.model_copy(
        update={
            "product_name": plain_product_name(action.product_name, action.product_id),
            "product_description": plain_sentences(action.product_description),
        }
    )


def brief_policy(rules: WorkspaceRules) -> BriefPolicy:
    """Return the rules as the brief parser's refusals need them."""
    cap = rules.frequency_cap
    return BriefPolicy.model_validate(
        {
            "discount_ceiling_pct": rules.discount_ceiling_percent,
            "frequency_cap": None if cap is None else cap.model_dump(),
            "quiet_hours_local": (rules.quiet_from, rules.quiet_until),
            "channels": rules.channels,
            "sensitive": rules.sensitive,
        }
    )


def answers_of(session: Session, thread_id: str) -> tuple[tuple[str, str], ...]:
    """Return what the marketer answered to questions in this thread, as (field, text), the oldest first."""
    found = session.connection().execute(_ANSWERS, {"thread": thread_id}).scalars()
    return tuple((str(a["field"]), str(a["text"])) for content in found for a in content["answers"])


def answered_in(session: Session, thread_id: str) -> frozenset[str]:
    """Return the interrupts of this thread that an answer was kept for."""
    found = session.connection().execute(_ANSWERS, {"thread": thread_id}).scalars()
    return frozenset(str(content["interrupt_id"]) for content in found if "interrupt_id" in content)


def plan_dates(brief: Brief, today: date) -> tuple[date, date]:
    """Return the campaign's first and last day; what the brief leaves open is assumed: tomorrow, for two weeks."""
    starts = brief.start or today + timedelta(days=1)
    return starts, brief.end or starts + timedelta(days=13)


def brief_figures(brief: Brief, situation: Situation) -> dict[str, Figure]:
    """Return the figures that a brief states (by span) or that are assumed where it is silent."""
    starts, ends = plan_dates(brief, situation.today)
    figures: dict[str, Figure] = {
        "plan.starts": Figure(
            value=starts.isoformat(), unit="date", source=_said(brief, "start", "assumed: tomorrow")
        ),
        "plan.ends": Figure(
            value=ends.isoformat(), unit="date", source=_said(brief, "end", "assumed: two weeks")
        ),
        "plan.holdout_share": _holdout(brief, situation),
    }
    if brief.budget is not None:
        currency = brief.budget.currency or situation.currency
        if currency != situation.currency:
            raise InvalidInputError(
                f"the budget is in {currency}, the workspace works in {situation.currency}; "
                "say the budget in the workspace's currency",
                value=currency,
            )
        minor = int(Decimal(str(brief.budget.amount)) * 100)
        figures["plan.budget"] = Figure(
            value=minor, unit=f"minor:{currency}", source=_said(brief, "budget", "not stated")
        )
    for slot in brief.slots:
        field = slot.removeprefix("audience.")
        value = getattr(brief.audience, field, None) if slot != field and brief.audience else None
        if isinstance(value, int) and not isinstance(value, bool):
            figures[f"brief.{field}"] = Figure(value=value, unit="days", source=_said(brief, slot, ""))
    return figures


@lru_cache(maxsize=64)
def rule_figures(rules: WorkspaceRules, currency: str) -> Mapping[str, Figure]:
    """Return the figures that the workspace's rules bring into every proposal."""
    money, digest = f"minor:{currency}", rules.digest()

    def rule(field: str, unit: str) -> Figure:
        source = FigureSource(kind="rule", name=RULES_NAME, path=field, digest=digest)
        return Figure(value=getattr(rules, field), unit=unit, source=source)

    ceiling = rule("discount_ceiling_percent", "rate")
    share = str(Decimal(rules.discount_ceiling_percent) / 100)
    return {
        "rule.exploration_share": rule("exploration_share", "rate"),
        "rule.confidence": rule("confidence", "rate"),
        "rule.power": rule("power", "rate"),
        "rule.batch_interval": rule("batch_interval_hours", "hours"),
        "rule.reward_delay": rule("reward_delay_hours", "hours"),
        "rule.seed": rule("seed", "seed"),
        "rule.spend_margin": rule("spend_margin_minor", money),
        "rule.discount_ceiling": ceiling.model_copy(update={"value": share}),
        "rule.no_cost": _rule("doing nothing", "cost", 0, money),
        "rule.ramp_share": _rule("ramp", "single step", "1", "rate"),
    }


def _rule(name: str, path: str, value: int | str, unit: str) -> Figure:
    return Figure(value=value, unit=unit, source=FigureSource(kind="rule", name=name, path=path))


def _holdout(brief: Brief, situation: Situation) -> Figure:
    """The share that is held out: as stated, as the marketer usually wants it, else as the workspace's rules say."""
    stated, usual = brief.constraints.holdout, usual_holdout(situation.memory)
    source = _said(brief, "constraints.holdout", "")
    if stated is None and usual is not None and isinstance(usual.fact, UsualHoldout):
        stated = usual.fact.share
        source = FigureSource(kind="setting", name="remembered", path=usual.remembered_id)
    if stated is None:
        return situation.rules.figure("holdout_share", "rate")
    return Figure(value=format(Decimal(str(stated)).normalize(), "f"), unit="rate", source=source)


def _said(brief: Brief, field: str, otherwise: str) -> FigureSource:
    slot = brief.slots.get(field)
    if slot is None:
        return FigureSource(kind="setting", name="plan", path=otherwise or field)
    start, end = slot.span
    place = "answer " if slot.source == "person" else ""
    return FigureSource(kind="brief", name=field, path=f"{place}{start}-{end}")
