"""The reader of approvers' comments: an agent without tools, into a closed schema.

Comments are untrusted text. Only this reader sees them; what goes on from it is typed by the brief parser and asked of the
author, never applied.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.agent_run import Check, ToolCallRecord
from agents.errors import AnswerInvalidError
from agents.models.offline import Finish, PlaybookStep, ToolOutcome
from agents.planner.brief import BriefPolicy
from agents.planner.parser.extract import Extract, extract

CommentField = Literal["budget", "dates", "channels", "audience", "copy", "holdout", "other"]
LONGEST_WANTED = 400
MOST_ASKED = 20
_COPY = re.compile(
    r"\b(?:subject|headline|heading|wording|copy|text|tone|message|preheader|call to action|pushy)\b", re.I
)
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")


class CommentText(BaseModel):
    """The comments to read, as data; relative dates count from `today`."""

    model_config = ConfigDict(frozen=True)

    comments: tuple[str, ...]
    today: date
    currency: str


class Asked(BaseModel):
    """A change that a comment asks for: the field it is about, and the words that say so."""

    model_config = ConfigDict(frozen=True)

    field: CommentField
    wanted: str = Field(max_length=LONGEST_WANTED)


class CommentReading(BaseModel):
    """Everything asked for, in the order it was written."""

    model_config = ConfigDict(frozen=True)

    asked: tuple[Asked, ...] = Field(max_length=MOST_ASKED)


def comments_playbook(task: CommentText, _: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Name the fields of each sentence by what the brief parser reads in it; whatever says nothing is `other`."""
    asked = [
        Asked(field=field, wanted=sentence)
        for comment in task.comments
        for sentence in sentences(comment)
        for field in _fields(sentence, extract(sentence, task.today, task.currency, BriefPolicy()))
    ]
    return Finish(CommentReading(asked=tuple(asked[:MOST_ASKED])))


def check_comments(task: CommentText) -> Check[CommentReading]:
    """Return what a reading is held against: each wish stands in the comments, word for word."""
    said = " ".join(" ".join(task.comments).split()).casefold()

    def check(answer: CommentReading, _: tuple[ToolCallRecord, ...]) -> None:
        for asked in answer.asked:
            if " ".join(asked.wanted.split()).casefold() not in said:
                raise AnswerInvalidError("What is wanted has to be copied from a comment, word for word.")

    return check


def sentences(comment: str) -> list[str]:
    """Return a comment's sentences, each cut to what may be quoted."""
    return [part.strip()[:LONGEST_WANTED] for part in _SENTENCES.split(comment) if part.strip()]


def _fields(sentence: str, found: Extract) -> list[CommentField]:
    read = found.readings
    fields: list[CommentField] = []
    if "budget" in read:
        fields.append("budget")
    if "start" in read or "end" in read:
        fields.append("dates")
    if "channels" in read:
        fields.append("channels")
    if "constraints.holdout" in read:
        fields.append("holdout")
    if found.audience:
        fields.append("audience")
    if _COPY.search(sentence):
        fields.append("copy")
    return fields or ["other"]
