"""The models that the agents speak with, and what each of them can do."""

from __future__ import annotations

import time

from fastapi import APIRouter

from agents.errors import AgentError
from agents.models.choice import ModelChoice
from agents.models.interface import ModelProvider
from agents.models.probe import Capability
from agents.models.settings import AGENTS
from api.http.signing_in import SignedIn
from api.views.numbers import View
from policies.authority import Action

router = APIRouter(prefix="/v1/models", tags=["models"])
IN_PROCESS = "in this process"


class ProblemView(View):
    """Why a model cannot be used."""

    error: str
    message: str


class ModelView(View):
    """One model: where it is, whether it can be used, how answers are asked of it, and what works, in milliseconds."""

    model: str
    where: str
    ready: bool
    method: str | None
    capabilities: tuple[Capability, ...]
    problem: ProblemView | None
    seconds: float


class ModelsView(View):
    """Every model that some agent may speak with; `agents` says which, in the order in which they are tried."""

    ready: bool
    models: tuple[ModelView, ...]
    agents: dict[str, tuple[str, ...]]


@router.get("/check")
async def checked(caller: SignedIn) -> ModelsView:
    """Ask each model what it can do, in every way an answer may be asked for; ready when every agent has one that works."""
    caller.require(Action.VIEW)
    provider = caller.app.models
    settings = provider.settings
    views = {choice: await _checked(provider, choice) for choice in settings.models}
    chains = {agent: settings.chain_of(agent) for agent in AGENTS}
    return ModelsView(
        ready=all(any(views[choice].ready for choice in chain) for chain in chains.values()),
        models=tuple(views.values()),
        agents={agent: tuple(choice.model_id for choice in chain) for agent, chain in chains.items()},
    )


async def _checked(provider: ModelProvider, choice: ModelChoice) -> ModelView:
    """Ask one model anew, whatever was found out before."""
    started = time.perf_counter()
    found: tuple[Capability, ...] = ()
    ready, method, problem = choice.offline, None, None
    if not choice.offline:
        try:
            capabilities = await provider.capabilities(choice, anew=True)
        except AgentError as error:
            problem = ProblemView(error=error.code, message=error.message)
        else:
            found, ready, method = capabilities.found, capabilities.ready, await provider.method_of(choice)
    return ModelView(
        model=choice.model_id,
        where=IN_PROCESS if choice.offline else provider.settings.address_of(choice),
        ready=ready,
        method=method,
        capabilities=found,
        problem=problem,
        seconds=round(time.perf_counter() - started, 3),
    )
