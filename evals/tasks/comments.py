"""An approver's comment put to the reader of comments: which typed changes the author is asked about."""

from __future__ import annotations

from agents.comments.asks import Reading, read_changes
from agents.comments.reader import CommentText
from agents.planner.brief import BriefPolicy
from evals.harness.case import Case
from evals.tasks.crew import THREAD, TODAY, Equipment
from evals.tasks.outcome import TaskOutcome, steps_of, usage_of


class ReadComment:
    """Let the comment reader read a case's text and type what it asks for."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    async def __call__(self, case: Case, seed: int) -> TaskOutcome:  # nothing here is drawn
        task = CommentText(comments=(case.text,), today=TODAY, currency="USD")
        run = await self._equipment.crew().read_comments(THREAD, task)
        found = read_changes(run.answer, Reading(today=TODAY, currency="USD", policy=BriefPolicy()))
        return TaskOutcome(
            output={"changes": {change.field: change.answer for change in found.changes}},
            steps=steps_of([run]),
            usage=usage_of([run]),
            trace=case.id,
        )
