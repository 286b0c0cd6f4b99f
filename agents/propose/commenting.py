"""Approvers' comments on their way into a thread: read once, without tools; then asked of the author."""

from __future__ import annotations

from sqlmodel import Session

from agents.comments.asks import Change, ReadComments, open_changes, read_changes
from agents.comments.reader import CommentText
from agents.crew import Crew
from agents.keeping import Keeper
from agents.planner.brief import Brief
from agents.propose.earlier import READ_COMMENTS, comments_of, read_comments_of, reading_by
from agents.propose.facts import answers_of
from agents.situation import Situation
from agents.state import ProposeState
from agents.workbench import Workbench
from store.threads import in_thread


async def read_comments_once(bench: Workbench, crew: Crew, state: ProposeState, situation: Situation) -> None:
    """Let the comment reader read the comments that a thread was begun with, and keep what it found."""
    thread_id = state["thread_id"]

    def waiting() -> tuple[str, ...]:
        with bench.database.read() as session:
            comments = comments_of(session, thread_id)
            if comments is None or read_comments_of(session, thread_id) is not None:
                return ()
            return tuple(one.comment for one in comments.comments)

    texts = await in_thread(waiting)
    if not texts:
        return
    task = CommentText(comments=texts, today=situation.today, currency=situation.currency)
    run = await crew.read_comments(thread_id, task)
    found = read_changes(run.answer, reading_by(situation))

    def keep() -> None:
        with bench.database.write() as session:
            keeper = Keeper(bench, session, state["workspace_id"], thread_id)
            keeper.run(run)
            keeper.draft(READ_COMMENTS, found)

    await in_thread(keep)


def changes_to_ask(
    session: Session, thread_id: str, brief: Brief, situation: Situation
) -> tuple[Change, ...]:
    """Return what an approver asked for that the author has not answered and the brief does not say."""
    comments: ReadComments | None = read_comments_of(session, thread_id)
    if comments is None:
        return ()
    return open_changes(comments, brief, answers_of(session, thread_id), reading_by(situation))
