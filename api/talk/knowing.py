"""What a conversation knows: of a campaign's plan from its thread, of earlier campaigns from their readouts."""

from __future__ import annotations

from sqlmodel import Session

from agents.conversation.addressing import matching
from agents.conversation.explaining import Known
from agents.conversation.replying import Reply, quoted
from agents.conversation.standing import Spoken
from agents.conversation.vocabulary import tokens_of, vocabulary
from agents.conversation.wording import answer
from agents.planner.brief import Brief
from agents.propose.drafts import CopyDraft, DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from api.reviews import reviewed
from policies.figures import Figure
from store.repositories.agent_work import figures_of, latest_draft
from store.repositories.approvals import approval_of_proposal, missing_of
from store.repositories.campaigns import get_brief, list_campaigns, measured_campaigns
from store.repositories.proposing import creatives_of
from store.tables import Campaign
from tools.content.creative import Creative

_SHORTEST = 3


def known_of(session: Session, campaign: Campaign, spoken: Spoken) -> Known:
    """Return what the thread of a campaign has come to, as far as it came."""
    thread_id = campaign.thread_id or ""

    plan, segmentation, design, forecast, copy = (
        latest_draft(session, thread_id, kind)
        for kind in ("plan", "segmentation", "design", "forecast", "copy")
    )
    subjects: dict[str, str] = {}
    if copy is not None:
        kept = creatives_of(session, campaign.workspace_id, CopyDraft.model_validate(copy).creatives)
        subjects = {arm: Creative.model_validate(content).subject for arm, content in kept.items()}
    approval = approval_of_proposal(session, campaign.proposal_id) if campaign.proposal_id else None
    waits = approval is not None and approval.status == "pending"
    return Known(
        name=campaign.name,
        state=campaign.state,
        missing=tuple(" or ".join(need) for need in missing_of(session, approval))
        if approval and waits
        else (),
        brief=spoken.text,
        record=spoken.record,
        plan=None if plan is None else PlanDraft.model_validate(plan),
        segmentation=None if segmentation is None else SegmentationDraft.model_validate(segmentation),
        design=None if design is None else DesignDraft.model_validate(design),
        forecast=None if forecast is None else ForecastDraft.model_validate(forecast),
        subjects=subjects,
        figures=figures_of(session, thread_id),
    )


def result_of(
    session: Session, workspace_id: str, text: str, current: str | None, language: str = "en"
) -> Reply:
    """Answer how an earlier campaign did, by its readout; what was not measured is said not to be known."""
    measured = [_spoken(session, row) for row in measured_campaigns(session, workspace_id)]
    others = [_spoken(session, row) for row in list_campaigns(session, workspace_id)]
    names = _names(text)
    if not measured:
        known = matching(names, others)
        told = (
            answer("not_measured", language, campaign=known[0].name)
            if known
            else answer("none_measured", language)
        )
        return Reply(f"{told} {answer('measured_later', language)}")
    newest_last = measured[::-1]
    found = matching(names, newest_last) if names else []
    if not found and matching(names, others):
        return Reply(answer("not_measured", language, campaign=matching(names, others)[0].name))
    if not found:
        found = [each for each in measured if each.campaign_id == current] or measured[:1]
    if len(found) > 1:
        found = found[-1:]  # of several that fit, the newest
    return _told(session, workspace_id, found[0], language)


def _told(session: Session, workspace_id: str, campaign: Spoken, language: str) -> Reply:
    review = reviewed(session, workspace_id, campaign.campaign_id)
    if review is None:
        return Reply(answer("analyst_waits", language, campaign=campaign.name))
    record = review.record
    figures: dict[str, Figure] = dict(review.figures)
    figures |= quoted("readout", record.label, kind="tool", path="label", digest=record.digest)
    figures |= quoted("readout", record.verdict, kind="tool", path="verdict", digest=record.digest)
    text = f"{review.campaign}: {{figure:reply.verdict}}. {review.findings.summary} {answer('measures', language)}"
    return Reply(text, figures)


def _names(text: str) -> list[str]:
    """The words that may name a campaign: those that only ask are left out."""
    tokens, words, found, at = tokens_of(text), vocabulary(), list[str](), 0
    while at < len(tokens):
        asks = next(
            (
                each
                for category in ("result", "question_words", "fillers", "campaign_nouns", "articles")
                if (each := words.at(category, tokens, at)) is not None
            ),
            None,
        )
        if asks is None and len(tokens[at].word) >= _SHORTEST:
            found.append(tokens[at].word)
        at = asks.last if asks is not None else at + 1
    return found


def _spoken(session: Session, campaign: Campaign) -> Spoken:
    text = ""
    if campaign.brief_id is not None:
        text = get_brief(session, campaign.workspace_id, campaign.brief_id).text
    return Spoken(campaign.campaign_id, campaign.name, text, Brief(action="plan"))
