"""Whether a click or an open was a person's or a program's: scanners, prefetchers and whoever follows what nobody sees.

A flagged one is kept and counts for nothing: no reward, no segment, no readout.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

SOONEST: Final = timedelta(seconds=2)
"""Nobody has read a message this soon after it was handed over."""
TOGETHER: Final = timedelta(seconds=10)
"""Clicks this close to one on the hidden link were made by the same program."""
_AGENTS: Final = re.compile(
    r"bot\b|crawl|spider|scan|prefetch|preview|fetch|monitor|headless|barracuda|mimecast|proofpoint|symantec|"
    r"safelinks|googleimageproxy|yahoomailproxy|bingpreview|slackbot|facebookexternalhit|whatsapp|"
    r"curl/|wget/|python-|java/|go-http|okhttp|libwww|httpclient",
    re.I,
)
_BROWSER: Final = re.compile(r"^Mozilla/5\.0 \(.+\)")


class Visit(NamedTuple):
    """How a link was opened. `agent` is the browser's name for itself, which is looked at and never kept."""

    at: datetime
    method: str
    agent: str
    purpose: str
    trap: bool
    sent_at: datetime | None
    trap_at: datetime | None


def machine_reason(visit: Visit) -> str | None:
    """Say why a visit is held to be a program's: trap, method, prefetch, agent, together or too_soon; None for a person's.

    `trap_at` is when the hidden link of the same message was last followed, `purpose` the header by which a browser says
    that it fetches ahead.
    """
    if visit.trap:
        return "trap"
    if visit.method != "GET":
        return "method"
    if "prefetch" in visit.purpose.lower() or "preview" in visit.purpose.lower():
        return "prefetch"
    if not _BROWSER.search(visit.agent) or _AGENTS.search(visit.agent):
        return "agent"
    if visit.trap_at is not None and abs(visit.at - visit.trap_at) <= TOGETHER:
        return "together"
    if visit.sent_at is not None and visit.at - visit.sent_at < SOONEST:
        return "too_soon"
    return None
