"""The loop every agent runs in: a model that calls tools, sees typed results and answers in a schema."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphRecursionError
from langgraph.graph.state import CompiledStateGraph
from langsmith import tracing_context
from pydantic import BaseModel

from agents.agent_run import AgentRun, AnswerT, Check, Limits, ProgressEvent, Retry, as_trace
from agents.agent_tool import AgentTool, AnyAgentTool, canonical_json
from agents.errors import (
    AgentError,
    AgentLimitError,
    AgentSetupError,
    AgentTimeoutError,
    AnswerMissingError,
)
from agents.loop_guard import LoopGuard
from agents.models.interface import served_model_id
from agents.models.prices import Prices
from agents.models.schema import assert_model_safe_schema
from agents.prompt import prompt_digest
from agents.token_stream import Tokens

# The state of LangChain's agents is open by design.
_Agent: TypeAlias = CompiledStateGraph[Any, Any, Any, Any]
_ONCE, _NO_PRICES = Retry(), Prices({})


async def run_agent(
    *,
    agent: str,
    model: BaseChatModel,
    prompt: str,
    task: BaseModel,
    tools: Sequence[AnyAgentTool],
    answer: type[AnswerT],
    limits: Limits,
    on_progress: Callable[[ProgressEvent], None] | None = None,
    check: Check[AnswerT] | None = None,
    retry: Retry = _ONCE,
    prices: Prices = _NO_PRICES,
    timer: Callable[[], float] = time.perf_counter,
) -> AgentRun[AnswerT]:
    """Let an agent work on a task until it gives an answer of the asked type that `check` has nothing against.

    The run happens in an empty context: called from a node it inherits neither the graph's checkpointer nor its
    callbacks, and sends no trace anywhere; what it tells leaves through `on_progress` alone, on the event loop's
    thread. At a timeout a tool that is running in its thread finishes unheard.

    Raises a leaf of AgentError, with `agent` and `trace` filled in, whenever there is no valid answer; what is
    not a CountersignError in a tool or a playbook is a defect and comes through as it is.
    """
    _check(tools, answer)
    served = served_model_id(model)
    guard = LoopGuard(
        agent=agent,
        model_id=served,
        answer_name=answer.__name__,
        limits=limits,
        on_progress=on_progress,
        timer=timer,
        check=check,
        retry=retry,
        prices=prices,
    )
    compiled = _build(model, prompt, tools, answer, guard)
    started = timer()
    guard.emit("started", result=task)
    try:
        parsed = await _answer_of(
            compiled, task, answer, limits, None if on_progress is None else Tokens(guard)
        )
    except AgentError as error:
        error.agent, error.trace = agent, as_trace(guard.messages)
        error.input_tokens, error.output_tokens = guard.input_tokens, guard.output_tokens
        error.duration_s = timer() - started
        raise
    guard.emit("answered", result=parsed)
    return AgentRun(
        agent=agent,
        model_id=served,
        answer=parsed,
        tool_calls=guard.tool_calls,
        messages=as_trace(guard.messages),
        prompt_digest=prompt_digest(prompt),
        steps=guard.steps,
        repairs=guard.repairs,
        input_tokens=guard.input_tokens,
        output_tokens=guard.output_tokens,
        duration_s=timer() - started,
    )


def _check(tools: Sequence[AnyAgentTool], answer: type[BaseModel]) -> None:
    assert_model_safe_schema(answer)
    names = [answer.__name__]
    for tool in tools:
        if not isinstance(tool, AgentTool):
            raise AgentSetupError(
                f"{tool!r} is not an AgentTool; only tools without effects may reach a model.", value=tool
            )
        if tool.name in names:
            raise AgentSetupError(f"Two things of one agent are called {tool.name}.", value=tool.name)
        names.append(tool.name)


def _build(
    model: BaseChatModel,
    prompt: str,
    tools: Sequence[AnyAgentTool],
    answer: type[AnswerT],
    guard: LoopGuard,
) -> _Agent:
    strategy = ToolStrategy(
        answer, tool_message_content="Answer received.", handle_errors=guard.on_invalid_answer
    )
    return create_agent(
        model,
        [tool.as_langchain() for tool in tools],
        system_prompt=prompt,
        middleware=[guard],
        response_format=strategy,
    )


async def _answer_of(
    compiled: _Agent, task: BaseModel, answer: type[AnswerT], limits: Limits, tokens: Tokens | None
) -> AnswerT:
    run = asyncio.create_task(_invoke(compiled, task, limits, tokens), context=contextvars.Context())
    try:
        async with asyncio.timeout(limits.timeout_s) as clock:
            state = await run
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise AgentTimeoutError(
            f"No answer within {limits.timeout_s:g} s; try again or raise the limit.", value=limits.timeout_s
        ) from error
    except GraphRecursionError as error:
        raise AgentLimitError(
            f"No answer in {limits.max_steps} steps; narrow the objective or raise the limit.",
            value=limits.max_steps,
        ) from error
    parsed = state.get("structured_response")
    if not isinstance(parsed, answer):
        raise AnswerMissingError("The model stopped without an answer; try again or choose another model.")
    return parsed


async def _invoke(compiled: _Agent, task: BaseModel, limits: Limits, tokens: Tokens | None) -> dict[str, Any]:
    # A turn is two steps of the graph; the guard's own count is met first and says it in better words.
    config: RunnableConfig = {"recursion_limit": 2 * limits.max_steps + 2}
    if tokens is not None:
        config["callbacks"] = [tokens]
    with tracing_context(enabled=False):
        state: dict[str, Any] = await compiled.ainvoke(
            {"messages": [HumanMessage(canonical_json(task))]}, config=config
        )
    return state
