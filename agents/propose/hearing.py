"""What a brief says: the rules' reading, a language model's beside it, once a thread, and the marketer's answers."""

from __future__ import annotations

from sqlmodel import Session

from agents.conversation.merging import WORDS, merge_answers
from agents.conversation.questioning import is_answered
from agents.crew import Crew
from agents.errors import AgentError, CassetteError
from agents.keeping import Keeper
from agents.planner.agent import PlannerTask
from agents.planner.brief import Brief, Question
from agents.planner.cross_check import cross_checked, with_doubts
from agents.planner.heard import HeardBy, HearTask
from agents.planner.hearing import hears
from agents.planner.parser import language_of, merge_answer
from agents.planner.reading import read_brief
from agents.propose.earlier import reading_by
from agents.situation import Situation
from agents.state import ProposeState
from agents.workbench import Workbench
from store.repositories.agent_work import latest_draft
from store.threads import in_thread

HEARD = "heard"


async def hear_brief(bench: Workbench, crew: Crew, state: ProposeState, task: PlannerTask) -> HeardBy | None:
    """Let the planner's models read the brief; None where only the embedded rules read.

    A model that gives no usable reading is a typed failure in the trace, and the rules' reading stands alone. CassetteError
    where answers are replayed and this one was not recorded: that says nothing of the model.
    """
    thread_id = state["thread_id"]
    if not hears(bench.models):
        return None

    def before() -> HeardBy | None:
        with bench.database.read() as session:
            return heard_in(session, thread_id)

    known = await in_thread(before)
    if known is not None:
        return known
    asked = HearTask(text=task.text, today=task.today, currency=task.currency)
    run, error = None, None
    try:
        run = await crew.hear(thread_id, asked)
    except CassetteError:
        raise
    except AgentError as failure:
        error = failure
    by = HeardBy() if run is None else HeardBy(model=run.model_id, heard=run.answer)

    def keep() -> None:
        with bench.database.write() as session:
            keeper = Keeper(bench, session, state["workspace_id"], thread_id)
            if run is not None:
                keeper.run(run)
            elif error is not None:
                keeper.failures("planner", error.failed)
            keeper.draft(HEARD, by)

    await in_thread(keep)
    return by


def heard_in(session: Session, thread_id: str) -> HeardBy | None:
    """Return what a model read in a thread's brief; None where none was asked."""
    content = latest_draft(session, thread_id, HEARD)
    return None if content is None else HeardBy.model_validate(content)


def read_with_answers(task: PlannerTask, situation: Situation, heard: HeardBy | None = None) -> Brief:
    """Return the record: what the conversation has come to, else the brief as the embedded rules read it with what a model
    read beside them; then the marketer's answers, in order.

    An answer under `words` answers every question that it can. Raises what `merge_answer` does.
    """
    language = language_of(task.text)
    by = reading_by(situation)._replace(language=language)

    def read(text: str) -> Brief:
        return read_brief(
            text, today=task.today, timezone=task.timezone, home_currency=task.currency, policy=by.policy
        )

    brief = task.record or read(task.text)
    doubts: tuple[Question, ...] = ()
    if heard is not None and task.record is None:
        brief, doubts = cross_checked(brief, heard, task.text, read)
        brief = with_doubts(brief, doubts, answered=set())
    answered: set[str] = set()
    for field, text in task.said:
        if field == WORDS:
            brief = merge_answers(brief, text, by)
            said = [name for name, slot in brief.slots.items() if slot.source == "person"]
            answered |= {doubt.field for doubt in doubts if is_answered(doubt.field, said)}
            continue
        answered.add(field)
        brief = merge_answer(
            brief,
            field,
            text,
            today=task.today,
            timezone=task.timezone,
            home_currency=task.currency,
            policy=by.policy,
            language=language,
        )
    return with_doubts(brief, doubts, answered=answered)
