"""The risk of a proposal, with what the workspace has approved before taken into account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from sqlmodel import Session, col, select

from policies.authority import RiskAssessment, assess_risk
from policies.authority.content_risk import risk_facts
from policies.proposal import Content
from policies.workspace_rules import SENSITIVE, WorkspaceRules
from store.tables import Document, Proposal


def assess_proposal(
    session: Session,
    workspace_id: str,
    content: Content,
    *,
    texts: Mapping[str, Sequence[str]],
    discount_percents: Iterable[Decimal],
    rules: WorkspaceRules,
) -> RiskAssessment:
    """Decide the risk class of content that is about to be frozen; `texts` are what customers read, by creative digest.

    What a workspace took off its list of sensitive topics may be targeted, and is still looked for here.
    """
    facts = risk_facts(
        content,
        texts=texts,
        approved_creatives=approved_creatives(session, workspace_id, texts),
        approved_claims=approved_claims(session, workspace_id),
        discount_percents=discount_percents,
        sensitive=dict.fromkeys((*SENSITIVE, *rules.sensitive)),
    )
    return assess_risk(facts, rules.risk)


def approved_creatives(session: Session, workspace_id: str, digests: Collection[str]) -> frozenset[str]:
    """Return which of these creatives stand in a proposal of the workspace that was approved and not taken back."""
    return frozenset(digest for digest in digests if _is_approved(session, workspace_id, digest))


def approved_claims(session: Session, workspace_id: str) -> tuple[str, ...]:
    """Return the texts of the workspace's approved claims."""
    query = select(Document.text).where(Document.workspace_id == workspace_id, Document.kind == "claim")
    return tuple(session.exec(query.order_by(col(Document.document_id))).all())


def _is_approved(session: Session, workspace_id: str, digest: str) -> bool:
    query = select(Proposal.proposal_id).where(
        Proposal.workspace_id == workspace_id,
        col(Proposal.status).in_(("approved", "launched")),
        col(Proposal.canonical_json).contains(digest, autoescape=True),
    )
    return session.exec(query.limit(1)).first() is not None
