"""Build the one-page report: one self-contained HTML text from a readout, its findings and the proposal that ran."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from agents.analyst.agent import Findings
from agents.review.record import ReadoutRecord
from api.report import claims
from api.report.checks import checks
from api.report.context import ReportContext, ReportMismatchError
from api.report.funnel import funnel_view
from api.report.panels import panels
from api.report.tables import secondary_table
from api.report.theme import dark_css
from api.report.wording import (
    amount,
    count,
    days,
    first_upper,
    level,
    moment,
    scale_of,
    spaced,
    words,
)
from policies.figures import Figures, say
from policies.proposal import Content, digest_json


class Verdict(NamedTuple):
    """The verdict in words first."""

    code: str
    mark: str
    headline: str
    title: str
    reason: str
    explanation: str


class Next(NamedTuple):
    objective: str
    because: str


class Glance(NamedTuple):
    name: str
    shown: str
    is_outcome: bool


class Header(NamedTuple):
    """What was wanted, where the campaign stands, and who answers for it."""

    objective: str
    state: str
    author: str
    signatures: tuple[str, ...]
    comments: tuple[str, ...]


def render_report(
    record: ReadoutRecord,
    findings: Findings,
    content: Content,
    *,
    figures: Figures,
    brief_text: str,
    context: ReportContext,
) -> str:
    """Return the page as HTML: no script, nothing loaded from elsewhere; the same input gives the same text.

    `figures` are those that the findings cite. Raises ReportMismatchError when the findings say another verdict
    than the readout, or the proposal is not the one of the readout's digest.
    """
    if findings.verdict != record.verdict:
        raise ReportMismatchError(
            f"the findings say {findings.verdict!r} and the readout says {record.verdict!r}; review the launch again",
            value=findings.verdict,
        )
    proposed = digest_json(content.model_dump(mode="json", by_alias=True))
    if proposed != record.digest:
        raise ReportMismatchError(
            f"the readout is of digest {record.digest[:12]}… and the proposal of {proposed[:12]}…; give the proposal that ran",
            value=proposed,
        )
    funnel = funnel_view(record, content, context.reason_words)
    template = _environment().get_template("report.html")
    return template.render(
        record=record,
        context=context,
        verdict=_verdict(record),
        summary=_said(findings.summary, figures, brief_text),
        proposals=[
            Next(_said(one.objective, figures, brief_text), _said(one.because, figures, brief_text))
            for one in findings.next_proposals
        ],
        header=_header(record, content, context),
        glance=_glance(record),
        funnel=funnel,
        panels=panels(record, context),
        secondary=secondary_table(record),
        checks=checks(record, funnel.holds),
        method=_method(record, content),
        dark_css=Markup(dark_css(".chart")),
    )


def _verdict(record: ReadoutRecord) -> Verdict:
    code = record.verdict
    return Verdict(
        code,
        claims.MARKS.get(code, "·"),
        claims.HEADLINES.get(code, first_upper(code)),
        claims.lift_title(record.metric(record.primary_metric)),
        first_upper(spaced(record.reason)),
        claims.EXPLANATIONS.get(code, ""),
    )


def _header(record: ReadoutRecord, content: Content, context: ReportContext) -> Header:
    zone = ZoneInfo(context.timezone)
    when = (
        f"sent {days(record.batches[0].slot_at, record.batches[-1].slot_at, zone)}" if record.batches else ""
    )
    kind = "final readout of" if record.final else "interim readout of"
    parts = (first_upper(words(context.state)), when, f"{kind} {moment(record.read_at, zone)}")
    signatures = []
    for signed in context.signatures:
        roles = ", ".join(words(role) for role in signed.roles)
        text = f"{signed.name}{f' ({roles})' if roles else ''} on {moment(signed.signed_at, zone)}"
        signatures.append(f"{text}, with limits: {signed.limits}" if signed.limits else text)
    comments = tuple(f"{s.name}: “{s.comment}”" for s in context.signatures if s.comment)
    state = " · ".join(part for part in parts if part)
    return Header(content.objective.quote, state, context.author, tuple(signatures), comments)


def _glance(record: ReadoutRecord) -> tuple[Glance, ...]:
    inside = sum(one.inside for one in record.forecast)
    return (
        Glance("Messages sent", count(record.people["sent"]), False),
        Glance(
            "Spent of the budget",
            f"{amount(record.spent_minor, record.currency)} of {amount(record.budget_minor, record.currency)}",
            False,
        ),
        Glance(
            f"Guardrail on {words(record.guardrail_metric)}",
            claims.GUARDRAILS.get(record.guardrail, record.guardrail),
            True,
        ),
        Glance("Forecasts inside", f"{inside} of {len(record.forecast)}", True),
    )


def _method(record: ReadoutRecord, content: Content) -> str:
    metric = record.metric(record.guardrail_metric)
    scale = scale_of(metric.unit)
    margin = scale.said(record.guardrail_margin, scale.decimals((record.guardrail_margin,), 0.0))
    match = Fraction(record.match_probability).limit_denominator(1000)
    if match == 1:
        seen = "Every person's outcome is observed."
    else:
        seen = (
            f"An outcome exists only where the choice equals what the person really got, with the known probability"
            f" {match}, independent of the choice; an unmatched person is no observation, never a zero."
        )
    return (
        f"{seen} Groups are estimated by augmented inverse probability weighting (AIPW) with that probability,"
        " arms with the logged probability of each choice as well, batches weighted so that the variance stays stable"
        " although the bandit learnt from the data; outcome models use earlier batches only and reduce noise, not bias."
        f" Intervals are made to cover the truth in {level(record.confidence)} of such campaigns, and the verdict was declared before launch: it"
        " rests on the difference from the holdout alone, read once after the end. “Effective” people say how many"
        f" equally weighted ones carry the same information. The guardrail allows {margin} below the holdout."
        f" Choices by {content.bandit.policy_id}, reward {words(content.bandit.reward_id)}."
    )


def _said(text: str, figures: Figures, brief: str) -> str:
    return spaced(say(text, figures, brief=brief))


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.report", "."),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
