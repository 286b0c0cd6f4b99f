"""Who reads the briefs of a run, by the model's name."""

from __future__ import annotations

from agents.planner.brief import MODEL_NAME, Brief, BriefError, Question
from agents.planner.reading import read_brief
from evals.core.case import BriefCase, Meta
from evals.core.run import ReadBrief
from evals.errors import ModelUnknownError

OFFLINE = "offline"


def reader(model: str) -> tuple[str, ReadBrief]:
    """The full name of a model and its reader; ModelUnknownError for one that is not offered."""
    if model != OFFLINE:
        raise ModelUnknownError(
            f"The model {model!r} cannot be evaluated here yet; use --model {OFFLINE}.", value=model
        )

    def read(case: BriefCase, meta: Meta) -> Brief:
        try:
            return read_brief(case.text, today=meta.today, timezone=meta.timezone, policy=meta.policy)
        except BriefError as error:
            # A text that cannot be read at all is answered with a question, as the product does.
            return Brief(
                action="clarify",
                questions=[Question(field="objective", question=error.message, suggestion="")],
            )

    return MODEL_NAME, read
