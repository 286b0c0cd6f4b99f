"""The pictures of the lift over time, one a metric, with what may be said of each without a verdict."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from markupsafe import Markup

from agents.review.watch import BandPoint, LiftBand, Watched
from api.report.bands import BandRow, band_chart
from api.report.charts import WIDE, Slots
from api.report.tables import ABSENT, Table
from api.report.wording import count, day, first_upper, level, metric_words, scale_of
from api.web.pictures import Picture, pictured

Known = tuple[BandPoint, float, float, float]


def lift_pictures(watched: Watched, timezone: str) -> tuple[Picture, ...]:
    """One picture a band; a band without an interval yet is a picture with its table only."""
    return tuple(_picture(watched, band, timezone) for band in watched.bands)


def _picture(watched: Watched, band: LiftBand, timezone: str) -> Picture:
    scale = scale_of(band.unit)
    name = metric_words(band.metric, band.unit)
    known = [
        (p, p.low, p.value, p.high)
        for p in band.points
        if p.low is not None and p.value is not None and p.high is not None
    ]
    decimals = scale.decimals((known[-1][1], known[-1][3]), known[-1][3] - known[-1][2]) if known else 2
    table = Table(
        ("batch", "people", "outcomes", "low", "estimate", "high"),
        tuple(
            (
                str(p.batch),
                count(p.people),
                count(p.matched),
                *(ABSENT if v is None else scale.difference(v, decimals) for v in (p.low, p.value, p.high)),
            )
            for p in band.points
        ),
    )
    caption = (
        f"Difference in {name} from the holdout, over everybody reached so far. The {level(watched.confidence)} band holds"
        " at all batches together, so it may be watched; the verdict is still read once, at the declared end."
    )
    if not known:
        return Picture(
            f"{first_upper(name)}: too few outcomes for an interval yet",
            caption,
            Markup(""),
            Markup(""),
            table,
        )
    lines = {0.0: "no difference"}
    if band.limit:
        lines[band.limit * scale.factor] = "limit"
    rows = [BandRow(p.batch, *(v * scale.factor for v in values)) for p, *values in known]
    return pictured(
        _title(band, known[-1], decimals),
        caption,
        lambda width: band_chart(_slots(known, timezone, width), rows, lines, "+,~f", width),
        table,
    )


def _title(band: LiftBand, last: Known, decimals: int) -> str:
    """`Visit rate: −0.3 to +8.5 points against the holdout, not conclusive`."""
    point, low, _, high = last
    span = scale_of(band.unit).difference_span(low, high, decimals)
    name = first_upper(metric_words(band.metric, band.unit))
    if band.limit is not None:
        said = (
            "above its limit"
            if low > band.limit
            else "below its limit"
            if high < band.limit
            else "not conclusive"
        )
        return f"{name}: {span} against the holdout, {said}"
    said = "above the holdout" if low > 0 else "below the holdout" if high < 0 else "not conclusive"
    return f"{name}: {span} after {count(point.people)} people, {said}"


def _slots(known: list[Known], timezone: str, width: int) -> Slots:
    """The batches with a few dates under them; none so far right that its words would be cut."""
    zone = ZoneInfo(timezone)
    wanted = 5 if width >= WIDE else 3
    marks: dict[int, str] = {}
    for k in range(wanted):
        point = known[round(k * 0.86 * (len(known) - 1) / max(wanted - 1, 1))][0]
        label = day(point.slot_at, zone)
        if label not in marks.values():
            marks[point.batch] = label
    return Slots([point.batch for point, *_ in known], marks, "day of the batch")
