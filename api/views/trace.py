"""What the agents did for a proposal: every tool call, the model that wrote what, tokens and money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue
from sqlmodel import Session

from agents.models.prices import Prices
from api.views.numbers import View
from store.repositories.agent_work import tool_results_of, traces_of
from store.tables import AgentTrace, ToolResult

NOT_PRICED = "not priced"
NOBODY = "no model"
_SHOWN_FIGURES = 6


class ToolCallView(View):
    """One call: what was asked and a line about what came back; the whole result is kept under `digest`."""

    agent: str
    tool: str
    arguments: dict[str, JsonValue]
    result: str
    refused: bool
    digest: str
    duration_ms: int
    called_at: datetime


class MoneyView(View):
    """What tokens cost at the prices set; `amount` in major units, None where a model has no price."""

    amount: str | None
    currency: str | None
    shown: str


class FallbackView(View):
    """A model that gave no usable answer before another took over, and the code of its failure."""

    model: str
    because: str


class AgentView(View):
    """What one agent did: the models that wrote its answers, prompts and runs, its tool calls in order and what it used.

    `fell_back` are the models that were tried in vain; what they used is counted.
    """

    agent: str
    model: str
    prompts: tuple[str, ...]
    runs: int
    duration_ms: int
    tokens_in: int
    tokens_out: int
    money: MoneyView
    tool_calls: tuple[ToolCallView, ...]
    fell_back: tuple[FallbackView, ...] = ()


class UsedView(View):
    """The sum over all agents."""

    models: tuple[str, ...]
    tool_calls: int
    tokens_in: int
    tokens_out: int
    money: MoneyView


def agent_views(
    session: Session, thread_id: str, prices: Prices, currency: str | None = None
) -> tuple[AgentView, ...]:
    """Return what each agent of a thread did, in the order in which they began.

    `currency` is the workspace's, in which nothing is said to have been paid where no price names another.
    """
    calls: dict[str, list[ToolCallView]] = {}
    for result in tool_results_of(session, thread_id):
        calls.setdefault(result.agent, []).append(_call(result))
    runs: dict[str, list[AgentTrace]] = {}
    for trace in traces_of(session, thread_id):
        runs.setdefault(trace.agent, []).append(trace)
    return tuple(
        _agent(name, found, tuple(calls.get(name, ())), prices, currency) for name, found in runs.items()
    )


def campaign_used(
    session: Session, thread_ids: Sequence[str], prices: Prices, currency: str | None = None
) -> UsedView:
    """Add up what the agents used for a campaign, in all its threads."""
    return used_view(
        [view for thread in thread_ids for view in agent_views(session, thread, prices, currency)]
    )


def used_view(agents: Sequence[AgentView]) -> UsedView:
    """Add up what the agents used; one model without a price leaves the sum without one."""
    amounts = [agent.money.amount for agent in agents]
    known = [Decimal(amount) for amount in amounts if amount is not None]
    paid = [agent for agent in agents if agent.money.amount != "0"]
    currencies = sorted({agent.money.currency for agent in paid or agents if agent.money.currency})
    total = sum(known, Decimal(0)) if len(known) == len(amounts) and len(currencies) <= 1 else None
    return UsedView(
        models=tuple(
            sorted({model for agent in agents if agent.model != NOBODY for model in agent.model.split(", ")})
        ),
        tool_calls=sum(len(agent.tool_calls) for agent in agents),
        tokens_in=sum(agent.tokens_in for agent in agents),
        tokens_out=sum(agent.tokens_out for agent in agents),
        money=_money(total, currencies[0] if currencies else None),
    )


def summary(result: dict[str, JsonValue]) -> str:
    """Return a line about a tool's result: its first figures, or how much it holds.

    >>> summary({"quantities": {"audience.net": {"value": 1200, "unit": "people"}}})
    'audience.net 1200 people'
    """
    if set(result) == {"error", "message"}:
        return f"refused: {result['message']}"
    quantities = result.get("quantities")
    parts: list[str] = []
    if isinstance(quantities, dict) and quantities:
        shown = list(quantities.items())[:_SHOWN_FIGURES]
        parts = [f"{name} {one['value']} {one['unit']}" for name, one in shown if isinstance(one, dict)]
        rest = len(quantities) - len(shown)
        parts += [f"and {rest} more figures"] if rest else []
    for name, value in result.items():
        if name == "quantities" or (parts and not isinstance(value, bool)):
            continue
        parts.append(f"{name.replace('_', ' ')}: {_brief(value)}")
    return " · ".join(parts) or "nothing"


def _brief(value: JsonValue) -> str:
    if isinstance(value, list):
        return f"{len(value)}" if value else "none"
    if isinstance(value, dict):
        return f"{len(value)} fields"
    text = "not said" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _call(result: ToolResult) -> ToolCallView:
    return ToolCallView(
        agent=result.agent,
        tool=result.tool,
        arguments=result.arguments,
        result=summary(result.result),
        refused=set(result.result) == {"error", "message"},
        digest=result.digest,
        duration_ms=result.duration_ms,
        called_at=result.called_at,
    )


def _agent(
    name: str,
    runs: Sequence[AgentTrace],
    calls: tuple[ToolCallView, ...],
    prices: Prices,
    currency: str | None,
) -> AgentView:
    costs = [prices.cost(run.model, run.tokens_in, run.tokens_out) for run in runs]
    known = [one for one in costs if one is not None]
    declared = [prices.of(run.model) for run in runs]
    currencies = {price.currency for price in declared if price is not None}
    total = sum(known, Decimal(0)) if len(known) == len(costs) and len(currencies) <= 1 else None
    wrote = [run for run in runs if run.prompt_digest]
    return AgentView(
        agent=name,
        model=", ".join(sorted({run.model for run in wrote})) or NOBODY,
        prompts=tuple(dict.fromkeys(run.prompt_digest for run in wrote)),
        runs=len(runs),
        duration_ms=sum(run.duration_ms for run in runs),
        tokens_in=sum(run.tokens_in for run in runs),
        tokens_out=sum(run.tokens_out for run in runs),
        money=_money(total, min(currencies, default=currency)),
        tool_calls=calls,
        fell_back=tuple(
            FallbackView(model=run.model, because=str(run.messages[-1].get("content", "")))
            for run in runs
            if not run.prompt_digest
        ),
    )


def _money(amount: Decimal | None, currency: str | None) -> MoneyView:
    if amount is None:
        return MoneyView(amount=None, currency=None, shown=NOT_PRICED)
    text = format(amount.normalize(), "f")
    return MoneyView(amount=text, currency=currency, shown=f"{currency} {text}" if currency else text)
