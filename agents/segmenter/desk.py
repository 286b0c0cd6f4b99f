"""The segmenter's calculations over the warehouse: counts, segments, responses of the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np

from agents.segmenter.agent import (
    AudienceCount,
    FunnelStepCounted,
    ProposedSegment,
    Response,
    ResponseEstimates,
    SegmentProposal,
    SegmentTask,
)
from agents.situation import Situation
from policies.figures import estimate
from store.audiences import Audience, count_audience, customer_schema
from store.database import Database
from store.history import read_history
from store.warehouse import Warehouse
from tools.audience.fields import Schema
from tools.audience.filters import parse_filter
from tools.audience.matching import matching
from tools.audience.segments import SegmentPlan, propose_segments
from tools.audience.wording import plain_value
from tools.experiments.estimates import ArmResponse, responses
from tools.result import Quantity

Value = int | Decimal | str | bool | date


class WarehouseDesk:
    """Answers for one task of one workspace; `named` maps a number or date as written to the figure it stands for."""

    def __init__(
        self,
        database: Database,
        warehouse: Warehouse,
        workspace_id: str,
        situation: Situation,
        task: SegmentTask,
        named: Mapping[str, str],
    ) -> None:
        self._database = database
        self._warehouse = warehouse
        self._workspace_id = workspace_id
        self._situation = situation
        self._task = task
        self._named = dict(named)
        self._audiences: dict[str, Audience] = {}
        self._known: Schema | None = None

    def audience(self, definition: str) -> Audience:
        """Return an audience on the task's day, counted once."""
        if definition not in self._audiences:
            self._audiences[definition] = count_audience(
                self._database,
                self._warehouse,
                self._workspace_id,
                definition=definition,
                as_of=self._task.as_of,
                channels=self._task.channels,
                rules=self._situation.rules,
            )
        return self._audiences[definition]

    def count(self, definition: str) -> AudienceCount:
        """Return the funnel of a definition."""
        audience = self.audience(definition)
        funnel = audience.funnel
        quantities = {"audience.gross": funnel.gross, "audience.net": funnel.net}
        quantities |= {f"audience.removed.{step.code}": step.removed for step in funnel.steps}
        return AudienceCount(
            definition=audience.definition,
            words=self.words(definition),
            removed=tuple(FunnelStepCounted(reason_id=step.code, words=step.words) for step in funnel.steps),
            quantities={name: Quantity(value=value, unit="people") for name, value in quantities.items()},
        )

    def words(self, definition: str) -> str:
        """Return a definition in words, with each number as the figure it stands for."""
        return parse_filter(definition, self._schema()).describe(self._task.as_of, self._write)

    def segments(self, definition: str) -> SegmentProposal:
        """Return the first way to part the audience that its columns allow; everybody is one segment otherwise."""
        plan = self._plan(definition)
        if plan is None:
            everyone = self.audience(definition)
            only = ProposedSegment(segment_id="everyone", definition="all", words="everybody in the audience")
            size = {"segment.everyone.people": Quantity(value=everyone.funnel.net, unit="people")}
            return SegmentProposal(segments=(only,), quantities=size)
        sizes = {f"segment.{s.id}.people": Quantity(value=s.people, unit="people") for s in plan.segments}
        bounds = {
            self._named[str(number)]: Quantity(value=format(number, "f"), unit="ratio")
            for segment in plan.segments
            for number in segment.filter.numbers()
            if isinstance(number, Decimal)
        }
        return SegmentProposal(
            segments=tuple(
                ProposedSegment(segment_id=s.id, definition=s.definition, words=s.words)
                for s in plan.segments
            ),
            quantities=sizes | bounds,
        )

    def responses(self, definition: str) -> ResponseEstimates:
        """Return what each segment did under each arm in the logged experiment, with intervals."""
        if not self._situation.experiments:
            return ResponseEstimates(label="nothing was logged yet", responses=(), best_arm_by_segment={})
        experiment = self._situation.experiments[0]
        schema = self._schema()
        history = read_history(
            self._warehouse,
            self._workspace_id,
            experiment.experiment_id,
            definition=parse_filter(definition, schema),
            as_of=self._task.as_of,
        )
        arms = tuple(sorted(set(history.arm.tolist())))
        index = np.array([arms.index(arm) for arm in history.arm.tolist()], dtype=np.int64)
        plan = self._plan(definition)
        named = np.full(len(history), "everyone", dtype="<U40")
        for segment in plan.segments if plan else ():
            named[matching(segment.filter, history.customers, self._task.as_of)] = segment.id
        found = responses(arms, index, history.visit, named, is_rate=True)
        shown = [cell for cell in found if cell.segment != "all"]
        return ResponseEstimates(
            label=experiment.label,
            responses=tuple(
                Response(segment_id=cell.segment, arm_id=cell.arm, figure=_cell(cell)) for cell in shown
            ),
            best_arm_by_segment=_best(shown),
            quantities={
                f"{_cell(cell)}.{part}": Quantity(value=estimate(value), unit="rate")
                for cell in shown
                for part, value in zip(("rate", "low", "high"), cell.response[:3], strict=True)
            },
        )

    def _plan(self, definition: str) -> SegmentPlan | None:
        plans = propose_segments(self.audience(definition).net, self._schema(), self._task.as_of, self._write)
        return plans[0] if plans else None

    def _schema(self) -> Schema:
        """The fields that a filter may name, looked up once a task."""
        if self._known is None:
            self._known = customer_schema(self._warehouse, self._workspace_id)
        return self._known

    def _write(self, value: Value) -> str:
        if isinstance(value, bool | str):
            return plain_value(value)
        text = value.isoformat() if isinstance(value, date) else str(value)
        name = self._named.setdefault(text, f"segment.bound.{len(self._named)}")
        return f"{{figure:{name}}}"


def _cell(cell: ArmResponse) -> str:
    return f"response.{cell.segment}.{cell.arm}"


def _best(cells: list[ArmResponse]) -> dict[str, str]:
    best: dict[str, ArmResponse] = {}
    for cell in cells:
        leader = best.get(cell.segment)
        if leader is None or cell.response.estimate > leader.response.estimate:
            best[cell.segment] = cell
    return {segment: cell.arm for segment, cell in best.items()}
