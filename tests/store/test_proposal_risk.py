"""The risk of content that is about to be frozen: what was approved before is no longer new."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.authority import RiskAssessment, RiskClass
from policies.proposal import Content, canonical_json, digest_of
from policies.workspace_rules import WorkspaceRules
from store.repositories.proposal_risk import assess_proposal
from store.tables import Campaign, Document, Proposal
from tests.policies.proposal_example import content
from tests.store.approval_desk import OPENED, Desk

RULES = WorkspaceRules()


def used(made: Content) -> list[str]:
    return sorted({arm.creative_digest for arm in made.arms if arm.creative_digest is not None})


def assess(desk: Desk, made: Content, words: str = "Come back.", **changes: object) -> RiskAssessment:
    options = {"discount_percents": [], "rules": RULES, **changes}
    with desk.database.read() as session:
        return assess_proposal(
            session,
            desk.workspace_id,
            made,
            texts=dict.fromkeys(used(made), (words,)),
            **options,  # type: ignore[arg-type]  # by name
        )


def keep(desk: Desk, made: Content, status: str, kind: str = "campaign") -> None:
    """A proposal of this content in the workspace."""
    text = canonical_json(made.model_dump(mode="json", by_alias=True)).decode()
    campaign_id = desk.ids.new()
    with desk.database.write() as session:
        session.add(
            Campaign(
                campaign_id=campaign_id,
                workspace_id=desk.workspace_id,
                name="Earlier",
                author_id=desk.users["Ada"],
                created_at=OPENED,
                changed_at=OPENED,
            )
        )
        session.flush()
        session.add(
            Proposal(
                proposal_id=desk.ids.new(),
                workspace_id=desk.workspace_id,
                campaign_id=campaign_id,
                thread_id=desk.ids.new(),
                author_id=desk.users["Ada"],
                kind=kind,
                status=status,
                digest=digest_of(text),
                canonical_json=text,
                model="test",
                graph_version="1",
                created_at=OPENED,
            )
        )


def test_the_facts_are_those_of_the_content(desk: Desk) -> None:
    made = content()
    assessed = assess(desk, made, discount_percents=[Decimal("12.5"), Decimal(5)])
    assert assessed.value("reach") == made.number(made.envelope.maximum_people)
    assert assessed.value("spend") == made.number(made.envelope.budget)
    assert assessed.value("discount") == "12.5"
    assert assessed.value("new_creatives") == len(used(made)) > 0


@pytest.mark.parametrize(
    ("status", "new"), [("open", True), ("rejected", True), ("approved", False), ("launched", False)]
)
def test_a_creative_is_new_until_a_proposal_with_it_was_approved(desk: Desk, status: str, new: bool) -> None:
    made = content()
    keep(desk, made, status)
    assert bool(assess(desk, made).value("new_creatives")) is new


def test_no_creative_is_approved_by_standing_in_a_policy_change(desk: Desk) -> None:
    made = content()
    keep(desk, made, "launched", kind="policy_change")
    assert assess(desk, made).value("new_creatives") == len(used(made))


@pytest.mark.promise
def test_a_claim_needs_legal_until_it_is_among_the_approved_claims(desk: Desk) -> None:
    made = content()
    assert assess(desk, made, "Risk-free returns.").legal_required
    with desk.database.write() as session:
        session.add(
            Document(
                workspace_id=desk.workspace_id,
                document_id="returns",
                kind="claim",
                title="Returns",
                text="Returns are risk free within thirty days.",
                updated_at=OPENED,
            )
        )
    assert not assess(desk, made, "Risk-free returns.").legal_required


@pytest.mark.promise
def test_an_audience_picked_by_health_is_a_high_risk_whatever_the_workspace_lists(desk: Desk) -> None:
    made = content()
    audience = made.audience.model_copy(update={"definition": "attr.diagnosis = 'asthma'"})
    assessed = assess(
        desk, made.model_copy(update={"audience": audience}), rules=WorkspaceRules(sensitive=())
    )
    assert (assessed.risk, assessed.legal_required) == (RiskClass.HIGH, True)
