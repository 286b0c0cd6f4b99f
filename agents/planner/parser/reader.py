"""From a marketer's words to the brief record, by rules alone."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.planner.brief import Brief, BriefError, BriefPolicy, BriefTooLongError, EmptyBriefError
from agents.planner.parser.budget import CODES
from agents.planner.parser.extract import Extract, extract
from agents.planner.parser.labels import Embed
from agents.planner.parser.questions import OPTIONAL, action_for, questions_for
from agents.planner.parser.reading import fold

MAX_CHARACTERS = 8_000


def read_brief(
    text: str,
    *,
    today: date,
    timezone: str = "UTC",
    home_currency: str | None = None,
    policy: BriefPolicy | None = None,
    embed: Embed | None = None,
) -> Brief:
    """Decide what a brief states, what is refused and what must be asked.

    `today` is the day in `timezone` that relative dates count from; `home_currency` (ISO 4217) says which dollar
    a bare "$" is. Constraints: `holdout` and rates are fractions, `*_pct` percent. Every stated field has a slot
    whose span is the text it was read from. Questions are in the language of the brief. `embed` (texts to unit vectors)
    lets the nearest label stand where no rule reads the objective. Raises EmptyBriefError, BriefTooLongError, or BriefError for a time
    zone or currency that does not exist.
    """
    check_setting(text, timezone, home_currency)
    bounds = policy or BriefPolicy()
    found = extract(text, today, home_currency, bounds, embed)
    return assemble(found, home_currency, bounds)


def check_setting(text: str, timezone: str, home_currency: str | None) -> None:
    """Refuse a text that is empty or too long, an unknown time zone, an unknown currency."""
    if not fold(text).text.strip():
        raise EmptyBriefError(
            "The brief is empty. Say what the campaign should achieve, for whom, and its budget."
        )
    if len(text) > MAX_CHARACTERS:
        raise BriefTooLongError(
            f"The brief has {len(text)} characters; at most {MAX_CHARACTERS} are read. Please shorten it.",
            value=len(text),
        )
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BriefError(
            f"The time zone {timezone!r} does not exist. Use a name such as Europe/Berlin.", value=timezone
        ) from error
    if home_currency is not None and home_currency not in CODES:
        raise BriefError(
            f"The home currency {home_currency!r} is not known. Use an ISO 4217 code such as EUR.",
            value=home_currency,
        )


def assemble(found: Extract, home_currency: str | None, policy: BriefPolicy) -> Brief:
    """Build the record from what was read, then decide questions and action."""
    stated = Brief.model_validate(
        {
            "action": "plan",
            **{
                name: found.value(name) for name in ("objective", "kpi", "budget", "start", "end", "channels")
            },
            "audience": found.audience or None,
            "constraints": found.constraints(),
            "refusals": found.refusals,
            "slots": found.slots("rule"),
        }
    )
    questions = questions_for(stated, found.doubts, home_currency, policy, found.language)
    contradicted = {doubt.field for doubt in found.doubts}
    action = action_for(stated, questions, found.is_lawful(), OPTIONAL - contradicted)
    return stated.model_copy(update={"action": action, "questions": [] if action == "refuse" else questions})
