"""What an approver reads in a client that shows one text: what would run, what it may bring, who signs, where the rest stands."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session

from api.views.numbers import number
from policies.authority import RiskClass
from policies.errors import NotFoundError
from policies.figures import say, show
from policies.proposal import Content, Forecast
from store.repositories.approvals import missing_of
from store.repositories.campaigns import CreativeChangedError
from store.repositories.proposing import creatives_of
from store.repositories.signing import risk_of
from store.tables import Approval
from tools.content.creative import Creative

_ANSWERS = (
    "Accept approves exactly this. Edit may only lower first_step_people, maximum_people and budget_minor. "
    "A response asks for changes, a rejection needs a reason, and ignoring decides nothing."
)


def description_of(session: Session, content: Content, approval: Approval) -> str:
    """Return an approval in Markdown, without anything personal; the words of messages are as they were frozen."""
    envelope = content.envelope
    shown = {name: number(content, getattr(envelope, name)).shown for name in ("budget", "starts", "ends")}
    net = number(content, content.audience.net).shown
    lines = (
        f"**Objective:** {content.objective.quote}",
        f"**Audience:** {net} ({say(content.audience.words, content.figures)})",
        *_messages(session, content, approval.workspace_id),
        f"**Budget:** at most {shown['budget']}",
        f"**Dates:** {shown['starts']} to {shown['ends']}",
        f"**Forecast (80 %):** {'; '.join(_forecast(content, part) for part in content.forecast)}",
        *_risk(approval),
        f"**Signatures missing:** {_missing(session, approval)}",
        f"**Digest:** `{approval.digest}`",
        f"Rules, experiment, worst case, data, consent and what the agents did: `countersign approvals show "
        f"{approval.approval_id}`, or GET /v1/approvals/{approval.approval_id}.",
        f"Nothing is sent before somebody else than the author approves it, until {approval.expires_at.isoformat()}.",
        _ANSWERS,
    )
    return "\n\n".join(lines)


def _messages(session: Session, content: Content, workspace_id: str) -> Iterator[str]:
    by_arm = {arm.id: arm.creative_digest for arm in content.arms if arm.creative_digest is not None}
    channels = {arm.id: arm.channel for arm in content.arms}
    try:
        found = creatives_of(session, workspace_id, by_arm)
    except (NotFoundError, CreativeChangedError) as error:
        yield f"**Messages** cannot be shown: {error.message}"
        return
    for arm, kept in found.items():
        creative = Creative.model_validate(kept)
        yield f"**Message {arm}** ({channels[arm]}): {creative.subject} — {' '.join(creative.body.split())}"


def _forecast(content: Content, part: Forecast) -> str:
    low, median, high = (show(content.figures[ref.figure]) for ref in (part.low, part.median, part.high))
    return f"{part.quantity_id} {low} to {high}, median {median}"


def _risk(approval: Approval) -> Iterator[str]:
    risk = risk_of(approval)
    if risk is not None:
        said = ", ".join(each.words for each in risk.findings if each.contributes is risk.risk)
        yield f"**Risk:** {risk.risk.value}{f' ({said})' if said and risk.risk is not RiskClass.LOW else ''}"


def _missing(session: Session, approval: Approval) -> str:
    missing = missing_of(session, approval)
    return "; ".join(" or ".join(name.replace("_", " ") for name in names) for names in missing) or "none"
