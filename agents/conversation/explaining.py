"""Questions about a plan, answered from what its agents' tools returned; what is not known yet is said to be so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from agents.conversation.replying import Reply, quoted
from agents.conversation.wording import message
from agents.planner.brief import Brief
from agents.propose.drafts import DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from policies.figures import Figure, figures_named

_STATES: Final[Mapping[str, str]] = {
    "draft": "It is a draft: nothing is before an approver.",
    "in_review": "It is before its approvers, and nothing runs until they have countersigned it.",
    "approved": "It is approved and starts by itself.",
}


class Known(NamedTuple):
    """What is known of a campaign: its state, who must still sign, and the drafts of its thread as far as it came."""

    name: str
    state: str
    missing: tuple[str, ...]
    brief: str
    record: Brief
    plan: PlanDraft | None
    segmentation: SegmentationDraft | None
    design: DesignDraft | None
    forecast: ForecastDraft | None
    subjects: Mapping[str, str]
    figures: Mapping[str, Figure]


def explain(topic: str, known: Known, language: str = "en") -> Reply:
    """Answer a question by its topic; an unknown one is told what can be asked. What tools returned is told in English."""
    if topic in ("what_if", "help"):
        return Reply(message(topic, language))
    tell = _TOPICS.get(topic)
    if tell is None:
        return Reply(f"{message('cannot_answer', language, campaign=known.name)} {message('help', language)}")
    figures = dict(known.figures) | _quotes(known)
    sentences = [each for each in tell(known) if figures_named([each]) <= figures.keys()]
    return Reply(" ".join(sentences) or message("not_yet", language), figures, known.brief)


def _quotes(known: Known) -> dict[str, Figure]:
    made: dict[str, Figure] = {}
    for arm, subject in known.subjects.items():
        made |= quoted("copywriter", subject, kind="setting", path=f"subject.{arm}")
    return made


def _people(known: Known) -> Iterable[str]:
    if known.segmentation is not None:
        yield (
            "{figure:audience.net} can be reached, the holdout included, of {figure:audience.gross} who match: "
            f"{known.segmentation.words}."
        )
    yield "The budget pays for {figure:budget.affordable}."


def _segments(known: Known) -> Iterable[str]:
    said = [
        f"{{brief:{slot.span[0]}-{slot.span[1]}}}"
        for name, slot in known.record.slots.items()
        if name.startswith("audience.") and slot.source != "person" and slot.span[1] <= len(known.brief)
    ]
    if known.segmentation is None:
        return
    because = f"You said {' and '.join(said)}, so it is" if said else "It is"
    yield f"{because} for people of whom this holds: {known.segmentation.words}."
    for segment in known.segmentation.segments:
        yield f"{_sentence(segment.words)}: {{figure:segment.{segment.segment_id}.people}}."
    yield known.segmentation.rationale


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _cost(known: Known) -> Iterable[str]:
    yield "The budget is {figure:plan.budget}, and no more than that is ever spent."
    yield "It is expected to cost {figure:forecast.cost.median}, between {figure:forecast.cost.low} and {figure:forecast.cost.high}."
    if known.plan is not None:
        for action in known.plan.action_ids:
            yield f"A message of {action} costs {{figure:action.{action}.message_cost}}."


def _forecast(known: Known) -> Iterable[str]:
    if known.forecast is not None:
        yield known.forecast.summary
        for name in known.forecast.quantities:
            yield (
                f"{_sentence(name)}: {{figure:forecast.{name}.median}}, between {{figure:forecast.{name}.low}} "
                f"and {{figure:forecast.{name}.high}}."
            )


def _dates(known: Known) -> Iterable[str]:
    yield "It runs from {figure:plan.starts} to {figure:plan.ends}."
    assumed = [
        word for word, day in (("start", known.record.start), ("end", known.record.end)) if day is None
    ]
    if assumed:
        yield f"Its {' and '.join(assumed)} you did not say; that is assumed."


def _channels(known: Known) -> Iterable[str]:
    if known.plan is not None and known.plan.channels:
        named = ", ".join(channel.replace("_", "-") for channel in known.plan.channels)
        yield f"It may use {named}{'' if known.record.channels else ', as you named none'}."
    for each in known.plan.assumed if known.plan is not None else ():
        if each.field == "channels":
            yield f"You had it remembered: {each.value}{', which this campaign overrules' if each.overruled else ''}."


def _messages(known: Known) -> Iterable[str]:
    for arm in known.subjects:
        yield f"{arm} has the subject “{{figure:reply.subject.{arm}}}”."


def _experiment(known: Known) -> Iterable[str]:
    yield "{figure:plan.holdout_share} of the people are held out and get nothing, so that what the campaign brings can be told."
    if known.design is not None:
        yield known.design.hypothesis
        yield known.design.rationale


def _plan(known: Known) -> Iterable[str]:
    for tell in (_people, _dates, _channels, _cost, _status):
        yield from list(tell(known))[:1]


def _status(known: Known) -> Iterable[str]:
    words = f"It is {known.state.replace('_', ' ')}."
    yield f"{known.name}: {_STATES.get(known.state, words)}"
    if known.record.questions and known.record.action == "clarify":
        yield "It waits for your answers: " + " ".join(_asked(known.record))
    if known.missing:
        yield f"Still to sign: {' and '.join(role.replace('_', ' ') for role in known.missing)}."


def _asked(record: Brief) -> Iterable[str]:
    return (question.field.replace("_", " ") + "." for question in record.questions)


_TOPICS: Final[Mapping[str, Callable[[Known], Iterable[str]]]] = {
    "people": _people,
    "segments": _segments,
    "cost": _cost,
    "forecast": _forecast,
    "dates": _dates,
    "channels": _channels,
    "messages": _messages,
    "experiment": _experiment,
    "plan": _plan,
    "status": _status,
}
