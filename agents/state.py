"""The state of the two graphs: ids, digests and statuses. Content lives in the store."""

from __future__ import annotations

from typing import Literal, TypedDict

GRAPH_VERSION = "1"

ProposeStatus = Literal[
    "sensing",
    "clarifying",
    "planned",
    "refused",
    "drafting",
    "violating",
    "blocked",
    "open",
    "approved",
    "rejected",
    "changes_requested",
    "superseded",
    "expired",
    "revoked",
    "launched",
]


class ProposeState(TypedDict, total=False):
    """One proposal's thread. Every value is a JSON primitive."""

    graph_version: str
    workspace_id: str
    author_id: str
    campaign_id: str
    thread_id: str
    brief_id: str
    parent_proposal_id: str | None
    status: ProposeStatus
    situation_id: str
    plan_id: str
    segmentation_id: str
    copy_id: str
    design_id: str
    forecast_id: str
    report_id: str
    violations: int
    back_to: str
    proposal_id: str
    digest: str
    approval_id: str
    launch_id: str


class ReviewState(TypedDict, total=False):
    """One review of one launch. Every value is a JSON primitive."""

    graph_version: str
    workspace_id: str
    thread_id: str
    campaign_id: str
    launch_id: str
    readout_id: str
    findings_id: str
    status: Literal["measuring", "measured", "analysed"]
