"""A readout, findings and a proposal such as the example leaves; the numbers are its own, rounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from agents.analyst.agent import Findings, NextProposal
from agents.review.record import BatchShare, Estimate, Lift, MetricReadout, ReadoutRecord, Scored
from api.report.context import ReportContext, Signed
from policies.figures import Figure, FigureSource, Ref
from policies.proposal import (
    Arm,
    Audience,
    BanditPolicy,
    Content,
    Envelope,
    ExperimentDesign,
    Forecast,
    Group,
    Guardrail,
    Objective,
    RampStep,
    Removed,
    Segment,
    digest_json,
)

BRIEF = (
    "Bring back customers who have not bought for 6+ months with our men's and women's merchandise e-mails. "
    "Budget $2,000, e-mail only, 1-14 December, hold out 10 %. More visits, without hurting spend."
)
LABEL = "outcome of the 2008 e-mail"
STARTS = datetime(2026, 12, 1, 14, tzinfo=UTC)
ENDS = datetime(2026, 12, 15, 2, tzinfo=UTC)
ARMS = ("mens_email", "womens_email", "none")
TOOL = FigureSource(kind="tool", name="count_audience", digest="ab" * 32, path="quantities")
PEOPLE = {
    "net": 15_061,
    "sent": 9_990,
    "none": 3_560,
    "held_out": 1_506,
    "failed": 0,
    "unknown": 0,
    "pending": 0,
}


def estimate(
    name: str,
    value: float,
    half: float,
    people: int,
    matched: int,
    effective: float = 0.0,
    covered: float = 1.0,
) -> Estimate:
    return Estimate(
        name=name,
        value=value,
        low=value - half,
        high=value + half,
        people=people,
        matched=matched,
        effective_people=effective or float(matched),
        covered_share=covered,
        reason="" if covered == 1 else f"{name} had probability 0 for {1 - covered:.1%} of people",
    )


def nothing(name: str, people: int, matched: int, reason: str) -> Estimate:
    return Estimate(
        name=name,
        value=None,
        low=None,
        high=None,
        people=people,
        matched=matched,
        effective_people=float(matched),
        covered_share=0.0,
        reason=reason,
    )


def lift(value: float, half: float, verdict: str, reason: str) -> Lift:
    return Lift(
        against="holdout", value=value, low=value - half, high=value + half, verdict=verdict, reason=reason
    )


BETTER = "the 95% interval of the difference lies above 0"
INCLUDES = "the 95% interval of the difference includes 0"
VISITS = MetricReadout(
    metric="visit",
    unit="rate",
    groups=(
        estimate("optimised", 0.147, 0.011, 13_555, 4_498),
        estimate("holdout", 0.106, 0.026, 1_506, 509),
    ),
    arms=(
        estimate("mens_email", 0.167, 0.019, 13_555, 1_987, 1_610.4),
        estimate("womens_email", 0.142, 0.024, 13_555, 1_318, 905.2),
        estimate("none", 0.101, 0.021, 13_555, 1_193, 874.9),
    ),
    lifts=(lift(0.041, 0.0282, "better", BETTER),),
)
CONVERSIONS = MetricReadout(
    metric="conversion",
    unit="rate",
    groups=(
        estimate("optimised", 0.0086, 0.0029, 13_555, 4_498),
        estimate("holdout", 0.0051, 0.0062, 1_506, 509),
    ),
    arms=(
        estimate("mens_email", 0.0104, 0.0051, 13_555, 1_987, 1_610.4),
        estimate("womens_email", 0.0077, 0.0058, 13_555, 1_318, 905.2),
        nothing("none", 13_555, 21, "only 21 people with an outcome; 30 are needed for an interval"),
    ),
    lifts=(lift(0.0035, 0.0068, "not conclusive", INCLUDES),),
)
SPEND = MetricReadout(
    metric="spend",
    unit="minor:USD",
    groups=(estimate("optimised", 98.4, 41.0, 13_555, 4_498), estimate("holdout", 61.2, 78.0, 1_506, 509)),
    arms=(
        estimate("mens_email", 121.0, 72.0, 13_555, 1_987, 1_610.4),
        estimate("womens_email", 84.0, 69.0, 13_555, 1_318, 905.2),
        estimate("none", 58.0, 55.0, 13_555, 1_193, 874.9),
    ),
    lifts=(lift(37.2, 88.1, "not conclusive", INCLUDES),),
)
FORECAST = (
    Scored(
        quantity="sends",
        unit="messages",
        forecast=(9_991.0, 9_995.0, 9_999.0),
        estimate=(9_990.0, 9_990.0, 9_990.0),
        inside=False,
        consistent=False,
    ),
    Scored(
        quantity="visits",
        unit="visits",
        forecast=(1_985.0, 2_140.0, 2_296.0),
        estimate=(1_998.0, 2_152.0, 2_306.0),
        inside=True,
        consistent=True,
    ),
    Scored(
        quantity="conversions",
        unit="conversions",
        forecast=(121.0, 152.0, 183.0),
        estimate=(84.0, 124.0, 164.0),
        inside=True,
        consistent=True,
    ),
    Scored(
        quantity="revenue",
        unit="minor:USD",
        forecast=(1_201_000.0, 1_790_000.0, 2_380_000.0),
        estimate=(858_000.0, 1_426_000.0, 1_994_000.0),
        inside=True,
        consistent=True,
    ),
    Scored(
        quantity="cost",
        unit="minor:USD",
        forecast=(199_820.0, 199_900.0, 199_980.0),
        estimate=(199_800.0, 199_800.0, 199_800.0),
        inside=False,
        consistent=False,
    ),
)


def batches(number: int = 27, spent: int = 199_800) -> tuple[BatchShare, ...]:
    """Batches whose costs add up to `spent`, with shares that drift towards the men's e-mail."""
    rng = np.random.default_rng(7)
    costs = np.diff(np.rint(np.linspace(0, spent // 20, number + 1)).astype(int)) * 20
    made = []
    for k in range(number):
        men = 0.34 + 0.2 * k / number + rng.normal(0, 0.015)
        women = 0.38 - 0.1 * k / number + rng.normal(0, 0.015)
        shares = {"mens_email": men, "womens_email": women, "none": 1 - men - women}
        made.append(
            BatchShare(
                number=k + 1,
                slot_at=STARTS + timedelta(hours=12 * k),
                people=502,
                shares=shares,
                mean_probability=shares,
                spent_minor=int(costs[k]),
            )
        )
    return tuple(made)


def digest_of_content(made: Content) -> str:
    return digest_json(made.model_dump(mode="json", by_alias=True))


def record(**changed: object) -> ReadoutRecord:
    """The sample readout, with fields changed."""
    made = ReadoutRecord(
        campaign_id="01JDCAMPAIGN000000000000000",
        launch_id="1f" * 32,
        digest=digest_of_content(content()),
        label=LABEL,
        kpi="visits",
        primary_metric="visit",
        final=True,
        read_at=ENDS + timedelta(hours=1),
        ends_at=ENDS,
        confidence=0.95,
        currency="USD",
        match_probability=1 / 3,
        metrics=(VISITS, CONVERSIONS, SPEND),
        verdict="better",
        reason=BETTER,
        guardrail_metric="spend",
        guardrail_margin=50.0,
        guardrail="not conclusive",
        split_p_value=0.42,
        matching_p_value=0.77,
        people=PEOPLE,
        dropped={"consent": 5},
        spent_minor=199_800,
        budget_minor=200_000,
        forecast=FORECAST,
        batches=batches(),
        replays=True,
    )
    return ReadoutRecord.model_validate(made.model_dump() | changed)


FINDINGS = Findings(
    verdict="better",
    summary="The campaign brought more than no message did. The difference per person lies between"
    " {figure:readout.lift.low} and {figure:readout.lift.high} with a best estimate of {figure:readout.lift.value}.",
    next_proposals=(
        NextProposal(
            objective="Campaign for visits: lead with mens_email and keep a random control group.",
            because="mens_email had the highest estimate here; a control group would confirm it.",
        ),
        NextProposal(
            objective="Campaign for visits: with a random control group and spend as the goal.",
            because="The guardrail on spend could not be shown to hold.",
        ),
    ),
)


def figure(value: int | str, unit: str) -> Figure:
    return Figure(value=value, unit=unit, source=TOOL)


FIGURES = {
    "readout.lift.low": figure("0.0128", "rate"),
    "readout.lift.high": figure("0.0692", "rate"),
    "readout.lift.value": figure("0.041", "rate"),
}
PLANNED = {
    "gross": figure(32_020, "people"),
    "half": figure(15_983, "people"),
    "withdrawn": figure(498, "people"),
    "unknown": figure(322, "people"),
    "suppressed": figure(156, "people"),
    "net": figure(15_061, "people"),
    "starts": figure("2026-12-01", "date"),
    "ends": figure("2026-12-14", "date"),
    "budget": figure(200_000, "minor:USD"),
    "cost": figure(20, "minor:USD"),
    "count": figure(27, "batches"),
    "hours": figure(12, "hours"),
    "share": figure("0.1", "rate"),
    "rest": figure("0.9", "rate"),
    "confidence": figure("0.95", "rate"),
    "margin": figure(50, "minor:USD"),
    "seed": figure(7, "seed"),
}


def ref(name: str) -> Ref:
    return Ref(figure=name)


def content() -> Content:
    """The proposal that ran: gross 32,020 less what was removed is net 15,061."""
    return Content(
        kind="campaign",
        objective=Objective(code="win_back", kpi="visits", quote=BRIEF, brief_sha256="cd" * 32),
        audience=Audience(
            definition="months_since_purchase >= 6",
            words="last purchase at least six months ago",
            as_of=ref("starts"),
            gross=ref("gross"),
            removed=(
                Removed(reason_id="history_half", people=ref("half")),
                Removed(reason_id="consent_withdrawn", people=ref("withdrawn")),
                Removed(reason_id="consent_unknown", people=ref("unknown")),
                Removed(reason_id="suppressed", people=ref("suppressed")),
            ),
            net=ref("net"),
            snapshot_sha256="ef" * 32,
            segments=(Segment(id="everyone", definition="all", words="everybody", people=ref("net")),),
        ),
        arms=(
            *(
                Arm(
                    id=arm,
                    action_id=arm,
                    channel="email",
                    creative_digest="aa" * 32,
                    message_cost=ref("cost"),
                )
                for arm in ARMS[:2]
            ),
            Arm(id="none", action_id=None, channel=None, creative_digest=None, message_cost=ref("cost")),
        ),
        offers=(),
        experiment=ExperimentDesign(
            hypothesis="Choosing per person brings more visits than no message.",
            primary_metric_id="visit",
            groups=(Group(id="optimised", share=ref("rest")), Group(id="holdout", share=ref("share"))),
            confidence=ref("confidence"),
            power=ref("rest"),
            smallest_effect=ref("share"),
            duration=ref("hours"),
            guardrails=(Guardrail(metric_id="spend", words="spend may not fall", margin=ref("margin")),),
            stop_rules=(),
        ),
        envelope=Envelope(
            starts=ref("starts"),
            ends=ref("ends"),
            budget=ref("budget"),
            maximum_people=ref("net"),
            batches=ref("count"),
            batch_interval=ref("hours"),
            ramp=(RampStep(share=ref("rest")),),
            exploration_share=ref("share"),
            reward_delay=ref("hours"),
        ),
        bandit=BanditPolicy(
            policy_id="squarecb/1",
            reward_id="visit",
            features_digest="bb" * 32,
            prior_digest="cc" * 32,
            seed=ref("seed"),
            history=ref("net"),
        ),
        forecast=(Forecast(quantity_id="visits", median=ref("net"), low=ref("net"), high=ref("net")),),
        evidence="Estimates rest on the log.",
        rationale="It is worth trying.",
        rules={"send_gate": "dd" * 32},
        figures=PLANNED,
    )


CONTEXT = ReportContext(
    campaign_name="Win back lapsed buyers",
    state="completed",
    author="Ada",
    signatures=(
        Signed(
            name="Grace",
            roles=("campaign_manager",),
            signed_at=datetime(2026, 11, 21, 10, 4, tzinfo=UTC),
            comment="Fine by me.",
        ),
    ),
    timezone="America/New_York",
    synthetic_note="Identities, addresses, consents, time zones and halves are synthetic, drawn by seed.",
    model="embedded-rules/1",
    action_names={"mens_email": "men's e-mail", "womens_email": "women's e-mail"},
    reason_words={"history_half": "kept as history to learn from"},
)
