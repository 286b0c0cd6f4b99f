"""A stub that answers over OpenAI's protocol as the embedded rules would: for trying the served path, not a language model.

A request carries an agent's task and the results of its tools as canonical JSON, so each is answered by itself, from nothing
that was asked before. Whatever it writes is named `stub-rules-1`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel, JsonValue, ValidationError

from agents.agent_tool import ToolProblem
from agents.analyst import agent as analyst
from agents.comments.reader import CommentText, comments_playbook
from agents.copywriter import agent as copywriter
from agents.copywriter.guidance import BrandText, guidance_playbook
from agents.errors import ToolRefusedError
from agents.models.offline import Finish, PlaybookStep, ToolOutcome, next_call
from agents.planner import agent as planner
from agents.planner.brief import Brief, BriefError
from agents.planner.heard import AudienceKey, Heard, HearTask
from agents.planner.parser import read_brief
from agents.segmenter import agent as segmenter
from evals.models.openai_server import Call, ChatServer, Document, Reply, fault
from evals.models.scripts import AnyPlaybook
from tools.budget.arithmetic import BudgetPlan
from tools.offers.actions import ActionMatches

STUB_MODEL: Final = "stub-rules-1"
STUB_NOTE: Final = "a stub server, not a language model: it answers by the embedded rules"
CHARACTERS_A_TOKEN: Final = 4
_LONGEST_QUOTE: Final = 400
_GAVE: Final = " gave: "


@dataclass(frozen=True)
class _Duty:
    """A task that agents are given, how the embedded rules do it, and the results of its tools."""

    task: type[BaseModel]
    playbook: AnyPlaybook
    results: Mapping[str, type[BaseModel]] = field(default_factory=dict)


class _Asked(NamedTuple):
    """A tool call that a conversation holds."""

    call_id: str
    name: str
    args: dict[str, JsonValue]


def hear_by_rules(task: HearTask, _: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Answer what the embedded rules read in a brief, each value with the words it was read from."""
    try:
        brief = read_brief(task.text, today=task.today, home_currency=task.currency or None)
    except BriefError:
        return Finish(Heard())
    return Finish(heard_of(brief, task.text))


def heard_of(brief: Brief, text: str) -> Heard:
    """Return a reading in the schema of a model's: what has a place in the text and a field there."""

    def quote(name: str) -> str:
        slot = brief.slots.get(name)
        return "" if slot is None else text[slice(*slot.span)].strip()[:_LONGEST_QUOTE]

    found: dict[str, Any] = {}  # fields of the schema, each of its own type
    if brief.objective and quote("objective"):
        found["objective"] = {"code": brief.objective, "quote": quote("objective")}
    if brief.budget and brief.budget.amount and quote("budget"):
        found["budget"] = {**brief.budget.model_dump(), "quote": quote("budget")}
    for name, day in (("start", brief.start), ("end", brief.end)):
        if day is not None and quote(name):
            found[name] = {"day": day, "quote": quote(name)}
    if quote("channels"):
        found["channels"] = [{"channel": one, "quote": quote("channels")} for one in brief.channels or ()]
    filters = {} if brief.audience is None else brief.audience.model_dump(mode="json")
    found["audience"] = [
        {"key": key, "value": filters[key], "quote": quote(f"audience.{key}")}
        for key in get_args(AudienceKey)
        if isinstance(filters.get(key), int | str) and quote(f"audience.{key}")
    ]
    return Heard.model_validate(found)


_DUTIES: Final = (
    _Duty(HearTask, hear_by_rules),
    _Duty(
        planner.PlannerTask,
        planner.planner_playbook,
        {"read_brief": planner.BriefReading, "find_actions": ActionMatches, "plan_budget": BudgetPlan},
    ),
    _Duty(
        segmenter.SegmentTask,
        segmenter.segmenter_playbook,
        {
            "count_audience": segmenter.AudienceCount,
            "propose_segments": segmenter.SegmentProposal,
            "estimate_responses": segmenter.ResponseEstimates,
        },
    ),
    _Duty(BrandText, guidance_playbook),
    _Duty(CommentText, comments_playbook),
    _Duty(copywriter.CopyTask, copywriter.copywriter_playbook, {"check_messages": copywriter.CopyCheck}),
    _Duty(
        analyst.DesignTask,
        analyst.design_playbook,
        {"size_experiment": analyst.ExperimentSize, "compare_policies": analyst.PolicyValues},
    ),
    _Duty(analyst.ForecastTask, analyst.forecast_playbook, {"forecast_campaign": analyst.ForecastMade}),
    _Duty(analyst.AnalyseTask, analyst.analyse_playbook, {"read_readout": analyst.ReadoutSummary}),
)
_BY_FIELDS: Final = {frozenset(duty.task.model_fields): duty for duty in _DUTIES}


class StubServer(ChatServer):
    """The stub on loopback. It holds nothing between requests and keeps none."""

    fingerprint = STUB_NOTE
    models = (STUB_MODEL,)

    def reply(self, request: Document, headers: Mapping[str, str]) -> Reply:  # every key is taken
        """Return the answer of the embedded rules to one request, HTTP 400 where it holds no agent's task."""
        return stub_reply(request)


def stub_reply(request: Document) -> Reply:
    """Return the answer to one request, as a tool call where tools are offered, else as one JSON object.

    What the rules cannot go on with, since a tool refuses, is declined. Usage counts four characters a token.
    """
    messages = [message for message in request["messages"] if isinstance(message, dict)]
    users = [at for at, message in enumerate(messages) if message.get("role") == "user"]
    task = _object(messages[users[0]].get("content")) if users else None
    if task is None:
        return _form(
            request, "SignOfLife", {"ready": True}, alone=True
        )  # what a server can do is being asked
    duty = _BY_FIELDS.get(frozenset(task))
    if duty is None:
        return Reply(status=400, body=fault("the stub answers tasks of agents only; this is none"))
    try:
        given = duty.task.model_validate(task)
        name, args = next_call(duty.playbook, given, tuple(_outcomes(messages[users[0] + 1 :], duty)))
    except ValidationError as error:
        return Reply(status=400, body=fault(f"the task or a tool's result is not as its type: {error.title}"))
    except ToolRefusedError as error:
        return Reply(refusal=error.message, usage=_usage(request, error.message))
    return _form(request, name, args, alone=not duty.results)


def _form(request: Document, name: str, args: Document, *, alone: bool) -> Reply:
    """The answer in the form that was asked for; `alone` where nothing but the answer can be called."""
    if request.get("tools"):
        return Reply([Call(name, args)], usage=_usage(request, json.dumps(args)))
    text = json.dumps(args if alone else {"tool": name, "arguments": args}, ensure_ascii=False)
    return Reply(text=text, usage=_usage(request, text))


def _outcomes(messages: Sequence[Mapping[str, Any]], duty: _Duty) -> Iterator[ToolOutcome]:
    """The finished tool calls of a conversation, from tool messages or from the plain text that stands for them."""
    waiting: list[_Asked] = []
    for message in messages:
        text = message.get("content") or ""
        if message.get("role") == "assistant":
            waiting = _calls(message, text)
            continue
        if message.get("role") == "tool":
            call = next((one for one in waiting if one.call_id == message.get("tool_call_id")), None)
        else:
            name, gave, text = text.partition(_GAVE)
            call = next((one for one in waiting if gave and one.name == name), None)
        result = None if call is None else _result(duty, call.name, text)
        if call is not None and result is not None:
            yield ToolOutcome(call.name, call.args, result)


def _calls(message: Mapping[str, Any], text: str) -> list[_Asked]:
    asked = message.get("tool_calls") or ()
    if asked:
        calls = [(one["id"], one["function"]) for one in asked]
        return [_Asked(id_, one["name"], _object(one["arguments"]) or {}) for id_, one in calls]
    said = [_object(line) or {} for line in text.splitlines()]
    found = [(one.get("tool"), one.get("arguments")) for one in said]
    return [
        _Asked("", name, args) for name, args in found if isinstance(name, str) and isinstance(args, dict)
    ]


def _result(duty: _Duty, tool: str, text: str) -> BaseModel | None:
    """A tool's typed result; None for what is no result, such as what the loop says of an answer."""
    value = _object(text)
    if value is None or tool not in duty.results:
        return None
    problem = set(value) == set(ToolProblem.model_fields)
    return (ToolProblem if problem else duty.results[tool]).model_validate(value)


def _object(text: object) -> dict[str, JsonValue] | None:
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _usage(request: Document, said: str) -> tuple[int, int]:
    asked = len(json.dumps([request["messages"], request.get("tools")], ensure_ascii=False))
    return asked // CHARACTERS_A_TOKEN, len(said) // CHARACTERS_A_TOKEN + 1
