"""What approvers of the version before asked for, and what the comment reader made of it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from agents.comments.asks import PREFIX
from agents.propose.earlier import comments_of, edit_of, read_comments_of
from agents.propose.facts import answers_of
from api.records.approvals import names_of
from api.views.numbers import View


class CommentView(View):
    """The words of one approver, as data."""

    by: str
    comment: str
    signed_at: datetime


class AskedView(View):
    """One wish: its field, the words that say it, the value that could be typed, and the author's answer."""

    field: str
    wanted: str
    typed: str | None
    answer: str | None


class CommentsView(View):
    """Comments on `proposal_id`; only what the author answered has changed anything."""

    proposal_id: str
    comments: tuple[CommentView, ...]
    asked: tuple[AskedView, ...]


class EditedView(View):
    """Who edited the version before, and the answers that their typed changes became."""

    proposal_id: str
    editors: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]


def comments_view(session: Session, thread_id: str) -> CommentsView | None:
    """Return the comments a thread was begun with; None without any."""
    found = comments_of(session, thread_id)
    if found is None:
        return None
    read = read_comments_of(session, thread_id)
    typed: dict[str, str] = {change.field: change.answer for change in read.changes} if read else {}
    answers = dict(answers_of(session, thread_id))
    names = names_of(session, [one.by for one in found.comments])
    return CommentsView(
        proposal_id=found.proposal_id,
        comments=tuple(
            CommentView(by=names[one.by], comment=one.comment, signed_at=one.signed_at)
            for one in found.comments
        ),
        asked=tuple(
            AskedView(
                field=one.field,
                wanted=one.wanted,
                typed=typed.get(one.field),
                answer=answers.get(PREFIX + one.field),
            )
            for one in (read.asked if read else ())
        ),
    )


def edited_view(session: Session, thread_id: str) -> EditedView | None:
    """Return the edit a thread was begun with; None without one."""
    found = edit_of(session, thread_id)
    if found is None:
        return None
    names = names_of(session, found.editors)
    return EditedView(
        proposal_id=found.proposal_id,
        editors=tuple(names[editor] for editor in found.editors),
        answers=found.answers,
    )
