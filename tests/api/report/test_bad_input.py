"""Hostile or contradictory input to the report."""

from __future__ import annotations

import pytest

from agents.analyst.agent import NextProposal
from api.report.build import render_report
from api.report.context import ReportMismatchError, Signed
from tests.api.report.sample import (
    ARMS,
    BRIEF,
    CONTEXT,
    FIGURES,
    FINDINGS,
    STARTS,
    batches,
    content,
    digest_of_content,
    record,
)

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>{{ 7*7 }}</text></svg>'


def test_text_of_users_agents_and_rules_is_escaped() -> None:
    planned = content()
    planned = planned.model_copy(
        update={"objective": planned.objective.model_copy(update={"quote": HOSTILE})}
    )
    signed = Signed(name=HOSTILE, roles=(HOSTILE,), signed_at=STARTS, limits=HOSTILE, comment=HOSTILE)
    context = CONTEXT.model_copy(
        update={
            "campaign_name": HOSTILE,
            "author": HOSTILE,
            "state": HOSTILE,
            "synthetic_note": HOSTILE,
            "model": HOSTILE,
            "signatures": (signed,),
            "action_names": dict.fromkeys(ARMS, HOSTILE),
            "reason_words": {"history_half": HOSTILE},
        }
    )
    findings = FINDINGS.model_copy(
        update={
            "summary": HOSTILE,
            "next_proposals": (NextProposal.model_construct(objective=HOSTILE, because=HOSTILE),),
        }
    )
    made = record(digest=digest_of_content(planned), label=HOSTILE, reason=HOSTILE, dropped={HOSTILE: 5})
    html = render_report(made, findings, planned, figures=FIGURES, brief_text=HOSTILE, context=context)
    assert "<script" not in html and "<img" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html
    assert html.count("</svg>") == html.count("<svg ") == 12


def test_findings_of_another_verdict_are_refused() -> None:
    other = FINDINGS.model_copy(update={"verdict": "worse"})
    with pytest.raises(ReportMismatchError, match="findings say 'worse' and the readout says 'better'"):
        render_report(record(), other, content(), figures=FIGURES, brief_text=BRIEF, context=CONTEXT)


def test_a_proposal_that_did_not_run_is_refused() -> None:
    with pytest.raises(ReportMismatchError, match="give the proposal that ran"):
        render_report(
            record(digest="4f9c" * 16),
            FINDINGS,
            content(),
            figures=FIGURES,
            brief_text=BRIEF,
            context=CONTEXT,
        )


def test_findings_that_cite_an_unknown_figure_are_refused() -> None:
    with pytest.raises(KeyError, match=r"readout\.lift"):
        render_report(record(), FINDINGS, content(), figures={}, brief_text=BRIEF, context=CONTEXT)


def test_a_readout_without_batches_or_forecast_still_reads() -> None:
    bare = record(batches=(), forecast=(), spent_minor=0)
    html = render_report(bare, FINDINGS, content(), figures=FIGURES, brief_text=BRIEF, context=CONTEXT)
    assert html.count("<svg ") == 6
    assert "Nobody of the optimised group has been chosen for yet" in html


def test_batches_of_a_zero_budget_and_one_batch_are_drawn() -> None:
    one = record(batches=[batches(1, 0)[0].model_dump()], budget_minor=0, spent_minor=0)
    html = render_report(one, FINDINGS, content(), figures=FIGURES, brief_text=BRIEF, context=CONTEXT)
    assert html.count("<svg ") == 12
