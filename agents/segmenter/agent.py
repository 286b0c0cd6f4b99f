"""The segmenter: checks whom the definition means, looks at segments and past responses, and says it in words."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.agent_run import Check, ToolCallRecord
from agents.agent_tool import AgentTool, AnyAgentTool
from agents.checks import require_returned
from agents.errors import AnswerInvalidError
from agents.models.offline import CallTool, Finish, PlaybookStep, ToolOutcome
from agents.prose import Prose
from tools.result import Result


class SegmentTask(BaseModel):
    """What the segmenter is given: the audience of the brief in the filter language, and the arms."""

    model_config = ConfigDict(frozen=True)

    definition: str
    as_of: date
    channels: tuple[str, ...]
    arm_ids: tuple[str, ...]
    reward_id: str


class DefinitionAsked(BaseModel):
    definition: str = Field(
        description="An audience in the filter language, such as days_since_purchase >= 180"
    )


class FunnelStepCounted(BaseModel):
    model_config = ConfigDict(frozen=True)

    reason_id: str
    words: str


class AudienceCount(Result):
    """The funnel: `audience.gross`, `audience.removed.REASON` and `audience.net` are among the quantities."""

    definition: str
    words: str
    removed: tuple[FunnelStepCounted, ...]


class ProposedSegment(BaseModel):
    model_config = ConfigDict(frozen=True)

    segment_id: str
    definition: str
    words: str


class SegmentProposal(Result):
    """Disjoint segments that cover the net audience; `segment.ID.people` are among the quantities."""

    segments: tuple[ProposedSegment, ...]


class Response(BaseModel):
    """A rate in the logged experiment by figure ids: `response.SEGMENT.ARM.rate`, `.low`, `.high`."""

    model_config = ConfigDict(frozen=True)

    segment_id: str
    arm_id: str
    figure: str


class ResponseEstimates(Result):
    """Observed rates per segment and arm with 95 % intervals; `label` says where they were observed."""

    label: str
    responses: tuple[Response, ...]
    best_arm_by_segment: dict[str, str]


class SegmentAnswer(BaseModel):
    """What is worth showing of the audience; `segment_ids` come from `propose_segments`.

    The definition itself is no part of it: it was read from the brief, and stands whatever a model would like it to be.
    """

    model_config = ConfigDict(frozen=True)

    segment_ids: tuple[str, ...]
    rationale: Prose


class AudienceDesk(Protocol):
    """The calculations behind the segmenter's tools."""

    def count(self, definition: str) -> AudienceCount: ...

    def segments(self, definition: str) -> SegmentProposal: ...

    def responses(self, definition: str) -> ResponseEstimates: ...


def check_segments(task: SegmentTask, desk: AudienceDesk) -> Check[SegmentAnswer]:
    """Return what segments are held against: the brief's audience was counted, and has them."""

    def check(answer: SegmentAnswer, calls: tuple[ToolCallRecord, ...]) -> None:
        meant = desk.count(task.definition).definition
        counted = {call.result.definition for call in calls if isinstance(call.result, AudienceCount)}
        if meant not in counted:
            raise AnswerInvalidError(
                f"The audience of the brief was not counted; call count_audience with {task.definition!r}.",
                value=task.definition,
            )
        known = {segment.segment_id for segment in desk.segments(task.definition).segments}
        unknown = [name for name in answer.segment_ids if name not in known]
        if unknown or len(set(answer.segment_ids)) != len(answer.segment_ids):
            raise AnswerInvalidError(
                f"There is no segment {unknown[0]!r}." if unknown else "A segment is named more than once.",
                value=answer.segment_ids,
            )
        require_returned(calls, answer.rationale)

    return check


def segmenter_tools(desk: AudienceDesk) -> list[AnyAgentTool]:
    """Return the segmenter's tools."""

    def count_audience(asked: DefinitionAsked) -> AudienceCount:
        return desk.count(asked.definition)

    def propose_segments(asked: DefinitionAsked) -> SegmentProposal:
        return desk.segments(asked.definition)

    def estimate_responses(asked: DefinitionAsked) -> ResponseEstimates:
        return desk.responses(asked.definition)

    return [
        AgentTool(
            "count_audience",
            "Count who matches a definition and what each reason takes away.",
            DefinitionAsked,
            count_audience,
        ),
        AgentTool(
            "propose_segments",
            "Disjoint segments of a definition, each with its own definition and size.",
            DefinitionAsked,
            propose_segments,
        ),
        AgentTool(
            "estimate_responses",
            "What each segment did under each arm in the logged experiment, with intervals.",
            DefinitionAsked,
            estimate_responses,
        ),
    ]


def segmenter_playbook(task: SegmentTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Count, split, look at the past, answer."""
    results = {outcome.name: outcome.artifact for outcome in outcomes}
    asked = DefinitionAsked(definition=task.definition)
    if "count_audience" not in results:
        return CallTool("count_audience", asked)
    proposed = results.get("propose_segments")
    if "propose_segments" not in results:
        return CallTool("propose_segments", asked)
    if "estimate_responses" not in results:
        return CallTool("estimate_responses", asked)
    segments = proposed.segments if isinstance(proposed, SegmentProposal) else ()
    words = "Of {figure:audience.gross} who match, {figure:audience.net} may be reached."
    words += _largest_in_words(proposed, results["estimate_responses"])
    return Finish(
        SegmentAnswer(
            segment_ids=tuple(segment.segment_id for segment in segments),
            rationale=words,
        )
    )


def _largest_in_words(proposed: BaseModel | None, estimates: BaseModel) -> str:
    if not isinstance(proposed, SegmentProposal) or not isinstance(estimates, ResponseEstimates):
        return ""
    sizes = {
        s.segment_id: int(proposed.quantities[f"segment.{s.segment_id}.people"].value)
        for s in proposed.segments
    }
    largest = max(sizes, key=lambda segment_id: sizes[segment_id], default=None)
    arm = None if largest is None else estimates.best_arm_by_segment.get(largest)
    shown = [r.figure for r in estimates.responses if (r.segment_id, r.arm_id) == (largest, arm)]
    return f" The largest segment answered {arm} best: {{figure:{shown[0]}.rate}} of them." if shown else ""
