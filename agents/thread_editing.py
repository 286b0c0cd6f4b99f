"""How an edit begins a thread: typed changes to a proposal, checked before anything is written, by an authenticated person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from sqlmodel import Session

from agents.comments.asks import budget_answer, channels_answer, dates_answer, holdout_answer
from agents.copywriter.agent import Message
from agents.keeping import Keeper
from agents.planner.agent import PlannerTask
from agents.planner.brief import Brief, Channel
from agents.propose.earlier import EDIT, RECORD, EditDraft, edit_of, record_of, said_in
from agents.propose.facts import ANSWER, brief_figures
from agents.propose.hearing import heard_in, read_with_answers
from agents.situation import Situation
from agents.state import ProposeState
from agents.thread_beginning import keep_thread, take_back
from agents.workbench import Workbench
from policies.errors import ConflictError, InvalidInputError
from policies.privacy import require_no_address
from policies.proposal import Content, digest_of, parse
from store.repositories.agent_work import latest_draft
from store.repositories.approvals import ApprovalClosedError, DigestChangedError
from store.repositories.campaigns import get_brief, get_campaign, get_proposal
from store.repositories.proposing import creatives_of, put_creatives
from store.tables import BriefRow, Campaign, Proposal
from store.tables.base import JsonObject
from tools.content.creative import Creative, check

Words = Annotated[str, Field(min_length=1, max_length=600)]


class MessageEdit(BaseModel):
    """New words for the parts of one message; link and footer are not for editing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Words | None = None
    preheader: Words | None = None
    heading: Words | None = None
    body: Words | None = None
    call_to_action: Words | None = None

    def changed(self) -> dict[str, str]:
        """Return the new words by part."""
        return {part: text for part, text in self.model_dump().items() if text is not None}


class Edit(BaseModel):
    """Typed changes to a proposal: the budget in minor units, days, the holdout's share (0 to 1), channels, words by arm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget_minor: StrictInt | None = Field(default=None, gt=0, le=10**12)
    starts: date | None = None
    ends: date | None = None
    holdout_share: Decimal | None = Field(default=None, ge=0, lt=1, max_digits=6, decimal_places=4)
    channels: tuple[Channel, ...] | None = Field(default=None, min_length=1, max_length=4)
    messages: Mapping[str, MessageEdit] = Field(default_factory=dict, max_length=50)


class NothingChangedError(InvalidInputError):
    """The edit leaves the proposal as it is."""

    code = "nothing_changed"


class _Change(NamedTuple):
    """A change as an answer about a field of the brief, and the value that must be read in it."""

    field: str
    text: str
    wanted: object


class _Edited(NamedTuple):
    """What an edit comes to: the answers by field, and the messages with the words that are new."""

    answers: tuple[tuple[str, str], ...]
    creatives: dict[str, Creative]
    fields: tuple[str, ...]


def begin_edit(
    bench: Workbench, *, workspace_id: str, user_id: str, proposal_id: str, digest: str, edit: Edit
) -> ProposeState:
    """Take a proposal back and begin the thread of its edited version; both its author and the editor are kept.

    NotFoundError; ApprovalClosedError when it is no longer its campaign's; DigestChangedError when it is not what was
    read; InvalidInputError for a change that cannot be, or none. Nothing is written then.
    """
    with bench.database.write(durable=True) as session:
        proposal = get_proposal(session, workspace_id, proposal_id)
        campaign = _campaign(session, proposal, digest)
        brief = get_brief(session, workspace_id, str(campaign.brief_id))
        before = edit_of(session, proposal.thread_id)
        said = said_in(session, proposal.thread_id)
        record = record_of(session, proposal.thread_id)
        edited = _edited(session, proposal, brief, said, edit, record)
        parent = take_back(bench, session, campaign, user_id)
        campaign.thread_id = bench.ids.new()
        session.flush()
        keep_thread(session, campaign, user_id, bench.clock.now(session), reserved=False)
        keeper = Keeper(bench, session, workspace_id, campaign.thread_id)
        if record is not None:
            keeper.draft(RECORD, record)
        for answers in (said, edited.answers):
            if answers:
                keeper.draft(ANSWER, {"answers": [{"field": field, "text": text} for field, text in answers]})
        digests = {arm: creative.digest() for arm, creative in edited.creatives.items()}
        contents: dict[str, JsonObject] = {
            digests[arm]: creative.model_dump(mode="json") for arm, creative in edited.creatives.items()
        }
        put_creatives(session, workspace_id, contents, keeper.at)
        editors = dict.fromkeys((*(before.editors if before else ()), user_id))
        keeper.draft(
            EDIT,
            EditDraft(
                proposal_id=proposal_id, editors=tuple(editors), answers=edited.answers, creatives=digests
            ),
        )
        bench.audit.append(
            session,
            workspace_id=workspace_id,
            at=keeper.at,
            actor=user_id,
            action="proposal.edited",
            subject=proposal_id,
            detail={
                "digest": proposal.digest,
                "fields": list(edited.fields),
                "thread": campaign.thread_id,
            },
        )
        return ProposeState(
            workspace_id=workspace_id,
            author_id=brief.author_id,
            campaign_id=campaign.campaign_id,
            thread_id=campaign.thread_id,
            brief_id=brief.brief_id,
            parent_proposal_id=parent,
            status="sensing",
        )


def _campaign(session: Session, proposal: Proposal, digest: str) -> Campaign:
    if proposal.kind != "campaign":
        raise InvalidInputError(
            f"proposal {proposal.proposal_id} is a {proposal.kind}; only a campaign's can be edited so",
            value=proposal.kind,
        )
    campaign = get_campaign(session, proposal.workspace_id, proposal.campaign_id)
    if campaign.proposal_id != proposal.proposal_id:
        raise ApprovalClosedError(
            f"proposal {proposal.proposal_id} is {proposal.status}; a newer one took its place, edit that one",
            value=proposal.status,
        )
    if not digest == proposal.digest == digest_of(proposal.canonical_json):
        raise DigestChangedError(
            f"you edited what has digest {digest[:12]}…, the proposal has {proposal.digest[:12]}…; read it again",
            value=digest,
        )
    if campaign.brief_id is None:
        raise ConflictError(f"campaign {campaign.campaign_id} has no brief", value=campaign.campaign_id)
    return campaign


def _edited(
    session: Session,
    proposal: Proposal,
    brief: BriefRow,
    said: tuple[tuple[str, str], ...],
    edit: Edit,
    record: Brief | None,
) -> _Edited:
    content = parse(proposal.canonical_json)
    draft = latest_draft(session, proposal.thread_id, "situation")
    if draft is None:
        raise ConflictError(
            f"nothing is kept of the thread of {proposal.proposal_id}", value=proposal.proposal_id
        )
    situation = Situation.model_validate(draft)
    changes = _changes(content, edit)
    answers = tuple((change.field, change.text) for change in changes.values())
    task = PlannerTask(
        text=brief.text,
        today=situation.today,
        timezone=situation.timezone,
        currency=situation.currency,
        said=(*said, *answers),
        record=record,
    )
    heard = heard_in(session, proposal.thread_id)
    _require_read(read_with_answers(task, situation, heard), situation, changes)
    creatives, changed = _messages(session, proposal, content, edit)
    fields = (*changes, *changed)
    if not fields:
        raise NothingChangedError("the edit changes nothing: every value is what the proposal says already")
    return _Edited(answers, creatives, fields)


def _changes(content: Content, edit: Edit) -> dict[str, _Change]:
    """What differs from the content, by the name of the edit's field."""
    envelope = content.envelope
    changes: dict[str, _Change] = {}
    budget = content.figures[envelope.budget.figure]
    if edit.budget_minor is not None and edit.budget_minor != budget.value:
        text = budget_answer(Decimal(edit.budget_minor) / 100, budget.unit.removeprefix("minor:"))
        changes["budget_minor"] = _Change("budget", text, edit.budget_minor)
    old = (date.fromisoformat(content.text(envelope.starts)), date.fromisoformat(content.text(envelope.ends)))
    new = (edit.starts or old[0], edit.ends or old[1])
    if new[1] < new[0]:
        raise InvalidInputError(
            f"the campaign would end on {new[1]}, before it starts on {new[0]}", value=str(new[1])
        )
    if new != old:
        changes["dates"] = _Change("dates", dates_answer(*new), new)
    shares = {group.id: Decimal(content.text(group.share)) for group in content.experiment.groups}
    if edit.holdout_share is not None and edit.holdout_share != shares.get("holdout"):
        text = holdout_answer(edit.holdout_share)
        changes["holdout_share"] = _Change("constraints.holdout", text, edit.holdout_share)
    used = {arm.channel for arm in content.arms if arm.channel is not None}
    if edit.channels is not None and set(edit.channels) != used:
        changes["channels"] = _Change("channels", channels_answer(edit.channels), set(edit.channels))
    return changes


def _require_read(brief: Brief, situation: Situation, changes: Mapping[str, _Change]) -> None:
    """What was typed must be what the brief parser reads: a change travels as words, and none may be lost on the way."""
    budget = brief_figures(brief, situation).get("plan.budget")
    read: dict[str, object] = {
        "budget_minor": None if budget is None else budget.value,
        "dates": (brief.start, brief.end),
        "holdout_share": brief.constraints.holdout,
        "channels": set(brief.channels or ()),
    }
    for name, change in changes.items():
        if read[name] != change.wanted:
            raise InvalidInputError(
                f"{name} cannot be taken over: {change.text!r} is read as {read[name]}", value=change.text
            )


def _messages(
    session: Session, proposal: Proposal, content: Content, edit: Edit
) -> tuple[dict[str, Creative], list[str]]:
    """Every message of the proposal with its new words, and what changed, as ARM.PART."""
    by_arm = {arm.id: arm.creative_digest for arm in content.arms if arm.creative_digest is not None}
    unknown = sorted(set(edit.messages) - by_arm.keys())
    if unknown:
        raise InvalidInputError(
            f"the proposal has no message for {unknown[0]!r}; it has {', '.join(by_arm)}", value=unknown[0]
        )
    kept = creatives_of(session, proposal.workspace_id, by_arm)
    made, changed = {}, []
    for arm, stored in kept.items():
        creative = Creative.model_validate(stored)
        new = edit.messages[arm].changed() if arm in edit.messages else {}
        differing = {part: text for part, text in new.items() if text != getattr(creative, part)}
        made[arm] = _with_words(creative, differing) if differing else creative
        changed += [f"{arm}.{part}" for part in differing]
    return made, changed


def _with_words(creative: Creative, new: Mapping[str, str]) -> Creative:
    for part, text in new.items():
        require_no_address(f"the {part} of {creative.arm_id}", text)
    parts: tuple[Literal["subject", "preheader", "heading", "body", "call_to_action"], ...] = (
        "subject",
        "preheader",
        "heading",
        "body",
        "call_to_action",
    )
    try:
        words = {part: new.get(part, getattr(creative, part)) for part in parts}
        Message(arm_id=creative.arm_id, **words)
        made = Creative.model_validate({**creative.model_dump(), **words})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(
            f"the {place} of {creative.arm_id} cannot be used: {first['msg']}", value=new.get(place)
        ) from error
    problems = check(made)
    if problems:
        raise InvalidInputError(f"the message cannot be used: {problems[0]}", value=creative.arm_id)
    return made
