"""The risk of a proposal, with what the workspace has approved before taken into account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session

from policies.authority import RiskAssessment, RiskFacts, assess_risk
from policies.authority.claims import sensitive_topics, unproven_claims
from policies.authority.content_risk import risk_facts
from policies.managed import Body, OfferBody, picked_by, shown_texts
from policies.proposal import Content
from policies.workspace_rules import SENSITIVE, WorkspaceRules
from store.bulk import table_of
from store.driver import Prepared
from store.tables import Document, Proposal

CLAIM = "claim"
"""The kind of a document whose words messages may use without asking legal; added at set-up, then by two people only."""
_proposals, _documents = table_of(Proposal).c, table_of(Document).c
_workspace: sa.BindParameter[str] = sa.bindparam("workspace")
_APPROVED_WITH = Prepared(
    sa.select(_proposals.proposal_id)
    .where(
        _proposals.workspace_id == _workspace,
        # the reason of a policy change is free text, and no creative is approved by standing in it
        _proposals.kind != sa.literal("policy_change"),
        _proposals.status.in_((sa.literal("approved"), sa.literal("launched"))),
        _proposals.canonical_json.like(sa.bindparam("holding")),
    )
    .limit(sa.literal(1))
)
_CLAIMS = Prepared(
    sa.select(_documents.text)
    .where(_documents.workspace_id == _workspace, _documents.kind == sa.literal(CLAIM))
    .order_by(_documents.document_id)
)


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


def assess_version(session: Session, workspace_id: str, body: Body, rules: WorkspaceRules) -> RiskAssessment:
    """Decide the risk class of a managed version: its discount, what it claims to customers, whom it picks them by."""
    discount = body.discount_percent if isinstance(body, OfferBody) else None
    facts = RiskFacts(
        discount_percent=discount or Decimal(0),
        new_claims=unproven_claims(shown_texts(body), approved_claims(session, workspace_id)),
        sensitive=sensitive_topics(picked_by(body), dict.fromkeys((*SENSITIVE, *rules.sensitive))),
    )
    return assess_risk(facts, rules.risk)


def approved_creatives(session: Session, workspace_id: str, digests: Collection[str]) -> frozenset[str]:
    """Return which of these creatives stand in a proposal of the workspace that was approved and not taken back."""
    # a digest is hexadecimal, so nothing in it means anything to LIKE
    return frozenset(
        digest
        for digest in digests
        if _APPROVED_WITH.one(session, workspace=workspace_id, holding=f"%{digest}%")
    )


def approved_claims(session: Session, workspace_id: str) -> tuple[str, ...]:
    """Return the texts of the workspace's approved claims."""
    return tuple(text for (text,) in _CLAIMS.rows(session, workspace=workspace_id))
