"""What the workspace may offer, the rules it works under, and how many people a filter reaches."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from api.records.catalogue import actions_of, offers_of
from api.views.case import CaseIn, CaseView, case_view
from api.views.numbers import View
from api.views.rules import RulesView, rules_view
from policies.authority import Action
from policies.errors import InvalidInputError
from policies.figures import money
from policies.workspace_rules import WorkspaceRules
from store.audiences import count_audience
from store.repositories.workspaces import get_workspace, roles_of, users_of
from store.tables import Workspace
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["catalogue"])


class OfferView(View):
    offer_id: str
    name: str
    value: str
    cost: str
    starts_on: date | None
    ends_on: date | None
    eligibility: str


class ActionView(View):
    action_id: str
    name: str
    channel: str
    message_cost: str
    cost_source: str


class OffersView(View):
    """What can be offered, and what may be done for a person."""

    offers: tuple[OfferView, ...]
    actions: tuple[ActionView, ...]


class CountIn(BaseModel):
    """A filter such as `days_since_purchase >= 180`, the channels people must be reachable on, and the day it counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter: str = Field(min_length=1, max_length=4_000)
    channels: tuple[str, ...] = Field(default=("email",), min_length=1)
    as_of: date | None = Field(default=None, ge=date(1970, 1, 1), le=date(2199, 12, 31))


class StepView(View):
    reason_id: str
    words: str
    removed: int
    left: int


class CountView(View):
    """gross = net + the sum of what the steps removed."""

    filter: str
    words: str
    as_of: date
    gross: int
    steps: tuple[StepView, ...]
    net: int


@router.get("/offers")
async def offers(caller: SignedIn) -> OffersView:
    """List offers and actions."""
    caller.require(Action.VIEW)
    return await in_thread(_offers, caller)


@router.get("/policies")
async def rules(caller: SignedIn) -> RulesView:
    """Show every rule in force: the workspace's, the send gate's layers, who may do what."""
    caller.require(Action.VIEW)
    return rules_view((await in_thread(_workspace, caller)).rules)


@router.post("/policies/try")
async def tried(caller: SignedIn, asked: CaseIn) -> CaseView:
    """Say who would have to sign a made-up proposal and why; nothing is proposed."""
    caller.require(Action.VIEW)
    return await in_thread(_tried, caller, asked)


@router.post("/audience/count")
async def count(caller: SignedIn, asked: CountIn) -> CountView:
    """Count whom a filter reaches, with everybody who is left out by reason."""
    caller.require(Action.VIEW)
    return await in_thread(_count, caller, asked)


def _offers(caller: Caller) -> OffersView:
    with caller.app.database.read() as session:
        offers = offers_of(session, caller.workspace_id)
        actions = actions_of(session, caller.workspace_id)
    return OffersView(
        offers=tuple(
            OfferView(
                offer_id=row.offer_id,
                name=row.name,
                value=row.value,
                cost=money(row.cost_minor, row.currency),
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                eligibility=row.eligibility,
            )
            for row in offers
        ),
        actions=tuple(
            ActionView(
                action_id=row.action_id,
                name=row.name,
                channel=row.channel,
                message_cost=money(row.message_cost_minor, row.currency),
                cost_source=row.cost_source,
            )
            for row in actions
        ),
    )


def _tried(caller: Caller, asked: CaseIn) -> CaseView:
    with caller.app.database.read() as session:
        rules = WorkspaceRules.model_validate(get_workspace(session, caller.workspace_id).rules)
        holders = [
            (user.name, frozenset(held.role for held in roles_of(session, user.user_id)))
            for user in users_of(session, caller.workspace_id)
            if user.disabled_at is None
        ]
    return case_view(asked, rules, holders)


def _count(caller: Caller, asked: CountIn) -> CountView:
    workspace = _workspace(caller)
    rules = WorkspaceRules.model_validate(workspace.rules)
    unknown = [name for name in asked.channels if name not in rules.channels]
    if unknown:
        raise InvalidInputError(
            f"the channel {unknown[0]!r} is not used here; channels: {', '.join(rules.channels)}",
            value=unknown[0],
        )
    now = caller.app.clock.now()
    found = count_audience(
        caller.app.database,
        caller.app.warehouse,
        caller.workspace_id,
        definition=asked.filter,
        as_of=asked.as_of or now.astimezone(ZoneInfo(workspace.timezone)).date(),
        channels=asked.channels,
        rules=rules,
    )
    return CountView(
        filter=found.definition,
        words=found.words,
        as_of=found.as_of,
        gross=found.funnel.gross,
        steps=tuple(
            StepView(reason_id=step.code, words=step.words, removed=step.removed, left=step.left)
            for step in found.funnel.steps
        ),
        net=found.funnel.net,
    )


def _workspace(caller: Caller) -> Workspace:
    with caller.app.database.read() as session:
        return get_workspace(session, caller.workspace_id)
