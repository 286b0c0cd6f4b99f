"""Run every reader over a text, each on what the others have not consumed, and gather the stated fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from agents.planner.brief import BriefPolicy, Slot, SlotSource
from agents.planner.parser.audience import find_audience
from agents.planner.parser.budget import find_budget
from agents.planner.parser.channels import find_channels
from agents.planner.parser.constraints import discount_contradiction, find_constraints
from agents.planner.parser.dates import find_period
from agents.planner.parser.forbidden import find_refusals
from agents.planner.parser.kpi import find_kpi
from agents.planner.parser.objective import find_objective
from agents.planner.parser.questions import Doubt
from agents.planner.parser.reading import Folded, Reading, Span, fold, mask, overlaps
from policies.refusals import Refusal

# Constraints in free words overlap what other readers look for; only those with figures are consumed.
_FREE_WORDS = ("constraints.other", "constraints.product", "constraints.stop_rule", "constraints.always_on")
_LISTS = ("constraints.other",)


@dataclass
class Extract:
    """The stated fields of one text: readings by slot name, the audience as nested filters, and what is in doubt."""

    readings: dict[str, Reading] = field(default_factory=dict)
    audience: dict[str, object] = field(default_factory=dict)
    audience_readings: list[Reading] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def value(self, name: str) -> object | None:
        """The value stated for a slot, None when unsaid."""
        reading = self.readings.get(name)
        return None if reading is None else reading.value

    def constraints(self) -> dict[str, object]:
        """The stated constraints by key."""
        prefix = "constraints."
        return {
            name.removeprefix(prefix): reading.value
            for name, reading in self.readings.items()
            if name.startswith(prefix)
        }

    def slots(self, source: SlotSource) -> dict[str, Slot]:
        """Where each stated field was read."""
        every = [*self.readings.values(), *self.audience_readings]
        return {
            reading.field: Slot(source=source, span=reading.span, confidence=reading.confidence)
            for reading in every
        }

    def is_lawful(self) -> bool:
        """Say whether an objective or audience is stated outside the refused asks."""
        refused = [refusal.span for refusal in self.refusals]
        stated = [reading for name, reading in self.readings.items() if name == "objective"]
        stated.extend(self.audience_readings)
        return any(not any(overlaps(reading.span, span) for span in refused) for reading in stated)


def extract(text: str, today: date, home_currency: str | None, policy: BriefPolicy) -> Extract:
    """Read every field the text states; what a refusal covers is not taken over as audience or constraint."""
    folded = fold(text)
    found = _extract(folded.text, today, home_currency, policy)
    found.readings = {name: _placed(reading, folded) for name, reading in found.readings.items()}
    found.audience_readings = [_placed(reading, folded) for reading in found.audience_readings]
    found.refusals = [
        refusal.model_copy(update={"span": folded.original(refusal.span)}) for refusal in found.refusals
    ]
    return found


def _placed(reading: Reading, folded: Folded) -> Reading:
    start, end = folded.original(reading.span)
    return reading._replace(start=start, end=end)


def _extract(text: str, today: date, home_currency: str | None, policy: BriefPolicy) -> Extract:
    found = Extract()
    audience = find_audience(text, today)
    rest = mask(text, audience.consumed)
    constraints = find_constraints(rest, today)
    found.refusals = find_refusals(text, policy, constraints)
    _take_audience(found, audience.value, audience.slots)
    figures = [reading.span for reading in constraints if reading.field not in _FREE_WORDS]
    period_text = mask(rest, figures)
    kpi = find_kpi(period_text)
    period = find_period(period_text, today)
    if period.doubt:
        found.doubts.append(Doubt("dates", period.doubt))
    taken = [*figures, *period.consumed, *([kpi.span] if kpi else [])]
    budget = find_budget(mask(rest, taken), home_currency)
    for reading in (kpi, budget, period.start, period.end):
        if reading is not None:
            found.readings[reading.field] = reading
    _take_objective(found, text)
    _take_channels(found, rest, policy)
    _take_constraints(found, text, [*constraints, *([period.length] if period.length else [])])
    return found


def _take_audience(found: Extract, value: object, slots: list[Reading]) -> None:
    refused = [refusal.span for refusal in found.refusals]
    found.audience_readings = [slot for slot in slots if not _is_refused(slot, refused)]
    dropped = {slot.field for slot in slots} - {slot.field for slot in found.audience_readings}
    if isinstance(value, dict):
        found.audience = {key: each for key, each in value.items() if f"audience.{key}" not in dropped}


def _is_refused(reading: Reading, refused: Iterable[Span]) -> bool:
    return any(overlaps(reading.span, span) for span in refused)


def _take_objective(found: Extract, text: str) -> None:
    reading = find_objective(text)
    if reading.objective is not None:
        found.readings["objective"] = reading.objective
    if reading.competing:
        names = list(dict.fromkeys(goal.code.replace("_", " ") for goal in reading.competing))
        found.doubts.append(
            Doubt("priority_of_goals", f"The brief names several goals: {', '.join(names)}.", names[0])
        )


def _take_channels(found: Extract, text: str, policy: BriefPolicy) -> None:
    reading = find_channels(text, policy.channels)
    if reading.channels is not None:
        found.readings["channels"] = reading.channels
    if reading.excluded is not None:
        found.readings[reading.excluded.field] = reading.excluded
    if reading.doubt:
        found.doubts.append(Doubt("channels", reading.doubt))
    found.doubts.extend(Doubt(unsupported.field, "") for unsupported in reading.unsupported)


def _take_constraints(found: Extract, text: str, constraints: list[Reading]) -> None:
    refused = [refusal.span for refusal in found.refusals]
    contradiction = discount_contradiction(text, constraints)
    if contradiction:
        found.doubts.append(Doubt("discount", contradiction))
    for reading in constraints:
        if _is_refused(reading, refused) or (contradiction and reading.field.endswith("discount_pct")):
            continue
        if reading.field in _LISTS:
            earlier = found.readings.get(reading.field)
            words = [*(earlier.value if earlier and isinstance(earlier.value, list) else []), reading.value]
            reading = reading._replace(value=words, start=earlier.start if earlier else reading.start)
        found.readings[reading.field] = reading
