"""How talking begins a thread: a campaign's record as a turn changed it, or as it was before turns that are undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue
from sqlmodel import Session, col, select

from agents.comments.asks import PREFIX
from agents.comments.asks import Reading as ReadBy
from agents.conversation.merging import WORDS, merge_answers
from agents.conversation.questioning import settled
from agents.conversation.wording import reply_language
from agents.keeping import Keeper
from agents.planner.brief import Brief
from agents.planner.parser import merge_answer
from agents.planner.reading import read_brief
from agents.propose.drafts import PlanDraft
from agents.propose.earlier import EDIT, RECORD, EditDraft, edit_of, reading_by, record_of
from agents.propose.facts import ANSWER
from agents.situation import Situation
from agents.state import ProposeState
from agents.thread_beginning import MAXIMUM_BRIEF, carry_comments, keep_thread, take_back
from agents.workbench import Workbench
from policies.errors import ConflictError, InvalidInputError, NotAuthorisedError
from store.repositories.agent_work import add_turn, latest_draft
from store.repositories.campaigns import add_brief, get_brief, get_campaign, point_campaign
from store.repositories.threads import end_waiting
from store.tables import BriefRow, Campaign, Draft
from store.tables.base import JsonObject


class TurnSaid(NamedTuple):
    """A turn as it is kept: its whole text, what it was heard as, and what it changed."""

    text: str
    heard: str
    detail: Mapping[str, JsonValue]


class Version(NamedTuple):
    """A campaign's record at one point of its conversation: its brief, what the thread begins from, the answers after it."""

    brief: BriefRow
    thread_id: str
    base: Brief
    rounds: tuple[JsonObject, ...]

    def record(self, by: ReadBy) -> Brief:
        """Return the record of this version, its answers merged; those to an approver's asks are asked again."""
        record, by = self.base, by._replace(language=reply_language(self.brief.text))
        for answers in self.rounds:
            for answer in answers["answers"]:
                field, text = str(answer["field"]), str(answer["text"])
                if field == WORDS:
                    record = merge_answers(record, text, by)
                elif not field.startswith(PREFIX):
                    record = merge_answer(
                        record, field, text, today=by.today, home_currency=by.currency, policy=by.policy
                    )
        return record


def begin_change(
    bench: Workbench,
    *,
    workspace_id: str,
    user_id: str,
    campaign_id: str,
    thread_id: str | None,
    words: str,
    record: Brief,
    turn: TurnSaid,
    after: Version | None = None,
) -> ProposeState:
    """Begin the thread of a campaign whose record a turn changed; an open proposal is superseded.

    `thread_id` is the campaign's thread that the record was merged with, `words` the part of the turn that it states. With
    `after` the turn first goes back to an earlier version and changes that.
    NotAuthorisedError for anybody but the brief's author; ConflictError where the campaign went on meanwhile or is past
    review; InvalidInputError once the words are too many. Nothing is written then.
    """
    with bench.database.write(durable=True) as session:
        campaign, brief = _present(session, workspace_id, user_id, campaign_id, thread_id)
        parent_thread = thread_id
        if after is not None:
            brief, parent_thread = get_brief(session, workspace_id, after.brief.brief_id), after.thread_id
        text = joined(brief.text, words)
        made = add_brief(
            session,
            brief_id=bench.ids.new(),
            workspace_id=workspace_id,
            conversation_id=brief.conversation_id,
            author_id=brief.author_id,
            text=text,
            record=record.model_dump(mode="json"),
            model=record.model,
            at=bench.clock.now(session),
            parent_brief_id=brief.brief_id,
            parent_thread_id=parent_thread,
        )
        back_to = None if after is None else after.thread_id
        return _begin(bench, session, campaign, made, record, (), turn, user_id, back_to)


def begin_undo(
    bench: Workbench,
    *,
    workspace_id: str,
    user_id: str,
    campaign_id: str,
    thread_id: str | None,
    to: Version,
    turn: TurnSaid,
) -> ProposeState:
    """Begin the thread of a campaign as it was at an earlier version; raises as `begin_change` does."""
    with bench.database.write(durable=True) as session:
        campaign, _ = _present(session, workspace_id, user_id, campaign_id, thread_id)
        brief = get_brief(session, workspace_id, to.brief.brief_id)
        return _begin(bench, session, campaign, brief, to.base, to.rounds, turn, user_id, to.thread_id)


def joined(text: str, words: str) -> str:
    """Return a brief's words with those of a turn after them; InvalidInputError beyond what a brief may have."""
    whole = f"{text}\n{words}"
    if len(whole) > MAXIMUM_BRIEF:
        raise InvalidInputError(
            f"with this turn the campaign's words come to {len(whole)} characters; {MAXIMUM_BRIEF} are allowed. "
            "Say the whole campaign anew in fewer words",
            value=len(whole),
        )
    return whole


def version_before(session: Session, campaign: Campaign, levels: int) -> tuple[Version | None, int]:
    """Return the version of a campaign that so many turns are taken back to, and how many there were to take back.

    An answer to questions is a turn, and so is a change; the brief itself stays.
    """
    if campaign.brief_id is None or campaign.thread_id is None:
        return None, 0
    brief = get_brief(session, campaign.workspace_id, campaign.brief_id)
    thread_id, rounds, taken = campaign.thread_id, _rounds(session, campaign.thread_id), 0
    while taken < levels:
        if rounds:
            rounds.pop()
        elif brief.parent_brief_id is not None and brief.parent_thread_id is not None:
            thread_id = brief.parent_thread_id
            brief = get_brief(session, campaign.workspace_id, brief.parent_brief_id)
            rounds = _rounds(session, thread_id)
        else:
            break
        taken += 1
    if not taken:
        return None, 0
    return Version(brief, thread_id, _base(session, thread_id, brief), tuple(rounds)), taken


def _rounds(session: Session, thread_id: str) -> list[JsonObject]:
    """The answers given in a thread, a round at a time, the oldest first."""
    query = select(Draft).where(Draft.thread_id == thread_id, Draft.kind == ANSWER)
    return [
        {"answers": draft.content["answers"]} for draft in session.exec(query.order_by(col(Draft.draft_id)))
    ]


def _base(session: Session, thread_id: str, brief: BriefRow) -> Brief:
    """The record that a thread began from: the one it was given, else the one that was read first."""
    given = record_of(session, thread_id)
    if given is not None:
        return given
    query = select(Draft).where(Draft.thread_id == thread_id, Draft.kind == "plan")
    first = session.exec(query.order_by(col(Draft.draft_id)).limit(1)).first()
    kept = latest_draft(session, thread_id, "situation")
    if kept is None:
        raise ConflictError(
            f"nothing is kept of the thread {thread_id}; say the change again", value=thread_id
        )
    situation = Situation.model_validate(kept)
    by = reading_by(situation)._replace(language=reply_language(brief.text))
    if first is not None:
        return settled(PlanDraft.model_validate(first.content).brief, by)
    return read_brief(brief.text, today=by.today, home_currency=by.currency, policy=by.policy)


def _present(
    session: Session, workspace_id: str, user_id: str, campaign_id: str, thread_id: str | None
) -> tuple[Campaign, BriefRow]:
    campaign = get_campaign(session, workspace_id, campaign_id)
    if campaign.thread_id != thread_id or campaign.brief_id is None:
        raise ConflictError(
            f"campaign {campaign_id} went on while you spoke; look at it and say it again", value=campaign_id
        )
    brief = get_brief(session, workspace_id, campaign.brief_id)
    if brief.author_id != user_id:
        raise NotAuthorisedError(
            "only the author of a brief changes it by talking, so that others can still approve",
            value=user_id,
        )
    return campaign, brief


def _begin(
    bench: Workbench,
    session: Session,
    campaign: Campaign,
    brief: BriefRow,
    record: Brief,
    rounds: Sequence[JsonObject],
    turn: TurnSaid,
    user_id: str,
    back_to: str | None,
) -> ProposeState:
    workspace_id, at = campaign.workspace_id, bench.clock.now(session)
    edit = _edit_before(session, campaign.thread_id, back_to)
    tone = _tone_before(session, campaign)
    parent = take_back(bench, session, campaign, user_id)
    before, thread_id = campaign.thread_id, bench.ids.new()
    point_campaign(session, campaign, thread_id=thread_id, brief_id=brief.brief_id)
    if before is not None:
        end_waiting(session, before, at)
    keep_thread(session, campaign, brief.author_id, at, reserved=False)
    keeper = Keeper(bench, session, workspace_id, thread_id)
    keeper.draft(RECORD, record)
    for answers in rounds:
        keeper.draft(ANSWER, answers)
    if edit is not None:
        keeper.draft(EDIT, _carried(edit, same_words=record.constraints.tone == tone))
    if parent is not None:
        carry_comments(bench, session, workspace_id, thread_id, parent)
    if brief.conversation_id is not None:
        add_turn(
            session,
            turn_id=bench.ids.new(),
            workspace_id=workspace_id,
            conversation_id=brief.conversation_id,
            speaker="person",
            text=turn.text,
            at=at,
            heard=turn.heard,
            campaign_id=campaign.campaign_id,
            detail=dict(turn.detail),
        )
    bench.audit.append(
        session,
        workspace_id=workspace_id,
        at=at,
        actor=user_id,
        action="campaign.talked_over",
        subject=campaign.campaign_id,
        detail={"heard": turn.heard, "thread": thread_id, "brief": brief.brief_id},
    )
    return ProposeState(
        workspace_id=workspace_id,
        author_id=brief.author_id,
        campaign_id=campaign.campaign_id,
        thread_id=thread_id,
        brief_id=brief.brief_id,
        parent_proposal_id=parent,
        status="sensing",
    )


def _edit_before(session: Session, thread_id: str | None, back_to: str | None) -> EditDraft | None:
    """The edit that a campaign carries on: its thread's, else that of the thread it goes back to, with the editors of both."""
    edits = [
        edit
        for each in dict.fromkeys((thread_id, back_to))
        if each is not None and (edit := edit_of(session, each)) is not None
    ]
    if not edits:
        return None
    editors = dict.fromkeys(editor for edit in edits for editor in edit.editors)
    return edits[0].model_copy(update={"editors": tuple(editors)})


def _tone_before(session: Session, campaign: Campaign) -> str | None:
    draft = None if campaign.thread_id is None else latest_draft(session, campaign.thread_id, "plan")
    return None if draft is None else PlanDraft.model_validate(draft).brief.constraints.tone


def _carried(edit: EditDraft, *, same_words: bool) -> EditDraft:
    """Words that a person edited stay, unless another tone is asked for; who edited stays in any case."""
    return edit if same_words else edit.model_copy(update={"creatives": {}})
