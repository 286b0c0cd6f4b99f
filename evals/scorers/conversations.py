"""The score of a scripted conversation: every turn heard as it should be, and the records at its end."""

from __future__ import annotations

from pydantic import JsonValue

from evals.harness.case import CaseResult, Score, verdict
from evals.harness.errors import ScorerError


def conversation_kept(result: CaseResult) -> Score:
    """Each turn that says how it is heard or what it changes is so, and each campaign ends in its record, no field more or less."""
    problems = []
    said, told = _objects(result.case.data["turns"]), _objects(result.output["turns"])
    for number, (turn, came) in enumerate(zip(said, told, strict=True), start=1):
        if "heard" in turn and turn["heard"] != came["heard"]:
            problems.append(f"turn {number} was heard as {came['heard']}, it is {turn['heard']}")
        changed = turn.get("changed")
        if isinstance(changed, list) and sorted(map(str, changed)) != came["changed"]:
            problems.append(f"turn {number} changed {came['changed']}, it says {changed}")
    wanted, records = _objects(result.case.expected["records"]), _objects(result.output["records"])
    if len(wanted) != len(records):
        problems.append(f"there are {len(records)} campaigns, {len(wanted)} were spoken of")
    for number, (expected, record) in enumerate(zip(wanted, records, strict=False), start=1):
        whole = {"refusals": [], **expected}
        problems += [
            f"campaign {number}: {name} is {record.get(name)!r}, expected {whole.get(name)!r}"
            for name in sorted(whole.keys() | record.keys())
            if whole.get(name) != record.get(name)
        ]
    return verdict("conversation_kept", problems, turns=len(told))


def _objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ScorerError(f"{value!r} should be a list of objects", value=value)
    return [one for one in value if isinstance(one, dict)]
