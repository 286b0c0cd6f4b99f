"""Experiments: every design and what was read of it, the lifts in one picture."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http import experiments as api
from api.report import claims
from api.report.charts import Axis, Row, interval_chart
from api.report.tables import Table
from api.report.wording import first_upper, metric_words, scale_of, words
from api.views.experiments import DeclaredView
from api.web.pictures import Picture, pictured
from api.web.showing import PageRoute, show
from api.web.visiting import Visiting
from store.threads import in_thread

router = APIRouter(prefix="/experiments", route_class=PageRoute, include_in_schema=False)
_DRAWN = 12


@router.get("")
async def catalogue(request: Request, visitor: Visiting) -> Response:
    """Show every experiment."""
    view = await api.listed(visitor.caller)

    def made() -> Response:
        return show(
            request,
            "experiments.html",
            visitor,
            view=view,
            pictures=lift_pictures(view.declared),
            headlines=claims.HEADLINES,
            marks=claims.MARKS,
        )

    return await in_thread(made)


def lift_pictures(declared: tuple[DeclaredView, ...]) -> tuple[Picture, ...]:
    """The lifts that were read, one picture a metric, the newest first."""
    metrics = dict.fromkeys(
        (one.read.metric, one.read.unit) for one in declared if one.read is not None and one.read.lift
    )
    return tuple(_lifts(declared, metric, unit) for metric, unit in metrics)


def _lifts(declared: tuple[DeclaredView, ...], metric: str, unit: str) -> Picture:
    scale = scale_of(unit)
    rows: list[Row] = []
    table: list[tuple[str, ...]] = []
    for one in declared:
        read = one.read
        if read is None or read.lift is None or read.metric != metric or len(rows) == _DRAWN:
            continue
        low, value, high = (
            None if v is None else v * scale.factor for v in (read.lift.low, read.lift.value, read.lift.high)
        )
        said = claims.lift_span(read.lift, unit) or read.verdict
        rows.append(Row(one.campaign, read.verdict, low, value, high, said))
        table.append(
            (one.campaign, said, words(read.verdict), "final" if read.final else "interim", read.label)
        )
    better = sum(one.detail == "better" for one in rows)
    name = metric_words(metric, unit)
    axis_unit = unit.removeprefix("minor:") if unit.startswith("minor:") else "points"
    return pictured(
        f"{first_upper(name)}: {better} of {len(rows)} above the holdout",
        "Optimised less holdout with its interval, as each readout gave it.",
        lambda width: interval_chart(
            rows, Axis(f"difference, {axis_unit}", "+,~f", {0.0: "no difference"}), width
        ),
        Table(("campaign", "lift", "verdict", "readout", "outcomes"), tuple(table)),
    )
