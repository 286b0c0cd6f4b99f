"""Desks in memory: what the segmenter and the analyst calculate with, from a seed instead of a warehouse.

Every number is drawn once per seed and handed out under its figure's name, so an answer can be held against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from agents.analyst.agent import CandidateValue, ExperimentSize, ForecastMade, PolicyValues, ReadoutSummary
from agents.segmenter.agent import (
    AudienceCount,
    FunnelStepCounted,
    ProposedSegment,
    Response,
    ResponseEstimates,
    SegmentProposal,
)
from policies.errors import InvalidInputError
from tools.result import Quantity, Result

ResultT = TypeVar("ResultT", bound=Result)
REASONS = ("consent_withdrawn", "consent_unknown", "suppressed")
SEGMENTS = ("both_lines", "mens_only", "womens_only")


class DeskFailure(InvalidInputError):
    """A calculation that was made to fail."""

    code = "made_to_fail"


@dataclass
class Faults:
    """Which tools fail, how often before they work again (None: always), and with which words."""

    tool: str = ""
    times: int | None = 0
    words: str = "the warehouse does not answer"
    seen: int = 0

    def run(self, tool: str, made: Callable[[], ResultT]) -> ResultT:
        """Carry out a calculation, or fail where that is its turn."""
        if tool == self.tool and (self.times is None or self.seen < self.times):
            self.seen += 1
            raise DeskFailure(self.words, value=self.words)
        return made()


@dataclass
class SeededDesk:
    """An audience desk and a design desk in one; `arms` without `none`."""

    seed: int
    arms: tuple[str, ...] = ("mens_merchandise", "womens_merchandise")
    faults: Faults = field(default_factory=Faults)

    def count(self, definition: str) -> AudienceCount:
        """The funnel: gross, what each reason takes, net."""

        def made() -> AudienceCount:
            rng = self._rng(1)
            gross = int(rng.integers(2_000, 90_000))
            removed = {reason: int(gross * rng.uniform(0.01, 0.05)) for reason in REASONS}
            people = {"audience.gross": gross, "audience.net": gross - sum(removed.values())}
            people |= {f"audience.removed.{reason}": count for reason, count in removed.items()}
            steps = tuple(FunnelStepCounted(reason_id=reason, words=reason) for reason in REASONS)
            return AudienceCount(
                definition=definition, words=definition, removed=steps, quantities=_people(people)
            )

        return self.faults.run("count_audience", made)

    def segments(self, definition: str) -> SegmentProposal:
        """Three disjoint segments that cover the net audience."""

        def made() -> SegmentProposal:
            net = int(self.net())
            first, second = net // 5, net // 2
            sizes = dict(zip(SEGMENTS, (first, second, net - first - second), strict=True))
            segments = tuple(
                ProposedSegment(
                    segment_id=name,
                    definition=f"{definition} and line = '{name}'",
                    words=name.replace("_", " "),
                )
                for name in SEGMENTS
            )
            quantities = _people({f"segment.{name}.people": size for name, size in sizes.items()})
            return SegmentProposal(segments=segments, quantities=quantities)

        return self.faults.run("propose_segments", made)

    def responses(self, definition: str) -> ResponseEstimates:  # the desk's protocol
        """Observed rates per segment and arm."""

        def made() -> ResponseEstimates:
            rng = self._rng(2)
            quantities: dict[str, Quantity] = {}
            responses, best = [], {}
            for segment in SEGMENTS:
                rates = {arm: float(rng.uniform(0.05, 0.3)) for arm in (*self.arms, "none")}
                best[segment] = max(self.arms, key=lambda arm: rates[arm])
                for arm, rate in rates.items():
                    figure = f"response.{segment}.{arm}"
                    quantities |= {
                        f"{figure}.{part}": Quantity(value=f"{rate * factor:.4f}", unit="rate")
                        for part, factor in (("low", 0.8), ("rate", 1.0), ("high", 1.2))
                    }
                    responses.append(Response(segment_id=segment, arm_id=arm, figure=figure))
            return ResponseEstimates(
                label="made-up outcomes",
                responses=tuple(responses),
                best_arm_by_segment=best,
                quantities=quantities,
            )

        return self.faults.run("estimate_responses", made)

    def size(self) -> ExperimentSize:
        """Groups, smallest effect, duration, batches."""

        def made() -> ExperimentSize:
            held = int(self.net()) // 10
            people = {"design.holdout_people": held, "design.optimised_people": int(self.net()) - held}
            rest = {
                "design.optimised_share": Quantity(value="0.9", unit="rate"),
                "design.smallest_effect": Quantity(value="0.0132", unit="points"),
                "design.duration": Quantity(value=14, unit="days"),
                "design.batches": Quantity(value=27, unit="batches"),
            }
            return ExperimentSize(feasible=True, reason="", quantities=_people(people) | rest)

        return self.faults.run("size_experiment", made)

    def compare(self) -> PolicyValues:
        """Off-policy values of the candidates."""

        def made() -> PolicyValues:
            rng = self._rng(3)
            quantities: dict[str, Quantity] = {}
            values = {name: float(rng.uniform(0.1, 0.2)) for name in ("squarecb", "thompson", "uniform")}
            for name, value in values.items():
                for part, factor in (("low", 0.9), ("value", 1.0), ("high", 1.1)):
                    quantities[f"ope.{name}.{part}"] = Quantity(value=f"{value * factor:.4f}", unit="rate")
            candidates = tuple(CandidateValue(policy_id=name, estimable=True) for name in values)
            best = max(values, key=lambda name: values[name])
            return PolicyValues(label="made-up", candidates=candidates, best=best, quantities=quantities)

        return self.faults.run("compare_policies", made)

    def forecast(self, policy_id: str) -> ForecastMade:
        """Sends, visits, conversions, revenue and cost with their intervals."""

        def made() -> ForecastMade:
            rng = self._rng(4)
            units = {"sends": "messages", "visits": "visits", "conversions": "conversions"}
            quantities: dict[str, Quantity] = {}
            names = ("sends", "visits", "conversions", "revenue", "cost")
            for name in names:
                middle = int(rng.integers(100, 100_000))
                for part, factor in (("low", 0.9), ("median", 1.0), ("high", 1.1)):
                    unit = units.get(name, "minor:USD")
                    quantities[f"forecast.{name}.{part}"] = Quantity(value=int(middle * factor), unit=unit)
            quantities["forecast.lift"] = Quantity(value="0.0412", unit="points")
            return ForecastMade(
                method=f"twin with {policy_id}",
                label="made-up",
                quantities_forecast=names,
                quantities=quantities,
            )

        return self.faults.run("forecast_campaign", made)

    def net(self) -> int:
        """People who may be reached."""
        counted = SeededDesk(self.seed, self.arms).count("all")
        return int(counted.quantities["audience.net"].value)

    def readout(self) -> ReadoutSummary:
        """A finished readout whose verdict follows from its interval."""
        rng = self._rng(5)
        middle, half = float(rng.uniform(-0.03, 0.05)), float(rng.uniform(0.005, 0.03))
        low, high = middle - half, middle + half
        return ReadoutSummary(
            verdict="better" if low > 0 else "worse" if high < 0 else "not conclusive",
            guardrail="held" if rng.random() < 0.5 else "not conclusive",
            label="made-up",
            arms_estimable=self.arms,
            best_arm=self.arms[0],
            worst_arm=self.arms[-1],
            forecast_inside=("visits",),
            forecast_outside=(),
            quantities={
                f"readout.lift.{name}": Quantity(value=f"{value:.4f}", unit="points")
                for name, value in (("low", low), ("value", middle), ("high", high))
            },
        )

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part, 77])


def _people(counts: dict[str, int]) -> dict[str, Quantity]:
    return {name: Quantity(value=count, unit="people") for name, count in counts.items()}
