"""Questions about a plan, answered from what its agents' tools returned; what is not known yet is said to be so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from agents.conversation.replying import Reply, quoted
from agents.conversation.wording import answer, message
from agents.planner.brief import Brief
from agents.propose.drafts import DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from policies.figures import Figure, figures_named

Say = Callable[..., str]
"""A sentence by its key, in the marketer's language, with its values."""
_STATES: Final = frozenset({"draft", "in_review", "approved"})


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
    """Answer a question by its topic in a language; an unknown one is told what can be asked.

    Words that tools returned (an audience in the filter language, a hypothesis) stay as they are.
    """
    if topic in ("what_if", "help"):
        return Reply(message(topic, language))
    tell = _TOPICS.get(topic)
    if tell is None:
        return Reply(f"{message('cannot_answer', language, campaign=known.name)} {message('help', language)}")
    figures = dict(known.figures) | _quotes(known)

    def say(name: str, /, **values: str) -> str:
        return answer(name, language, **values)

    sentences = [each for each in tell(known, say) if figures_named([each]) <= figures.keys()]
    return Reply(" ".join(sentences) or message("not_yet", language), figures, known.brief)


def _quotes(known: Known) -> dict[str, Figure]:
    made: dict[str, Figure] = {}
    for arm, subject in known.subjects.items():
        made |= quoted("copywriter", subject, kind="setting", path=f"subject.{arm}")
    return made


def _people(known: Known, say: Say) -> Iterable[str]:
    if known.segmentation is not None:
        yield say("people", words=known.segmentation.words)
    yield say("affordable")


def _segments(known: Known, say: Say) -> Iterable[str]:
    said = [
        f"{{brief:{slot.span[0]}-{slot.span[1]}}}"
        for name, slot in known.record.slots.items()
        if name.startswith("audience.") and slot.source != "person" and slot.span[1] <= len(known.brief)
    ]
    if known.segmentation is None:
        return
    words = known.segmentation.words
    yield (
        say("because", said=f" {say('joined')} ".join(said), words=words)
        if said
        else say("holds", words=words)
    )
    for segment in known.segmentation.segments:
        yield f"{_sentence(segment.words)}: {{figure:segment.{segment.segment_id}.people}}."
    yield known.segmentation.rationale


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _cost(known: Known, say: Say) -> Iterable[str]:
    yield say("budget")
    yield say("cost")
    if known.plan is not None:
        for action in known.plan.action_ids:
            yield say("message_cost", action=action)


def _forecast(known: Known, say: Say) -> Iterable[str]:
    if known.forecast is not None:
        yield known.forecast.summary
        for name in known.forecast.quantities:
            yield say("quantity", name=_sentence(name), key=name)


def _dates(known: Known, say: Say) -> Iterable[str]:
    yield say("runs")
    unsaid = known.record.start is None, known.record.end is None
    if any(unsaid):
        yield say("assumed_both" if all(unsaid) else "assumed_start" if unsaid[0] else "assumed_end")


def _channels(known: Known, say: Say) -> Iterable[str]:
    if known.plan is not None and known.plan.channels:
        named = ", ".join(channel.replace("_", "-") for channel in known.plan.channels)
        yield say("channels" if known.record.channels else "channels_unnamed", named=named)
    for each in known.plan.assumed if known.plan is not None else ():
        if each.field == "channels":
            yield say("overruled" if each.overruled else "remembered", value=f"{each.value}")


def _messages(known: Known, say: Say) -> Iterable[str]:
    for arm in known.subjects:
        yield say("subject", arm=arm)


def _experiment(known: Known, say: Say) -> Iterable[str]:
    yield say("holdout")
    if known.design is not None:
        yield known.design.hypothesis
        yield known.design.rationale


def _plan(known: Known, say: Say) -> Iterable[str]:
    for tell in (_people, _dates, _channels, _cost, _status):
        yield from list(tell(known, say))[:1]


def _status(known: Known, say: Say) -> Iterable[str]:
    state = known.state
    stands = say(state) if state in _STATES else say("state", state=state.replace("_", " "))
    yield f"{known.name}: {stands}"
    if known.record.questions and known.record.action == "clarify":
        yield say(
            "waits", asked=", ".join(question.field.replace("_", " ") for question in known.record.questions)
        )
    if known.missing:
        roles = f" {say('joined')} ".join(role.replace("_", " ") for role in known.missing)
        yield say("sign", roles=roles)


_TOPICS: Final[Mapping[str, Callable[[Known, Say], Iterable[str]]]] = {
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
