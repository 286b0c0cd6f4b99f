"""The proposal: exactly what would run, and its digest.

The digest is sha256 over the canonical JSON (RFC 8785) of content v1 only. Author, times, model id, trace and parent stay
outside, so that the same brief, date, snapshot, rules, seed and recorded answers give the same digest. Numbers stand only
in `figures`; everything else names them by `Ref`. It holds no personal data.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from policies.errors import ConflictError, CountersignError
from policies.figures import Figure, Ref, UnsourcedNumberError, require_sourced

ProposalKind = Literal[
    "campaign",
    "journey",
    "creative",
    "offer",
    "eligibility",
    "discount",
    "policy_change",
    "rollout",
    "experiment_end",
    "budget_change",
]


class ContentUnreadableError(ConflictError):
    """What is stored as a proposal's content is none that this release can read."""

    code = "content_unreadable"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Objective(Part):
    """What is wanted: the brief's words verbatim (`quote`), its code and the KPI."""

    code: str
    kpi: str
    quote: str
    brief_sha256: str


class Removed(Part):
    reason_id: str
    people: Ref


class Segment(Part):
    """A rule for people: `definition` in the filter language, `words` for a person."""

    id: str
    definition: str
    words: str
    people: Ref


class Audience(Part):
    """`snapshot_sha256` is over the sorted person ids of the net audience, the holdout included."""

    definition: str
    words: str
    as_of: Ref
    gross: Ref
    removed: tuple[Removed, ...]
    net: Ref
    snapshot_sha256: str
    segments: tuple[Segment, ...]


class Arm(Part):
    """An action in this campaign. `none` has no channel, no creative and no cost."""

    id: str
    action_id: str | None
    channel: str | None
    creative_digest: str | None
    message_cost: Ref


class OfferUse(Part):
    offer_id: str
    digest: str


class Group(Part):
    id: Literal["optimised", "random_control", "business_as_usual", "holdout"]
    share: Ref


class StopRule(Part):
    id: str
    words: str


class Guardrail(Part):
    metric_id: str
    words: str
    margin: Ref


class ExperimentDesign(Part):
    hypothesis: str
    primary_metric_id: str
    groups: tuple[Group, ...]
    confidence: Ref
    power: Ref
    smallest_effect: Ref
    duration: Ref
    guardrails: tuple[Guardrail, ...]
    stop_rules: tuple[StopRule, ...]


class RampStep(Part):
    share: Ref


class Envelope(Part):
    """The bounds inside which moving is no change; beyond them is a new proposal."""

    starts: Ref
    ends: Ref
    budget: Ref
    maximum_people: Ref
    batches: Ref
    batch_interval: Ref
    ramp: tuple[RampStep, ...]
    exploration_share: Ref
    reward_delay: Ref


class BanditPolicy(Part):
    policy_id: str
    reward_id: str
    features_digest: str
    prior_digest: str
    seed: Ref
    history: Ref


class Forecast(Part):
    """One forecast quantity: median and the bounds of its 80 % interval."""

    quantity_id: str
    median: Ref
    low: Ref
    high: Ref


class Content(Part):
    """Content v1. Counts are integers, rates and estimates decimal strings, money minor units: all in `figures`."""

    schema_id: Literal["countersign.proposal/1"] = Field(default="countersign.proposal/1", alias="schema")
    kind: ProposalKind
    objective: Objective
    audience: Audience
    arms: tuple[Arm, ...]
    offers: tuple[OfferUse, ...]
    experiment: ExperimentDesign
    envelope: Envelope
    bandit: BanditPolicy
    forecast: tuple[Forecast, ...]
    evidence: str
    rationale: str
    rules: Mapping[str, str]
    figures: Mapping[str, Figure]

    def number(self, ref: Ref) -> int:
        """Return the integer behind a reference (counts, minor units, hours, days, seeds)."""
        value = self.figures[ref.figure].value
        if not isinstance(value, int):
            raise CountersignError(f"figure {ref.figure} is {value!r}, not a whole number", value=value)
        return value

    def text(self, ref: Ref) -> str:
        """Return the value behind a reference as text (dates, decimal strings)."""
        return str(self.figures[ref.figure].value)

    def arm_ids(self) -> tuple[str, ...]:
        return tuple(arm.id for arm in self.arms)


class Frozen(BaseModel):
    """A proposal's canonical JSON text and its digest."""

    model_config = ConfigDict(frozen=True)

    digest: str
    canonical_json: str


_CODE_KEYS = re.compile(r"(^|_)(id|digest|sha256|schema|kind|code|kpi|channel|figure)$")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")
_VERBATIM_KEYS = frozenset({"quote"})
_DEFINITION_NUMBER = re.compile(r"(?<![\w.'-])\d+(?:\.\d+)?(?![\w.-])")


def freeze(content: Content, *, brief: str, creatives: Mapping[str, str]) -> Frozen:
    """Decide whether every number in a proposal has a source and return its canonical JSON and digest.

    `brief` is the marketer's text, that quotes must stand in word for word; `creatives` maps a place
    ("mens_email.subject") to the text of each creative. Raises UnsourcedNumberError naming the place and the number.
    """
    tree = content.model_dump(mode="json", by_alias=True)
    figures = content.figures
    known_numbers = frozenset(str(figure.value) for figure in figures.values())
    prose = {key: value for key, value in tree.items() if key != "figures"}
    for place, value in _leaves(prose):
        _require_clean(place, value, content, brief, known_numbers)
    for place, text in creatives.items():
        require_sourced(place, text, figures, brief_length=len(brief))
    for name, figure in figures.items():
        _require_source(name, figure)
    canonical = canonical_json(tree)
    return Frozen(digest=hashlib.sha256(canonical).hexdigest(), canonical_json=canonical.decode())


def parse(canonical_json: str) -> Content:
    """Return the content behind a stored proposal; ContentUnreadableError for what is none, or not any more."""
    try:
        return Content.model_validate_json(canonical_json)
    except ValidationError as error:
        raise ContentUnreadableError(
            f"the content of this proposal cannot be read ({error.errors()[0]['msg']}), so it is neither shown nor "
            "approved; countersign audit verify names the row if somebody changed it",
            value=canonical_json[:100],
        ) from error


def digest_of(canonical_json: str) -> str:
    """Return the sha256 (hex) of a stored proposal's text."""
    return hashlib.sha256(canonical_json.encode()).hexdigest()


def digest_json(value: JsonValue) -> str:
    """Return the sha256 (hex) of any JSON value in canonical form (RFC 8785)."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def canonical_json(value: JsonValue) -> bytes:
    """Return any JSON value in canonical form (RFC 8785), as UTF-8; ValueError for what has no such form."""
    try:
        text = _python_json(value)
    except TypeError:  # no JSON: the reference encoder says so in its own words
        return rfc8785.dumps(value)
    if not text.isascii() and max(text) >= _FIRST_SURROGATE:
        return rfc8785.dumps(value)
    if _WRITTEN_DIFFERENTLY.search(f",{text}"):
        parts = _TEXTS.split(text)
        parts[::2] = _DIFFERENT.sub(_as_ecmascript, "\0".join(parts[::2])).split("\0")
        text = "".join(parts)
    return text.encode()


# Python's own encoder is ten times as fast and writes the same, but for keys beyond U+D7FF (sorted by UTF-16 there, by
# code point here) and for numbers that may look like these: 1.0, 1e-05, more than 2^53 - 1, NaN.
_python_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_NUMBER = r"-?(?:\d[\d.]*e[-+]?\d+|\d+\.0(?!\d)|\d{16}\d*(?:\.\d+)?|NaN|Infinity)"
_WRITTEN_DIFFERENTLY = re.compile(rf"[:,\[](?=[-\dNI]){_NUMBER}")
_TEXTS = re.compile(r'("(?:[^"\\]|\\.)*")')
_DIFFERENT = re.compile(rf"(?<![\d.e+-]){_NUMBER}")
_FIRST_SURROGATE = "\ud800"
_WHOLE_DIGITS = 16
"""Characters of a float without a fraction that is surely below 2^53: its sign, at most fourteen digits, and `.0`."""


def _as_ecmascript(found: re.Match[str]) -> str:
    token = found.group()
    if token.endswith(".0") and len(token) <= _WHOLE_DIGITS and token != "-0.0":
        return token[:-2]
    number = int(token) if token.lstrip("-").isdigit() else float(token)
    return rfc8785.dumps(number).decode()


def _require_clean(
    place: str, value: JsonValue, content: Content, brief: str, known_numbers: Collection[str]
) -> None:
    key = place.rsplit(".", 1)[-1]
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        raise UnsourcedNumberError(
            f"{place} is the bare number {value}; put it into the figures with its source and name it",
            value=value,
        )
    text = str(value)
    if key == "figure":
        if text not in content.figures:
            raise UnsourcedNumberError(f"{place} names the figure {text!r}, which does not exist", value=text)
    elif key in _VERBATIM_KEYS:
        if text not in brief:
            raise UnsourcedNumberError(f"{place} is not in the brief word for word: {text!r}", value=text)
    elif key == "definition":
        _require_definition(place, text, known_numbers)
    elif _is_code(key) or place.startswith("rules."):
        if not _CODE.fullmatch(text):
            raise UnsourcedNumberError(f"{place} must be a code, not {text!r}", value=text)
    else:
        require_sourced(place, text, content.figures, brief_length=len(brief))


@cache
def _is_code(key: str) -> bool:
    return _CODE_KEYS.search(key) is not None


def _require_definition(place: str, text: str, known: Collection[str]) -> None:
    for number in _DEFINITION_NUMBER.findall(text):
        if number not in known:
            raise UnsourcedNumberError(
                f"{place} compares with {number}, and no figure says where that came from", value=number
            )


def _require_source(name: str, figure: Figure) -> None:
    source = figure.source
    needed = source.digest if source.kind == "tool" else source.path or source.digest
    if not source.name or not needed:
        raise UnsourcedNumberError(
            f"figure {name} ({figure.value} {figure.unit}) has no source; name the tool result, the span of the brief "
            "or the rule it came from",
            value=figure.value,
        )


def _leaves(tree: Mapping[str, JsonValue]) -> list[tuple[str, JsonValue]]:
    """Every value that holds no others, in order, with its place; the items of a list have the list's place."""
    found: list[tuple[str, JsonValue]] = []

    def walk(node: JsonValue, place: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, f"{place}.{key}" if place else key)
        elif isinstance(node, list):
            for value in node:
                walk(value, place)
        else:
            found.append((place, node))

    walk({**tree}, "")
    return found
