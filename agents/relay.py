"""A run of an agent over a chain of models: the first usable answer wins and carries its writer's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel

from agents.agent_run import AgentRun, AnswerT, Check, FailedAttempt, Limits, ProgressEvent, Retry
from agents.agent_tool import AnyAgentTool
from agents.errors import AgentError, AgentSetupError, CassetteError, ModelUnavailableError
from agents.loop import run_agent
from agents.models.interface import Candidate, ModelProvider
from agents.retrying import patiently

Listener = Callable[[ProgressEvent], None]


async def run_over_chain(
    *,
    agent: str,
    models: ModelProvider,
    candidates: Sequence[Candidate],
    prompt: str,
    task: BaseModel,
    tools: Sequence[AnyAgentTool],
    answer: type[AnswerT],
    limits: Limits,
    check: Check[AnswerT] | None = None,
    on_progress: Listener | None = None,
) -> AgentRun[AnswerT]:
    """Run an agent with one model after the other until one gives a usable answer, within `limits` each.

    Each begins anew: nothing that a failed model wrote is seen by the next. Raises the last model's failure, with what
    the others used before it in `failed`. A mistake in how the agent is put together is raised at once, and so is a recording
    without an answer: to go on would be another run than the one recorded.
    """
    settings = models.settings
    retry = Retry(settings.max_retries, settings.retry_delay_s)
    failed: list[FailedAttempt] = []
    for place, candidate in enumerate(candidates):
        others = candidates[place + 1 :]
        if candidate.rests and any(not other.rests for other in others):
            failed.append(FailedAttempt(candidate.model_id, ModelUnavailableError.code))
            _tell(on_progress, agent, candidate, ModelUnavailableError.code)
            continue
        try:
            model = await patiently(candidate.build, retry, lambda _: None)
            run = await run_agent(
                agent=agent,
                model=model,
                prompt=prompt,
                task=task,
                tools=tools,
                answer=answer,
                limits=limits,
                check=check,
                retry=retry,
                prices=models.prices,
                on_progress=on_progress,
            )
        except (AgentSetupError, CassetteError):
            raise
        except AgentError as error:
            models.note_failure(candidate.choice, error)
            error.agent = agent
            if not others:
                error.failed = (*failed, _attempt(candidate, error))
                raise
            failed.append(_attempt(candidate, error))
            _tell(on_progress, agent, candidate, error.code)
            continue
        return run.after(failed)
    raise AgentSetupError(f"The {agent} has no model.", value=agent)


def _attempt(candidate: Candidate, error: AgentError) -> FailedAttempt:
    return FailedAttempt(
        candidate.model_id,
        error.code,
        error.trace,
        error.input_tokens,
        error.output_tokens,
        error.duration_s,
    )


def _tell(on_progress: Listener | None, agent: str, candidate: Candidate, code: str) -> None:
    if on_progress is not None:
        event = ProgressEvent(agent=agent, model=candidate.model_id, kind="fallback", step=0, detail=code)
        on_progress(event)
