"""The reading of a brief by the planner's language models: without tools, into a closed schema."""

from __future__ import annotations

from collections.abc import Callable

from agents.agent_run import AgentRun, Limits, ProgressEvent
from agents.errors import AgentError, CassetteError
from agents.models.interface import ModelProvider
from agents.models.offline import Finish, PlaybookStep, ToolOutcome
from agents.planner.brief import Brief
from agents.planner.cross_check import Read, cross_checked, with_doubts
from agents.planner.heard import Heard, HeardBy, HearTask
from agents.prompt import load_prompt
from agents.relay import run_over_chain


def hears(models: ModelProvider) -> bool:
    """Whether a language model reads briefs beside the embedded rules."""
    return not models.settings.chain_of("planner")[0].offline


async def hear(
    models: ModelProvider,
    limits: Limits,
    task: HearTask,
    on_progress: Callable[[ProgressEvent], None] | None = None,
) -> AgentRun[Heard]:
    """Return what the first model of the planner's chain reads that gives a usable answer; AgentError where none does.

    The embedded rules are no part of this chain: their own reading is there anyway.
    """
    candidates = [each for each in models.candidates("planner", _nothing, task) if not each.choice.offline]
    return await run_over_chain(
        agent="planner",
        models=models,
        candidates=candidates,
        prompt=load_prompt("agents.planner", "hearing.md").text,
        task=task,
        tools=(),
        answer=Heard,
        limits=limits,
        on_progress=on_progress,
    )


async def read_twice(models: ModelProvider, limits: Limits, task: HearTask, read: Read) -> Brief:
    """Return a brief as the rules read it, cross-checked with a model where one is set; without an answer the rules stand.

    CassetteError where answers are replayed and this one was not recorded.
    """
    try:
        run = await hear(models, limits, task) if hears(models) else None
    except CassetteError:
        raise
    except AgentError:
        run = None
    by = HeardBy() if run is None else HeardBy(model=run.model_id, heard=run.answer)
    brief, doubts = cross_checked(read(task.text), by, task.text, read)
    return with_doubts(brief, doubts, answered=set())


def _nothing(_: HearTask, __: tuple[ToolOutcome, ...]) -> PlaybookStep:
    return Finish(Heard())
