"""Run every reader over a text, each on what the others have not taken, and gather the stated fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from agents.planner.brief import BriefPolicy, Slot, SlotSource
from agents.planner.parser.asides import asides, quoted
from agents.planner.parser.audience import audience_contradiction, find_audience
from agents.planner.parser.budget import find_budget
from agents.planner.parser.channels import find_channels
from agents.planner.parser.constraints import discount_contradiction, find_constraints
from agents.planner.parser.dates import find_period
from agents.planner.parser.forbidden import find_refusals
from agents.planner.parser.items import Sentence, Span
from agents.planner.parser.kpi import GOAL_OF, find_kpi, says_no_more_than_the_goal
from agents.planner.parser.labels import Embed, nearest_objective
from agents.planner.parser.language import detect, reading_language
from agents.planner.parser.objective import find_objective
from agents.planner.parser.questions import Doubt
from agents.planner.parser.reading import Folded, Reading, Why, fold, itemise, overlaps
from policies.refusals import Refusal

_LISTS = ("constraints.other",)


@dataclass
class Extract:
    """The stated fields of one text: readings by slot name, the audience as nested filters, and what is in doubt."""

    language: str = "en"
    readings: dict[str, Reading] = field(default_factory=dict)
    audience: dict[str, object] = field(default_factory=dict)
    audience_readings: list[Reading] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    """Slots that no rule but the nearest label read."""

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
        """Where each stated field was read; what the nearest label read says so, whoever wrote the text."""
        every = [*self.readings.values(), *self.audience_readings]
        return {
            reading.field: Slot(
                source="label" if reading.field in self.labelled else source,
                span=reading.span,
                confidence=reading.confidence,
            )
            for reading in every
        }

    def is_lawful(self) -> bool:
        """Say whether an objective or audience is stated outside the refused asks."""
        refused = [refusal.span for refusal in self.refusals]
        stated = [reading for name, reading in self.readings.items() if name in ("objective", "kpi")]
        stated.extend(self.audience_readings)
        return any(not any(overlaps(reading.span, span) for span in refused) for reading in stated)


def read(
    text: str,
    *,
    today: date,
    home_currency: str | None = None,
    policy: BriefPolicy | None = None,
    embed: Embed | None = None,
) -> Extract:
    """Read one turn's text into typed slots with their spans, whatever part of a brief it is.

    `embed` turns texts into unit vectors; with it, an objective that no rule reads is the nearest label, with its
    similarity as confidence.
    """
    return extract(text, today, home_currency, policy or BriefPolicy(), embed)


def extract(
    text: str, today: date, home_currency: str | None, policy: BriefPolicy, embed: Embed | None = None
) -> Extract:
    """Read every field the text states; what a refusal covers is not taken over as audience or constraint."""
    folded = fold(text)
    language = detect(folded.text)
    if language != reading_language(language):
        # Words that happen to look familiar would be guesses: a language that is not read is answered with a question.
        return Extract(language=language)
    sentence = itemise(folded.text, reading_language(language), today)
    found = _extract(sentence, today, home_currency, policy)
    found.language = language
    if "objective" not in found.readings and embed is not None:
        label = nearest_objective(folded.text, embed)
        if label is not None:
            found.readings["objective"] = label
            found.labelled.add("objective")
    found.readings = {name: _placed(reading, folded) for name, reading in found.readings.items()}
    found.audience_readings = [_placed(reading, folded) for reading in found.audience_readings]
    found.refusals = [
        refusal.model_copy(update={"span": folded.original(refusal.span)}) for refusal in found.refusals
    ]
    return found


def _placed(reading: Reading, folded: Folded) -> Reading:
    start, end = folded.original(reading.span)
    return reading._replace(start=start, end=end)


def _extract(sentence: Sentence, today: date, home_currency: str | None, policy: BriefPolicy) -> Extract:
    found = Extract()
    audience = find_audience(sentence, today)
    sentence.asides = asides(sentence)
    sentence.taken |= sentence.asides | set(quoted(sentence))
    constraints = find_constraints(sentence, today)
    found.refusals = find_refusals(sentence, policy, constraints)
    _take_audience(found, audience.value, audience.slots)
    contradiction = audience_contradiction(found.audience_readings)
    if contradiction:
        found.doubts.append(Doubt("audience", contradiction))
        found.audience, found.audience_readings = {}, []
    kpi = find_kpi(sentence)
    period = find_period(sentence, today)
    if period.doubt:
        found.doubts.append(Doubt("dates", period.doubt))
    budget = find_budget(sentence, home_currency)
    if budget.doubt:
        field = "currency" if budget.doubt.code == "currency_two" else "budget"
        found.doubts.append(Doubt(field, budget.doubt))
    for reading in (kpi, budget.budget, period.start, period.end):
        if reading is not None:
            found.readings[reading.field] = reading
    _take_objective(found, sentence)
    if kpi is not None and "objective" not in found.readings:
        _take_goal_of(found, kpi)
    if kpi is not None and says_no_more_than_the_goal(kpi, found.value("objective")):
        del found.readings["kpi"]
    _take_channels(found, sentence, policy)
    _take_constraints(found, sentence, [*constraints, *([period.length] if period.length else [])])
    return found


def _take_audience(found: Extract, value: object, slots: list[Reading]) -> None:
    refused = [refusal.span for refusal in found.refusals]
    found.audience_readings = [slot for slot in slots if not _is_refused(slot, refused)]
    dropped = {slot.field for slot in slots} - {slot.field for slot in found.audience_readings}
    if isinstance(value, dict):
        found.audience = {key: each for key, each in value.items() if f"audience.{key}" not in dropped}
        excluded = found.audience.get("exclude")
        if isinstance(excluded, dict):
            kept = {key: each for key, each in excluded.items() if f"audience.exclude.{key}" not in dropped}
            found.audience = {**found.audience, "exclude": kept}
            if not kept:
                del found.audience["exclude"]


def _is_refused(reading: Reading, refused: Iterable[Span]) -> bool:
    return any(overlaps(reading.span, span) for span in refused)


def _take_objective(found: Extract, sentence: Sentence) -> None:
    reading = find_objective(sentence)
    if reading.objective is not None:
        found.readings["objective"] = reading.objective
    weighed = any(item.has("SAMEWEIGHT") for item in sentence.items)
    if reading.objective is not None and reading.objective.value == "multi" and not weighed:
        names = list(dict.fromkeys(goal.code.replace("_", " ") for goal in reading.competing))
        why = Why("goals", (", ".join(names),)) if names else None
        found.doubts.append(Doubt("priority_of_goals", why, names[0] if names else ""))


def _take_goal_of(found: Extract, kpi: Reading) -> None:
    """ "Repeat purchase rate from 21 % to 25 %": an indicator with its figure states the goal that it measures."""
    if isinstance(kpi.value, dict) and len(kpi.value) > 1:
        goal = GOAL_OF.get(f"{kpi.value['name']}")
        if goal is not None:
            found.readings["objective"] = Reading("objective", goal, *kpi.span, 0.7)


def _take_channels(found: Extract, sentence: Sentence, policy: BriefPolicy) -> None:
    reading = find_channels(sentence, policy.channels)
    if reading.channels is not None:
        found.readings["channels"] = reading.channels
    if reading.excluded is not None:
        found.readings[reading.excluded.field] = reading.excluded
    if reading.doubt:
        found.doubts.append(Doubt("channels", reading.doubt))
    found.doubts.extend(Doubt(unsupported.field, None) for unsupported in reading.unsupported)


def _take_constraints(found: Extract, sentence: Sentence, constraints: list[Reading]) -> None:
    refused = [refusal.span for refusal in found.refusals]
    contradiction = discount_contradiction(sentence, constraints)
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
