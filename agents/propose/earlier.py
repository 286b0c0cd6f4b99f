"""What an earlier proposal brings into a thread: an approver's comments, answers that still hold, an edit."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from agents.comments.asks import ReadComments, Reading, as_answers
from agents.planner.brief import Brief
from agents.propose.facts import answers_of, brief_policy
from agents.situation import Situation
from store.repositories.agent_work import latest_draft

COMMENTS = "approver_comments"
READ_COMMENTS = "approver_asks"
EDIT = "edit"
RECORD = "record"
"""The record that a thread begins with, where the conversation has come to one; without it the brief is read."""
KEPT_MESSAGES = "The messages are those of the earlier proposal, with the words that were edited."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ApproverComment(_Part):
    """One approver's request for changes; the words are data and go to the comment reader alone."""

    by: str
    comment: str
    signed_at: datetime


class ApproverComments(_Part):
    proposal_id: str
    comments: tuple[ApproverComment, ...]


class EditDraft(_Part):
    """An edit of `proposal_id`: everybody who edited it or one before it, and the messages as they now read, by arm.

    `answers` are the typed changes as the brief parser reads them; `creatives` holds digests of what was kept.
    """

    proposal_id: str
    editors: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    creatives: dict[str, str]


class BegunWith(NamedTuple):
    """The record that a thread begins with, where there is one, and the digests of messages that an edit keeps, by arm."""

    record: Brief | None
    messages: dict[str, str]


def comments_of(session: Session, thread_id: str) -> ApproverComments | None:
    """Return the comments that a thread was begun with."""
    draft = latest_draft(session, thread_id, COMMENTS)
    return None if draft is None else ApproverComments.model_validate(draft)


def read_comments_of(session: Session, thread_id: str) -> ReadComments | None:
    """Return what was read in a thread's comments; None before, or without any."""
    draft = latest_draft(session, thread_id, READ_COMMENTS)
    return None if draft is None else ReadComments.model_validate(draft)


def record_of(session: Session, thread_id: str) -> Brief | None:
    """Return the record that a thread was begun with; None where its brief is read."""
    draft = latest_draft(session, thread_id, RECORD)
    return None if draft is None else Brief.model_validate(draft)


def edit_of(session: Session, thread_id: str) -> EditDraft | None:
    """Return the edit that a thread was begun with."""
    draft = latest_draft(session, thread_id, EDIT)
    return None if draft is None else EditDraft.model_validate(draft)


def editors_of(session: Session, thread_id: str) -> tuple[str, ...]:
    """Return everybody whose edits a thread carries; they may not sign what comes of it."""
    edit = edit_of(session, thread_id)
    return () if edit is None else edit.editors


def begun_with(session: Session, thread_id: str) -> BegunWith:
    """Return what a thread was begun with; it is written before the first node runs, and never after."""
    edit = edit_of(session, thread_id)
    return BegunWith(record_of(session, thread_id), {} if edit is None else dict(edit.creatives))


def said_in(session: Session, thread_id: str) -> tuple[tuple[str, str], ...]:
    """Return everything answered in a thread, as answers about the brief."""
    return as_answers(answers_of(session, thread_id), read_comments_of(session, thread_id))


def reading_by(situation: Situation) -> Reading:
    """Return how texts are read in a situation."""
    return Reading(situation.today, situation.currency, brief_policy(situation.rules))
