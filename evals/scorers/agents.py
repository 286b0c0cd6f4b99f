"""Scores of an agent's way: which tools in which order with which arguments, and what it did when one failed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from evals.harness.case import CaseResult, JsonObject, Score, Step, verdict
from evals.scorers.reading import words


def trajectory(result: CaseResult) -> Score:
    """The way keeps its partial order and argument predicates, and the answer cites only what tools returned.

    `expected` may hold `order` (pairs: the first tool before every call of the second), `needs` and `never` (tools),
    `args` ({tool: {argument: value}}, true of some call), `most` (calls in all) and `answer` ({field: value}).
    """
    expected, steps = result.case.expected, result.steps
    called = [step.tool for step in steps]
    problems = [f"it failed: {result.output['failed']}"] if "failed" in result.output else []
    problems += [f"{tool} was not called" for tool in _list(expected, "needs") if tool not in called]
    problems += [f"{tool} was called" for tool in _list(expected, "never") if tool in called]
    problems += _order(expected, called)
    problems += _arguments(expected, steps)
    most = expected.get("most")
    if most is not None and len(called) > int(str(most)):
        problems.append(f"{len(called)} calls, at most {most} are needed")
    problems += _answer(expected, result.output)
    if "unsourced" in result.output:
        problems += [
            f"the answer cites {name}, which no tool returned" for name in words(result.output, "unsourced")
        ]
    return verdict("trajectory", problems, calls=len(called))


def failure_is_typed(result: CaseResult) -> Score:
    """A tool that failed led to an answer without its figures, or to a typed failure; never to figures out of nothing."""
    problems = []
    if not int(str(result.output["fault_seen"])):
        problems.append("the tool that was to fail was never asked")
    if "failed" in result.output:
        if not str(result.output["failed"]):
            problems.append("the failure has no code")
    else:
        problems += [
            f"the answer cites {name}, which no tool returned" for name in words(result.output, "unsourced")
        ]
    return verdict("failure_is_typed", problems)


def few_steps(result: CaseResult) -> Score:
    """The agents needed no more turns of the model and calls of tools than the case allows."""
    turns, calls = int(str(result.case.expected["turns"])), int(str(result.case.expected["calls"]))
    problems = []
    if result.model_calls > turns:
        problems.append(f"{result.model_calls} turns of the model, {turns} are enough")
    if len(result.steps) > calls:
        problems.append(f"{len(result.steps)} calls of tools, {calls} are enough")
    return verdict("few_steps", problems, turns=result.model_calls, calls=len(result.steps))


def _order(expected: JsonObject, called: list[str]) -> list[str]:
    problems = []
    pairs = expected.get("order", [])
    for pair in pairs if isinstance(pairs, list) else []:
        first, second = (str(tool) for tool in pair) if isinstance(pair, list) else ("", "")
        if second in called and first not in called[: called.index(second)]:
            problems.append(f"{second} was called before {first}")
    return problems


def _arguments(expected: JsonObject, steps: tuple[Step, ...]) -> list[str]:
    wanted = expected.get("args", {})
    problems = []
    for tool, args in wanted.items() if isinstance(wanted, dict) else ():
        calls = [step.args for step in steps if step.tool == tool]
        if isinstance(args, dict) and not any(_holds(args, call) for call in calls):
            problems.append(f"no call of {tool} had {args}; it had {calls[:1]}")
    return problems


def _answer(expected: JsonObject, output: JsonObject) -> list[str]:
    wanted, answer = expected.get("answer", {}), output.get("answer", {})
    if not isinstance(wanted, dict) or not isinstance(answer, dict):
        return []
    return [
        f"the answer's {name} is {answer.get(name)!r}, wanted {value!r}"
        for name, value in wanted.items()
        if answer.get(name) != value
    ]


def _holds(wanted: Mapping[str, JsonValue], call: Mapping[str, JsonValue]) -> bool:
    return all(call.get(name) == value for name, value in wanted.items())


def _list(expected: JsonObject, name: str) -> list[str]:
    return words(expected, name) if name in expected else []
