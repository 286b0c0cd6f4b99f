"""The model that the agents speak with, and whether it answers."""

from __future__ import annotations

import time

from fastapi import APIRouter
from pydantic import BaseModel

from agents.agent_run import Limits
from agents.loop import run_agent
from agents.models.offline import Finish, PlaybookStep, ToolOutcome
from api.http.signing_in import SignedIn
from api.views.numbers import View
from policies.authority import Action

router = APIRouter(prefix="/v1/models", tags=["models"])
_PROMPT = "You are asked whether you work. Answer in the given form, with ready set to true."


class CheckTask(BaseModel):
    """Asks for a sign of life."""

    question: str = "Are you ready?"


class CheckAnswer(BaseModel):
    """The sign of life."""

    ready: bool


class ModelView(View):
    """Which model answers, where, and how long one answer in a schema took."""

    model: str
    kind: str
    where: str
    ready: bool
    seconds: float


@router.get("/check")
async def checked(caller: SignedIn) -> ModelView:
    """Ask the model for one small answer in a schema, as an agent would; 502 or 503 says what is wrong."""
    caller.require(Action.VIEW)
    models = caller.app.models
    task = CheckTask()
    started = time.perf_counter()
    run = await run_agent(
        agent="check",
        model=models.build_model(_playbook, task),
        prompt=_PROMPT,
        task=task,
        tools=(),
        answer=CheckAnswer,
        limits=Limits(max_steps=3, max_tool_calls=0, timeout_s=min(60.0, models.settings.timeout_s)),
        answer_method=models.settings.answer_method,
    )
    settings = models.settings
    return ModelView(
        model=run.model_id,
        kind=settings.kind,
        where="in this process" if settings.kind == "offline" else settings.base_url,
        ready=run.answer.ready,
        seconds=round(time.perf_counter() - started, 3),
    )


def _playbook(task: CheckTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    assert task.question and not outcomes
    return Finish(CheckAnswer(ready=True))
