"""A scripted conversation, turn by turn: what each turn was heard as, what it changed, and the records at the end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from agents.comments.asks import Reading
from agents.planner.brief import Brief, BriefPolicy
from evals.harness.case import Case, JsonObject
from evals.harness.errors import CaseFileError
from evals.tasks.outcome import TaskOutcome
from evals.worlds.talk import Talk

_SHOWN = ("objective", "audience", "budget", "start", "end", "channels", "constraints")
_NOT_SCORED = frozenset({"product", "other"})


async def hold_conversation(case: Case, seed: int) -> TaskOutcome:  # noqa: ARG001  # nothing here is drawn
    """Say the turns of a case one after the other, in the setting of its file; the rules alone hear them, whichever model is set."""
    turns, setting = case.data.get("turns"), case.data.get("setting")
    if not isinstance(turns, list) or not isinstance(setting, dict):
        raise CaseFileError(f"{case.id} is no conversation: it has no turns or no setting", value=case.id)
    talk = Talk(reading_of(setting))
    told: list[JsonValue] = []
    for turn in turns:
        if not isinstance(turn, dict) or not isinstance(turn.get("say"), str):
            raise CaseFileError(f"a turn of {case.id} says nothing: {turn!r}", value=case.id)
        heard, changes = talk.say(str(turn["say"]))
        told.append({"heard": heard.kind, "changed": [*sorted({change.field for change in changes})]})
    records: list[JsonValue] = [shown(record) for record in talk.records()]
    return TaskOutcome(output={"turns": told, "records": records}, trace=case.id)


def reading_of(setting: Mapping[str, JsonValue]) -> Reading:
    """Return how texts are read in the setting of a file of conversations."""
    policy = BriefPolicy.model_validate(setting["policy"])
    return Reading(date.fromisoformat(str(setting["today"])), str(setting["currency"]), policy)


def shown(record: Brief) -> JsonObject:
    """Return the fields of a record that a script is about."""
    document = record.model_dump(mode="json")
    found: JsonObject = {name: document[name] for name in _SHOWN}
    found["constraints"] = {k: v for k, v in document["constraints"].items() if k not in _NOT_SCORED}
    if document["budget"] is not None:
        found["budget"] = {name: document["budget"][name] for name in ("amount", "currency")}
    found["refusals"] = [refusal["code"] for refusal in document["refusals"]]
    return found
