"""Where everybody went: gross, removed by reason, net, and what became of the net audience, adding up exactly."""

from __future__ import annotations

from typing import NamedTuple

from agents.review.record import ReadoutRecord
from api.report.wording import MINUS, count, words
from api.views.proposal import REASON_WORDS
from policies.proposal import Content

_OUTCOMES = {
    "sent": "sent a message",
    "none": "chosen for no message",
    "held_out": "held out, to compare with",
    "failed": "failed at the provider",
    "unknown": "outcome of the sending unknown; a person has to look",
    "pending": "still to come",
}
_ALWAYS = ("sent", "none", "held_out")
_LAYERS = {
    "workspace_stopped": "the workspace was stopped",
    "legal": "blocked by law",
    "consent": "consent had gone by then",
    "suppression": "suppressed by then",
    "approval": "the approval was no longer valid",
    "eligibility": "no longer eligible",
    "quiet_hours": "quiet hours",
    "contact_caps": "a contact cap was reached",
    "budget": "the money was used up",
    "dedup": "had it already",
    "explicit_time": "its time had passed",
}


class FunnelLine(NamedTuple):
    """One line: `kind` is whole, removed, net or part; `width` is its bar in per cent of gross."""

    words: str
    shown: str
    kind: str
    width: str


class SumCheck(NamedTuple):
    """A sum written out, and whether it is right."""

    text: str
    holds: bool


class FunnelView(NamedTuple):
    lines: tuple[FunnelLine, ...]
    checks: tuple[SumCheck, ...]

    @property
    def holds(self) -> bool:
        """Whether every sum is right."""
        return all(check.holds for check in self.checks)


def funnel_view(record: ReadoutRecord, content: Content, reason_words: dict[str, str]) -> FunnelView:
    """Return the funnel with its two sums: gross less removed is net, and the net audience's parts are net."""
    said = REASON_WORDS | reason_words
    audience = content.audience
    gross, net = content.number(audience.gross), content.number(audience.net)
    removed = [
        (said.get(one.reason_id, words(one.reason_id)), content.number(one.people))
        for one in audience.removed
    ]
    parts = _parts(record)

    def line(text: str, people: int, kind: str) -> FunnelLine:
        sign = MINUS if kind == "removed" else ""
        return FunnelLine(text, f"{sign}{count(people)}", kind, f"{100 * people / max(gross, 1):.2f}")

    lines = [line("match the audience", gross, "whole")]
    lines += [line(text, people, "removed") for text, people in removed]
    lines.append(line("net audience", net, "net"))
    lines += [line(text, people, "part") for text, people in parts]
    taken = "".join(f" {MINUS} {count(people)}" for _, people in removed)
    first = SumCheck(
        f"{count(gross)}{taken} = {count(net)}", gross - sum(people for _, people in removed) == net
    )
    total = sum(people for _, people in parts)
    added = " + ".join(count(people) for _, people in parts)
    second = SumCheck(f"{added} = {count(net)}", total == net == record.people["net"])
    return FunnelView(tuple(lines), (first, second))


def _parts(record: ReadoutRecord) -> list[tuple[str, int]]:
    known = [
        (text, record.people[name])
        for name, text in _OUTCOMES.items()
        if name in _ALWAYS or record.people.get(name)
    ]
    return known + [(_dropped_words(reason), people) for reason, people in record.dropped.items()]


def _dropped_words(reason: str) -> str:
    if reason.startswith("not_reached:"):
        return f"not reached: {words(reason.removeprefix('not_reached:'))}"
    return f"dropped: {_LAYERS.get(reason, words(reason))}"
