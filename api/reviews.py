"""Reviews of launches that are over: the review graph run for a job, what it found, and the report of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session

from agents.analyst.agent import Findings
from agents.review.graph import ReviewGraph, review_launch
from agents.review.record import ReadoutRecord
from agents.state import ReviewState
from agents.workbench import Workbench
from api.records.measures import REVIEWED, newest_entry, readouts_of
from policies.figures import Figure
from policies.proposal import Content, parse
from store.files import write_private
from store.repositories.agent_work import figures_of, get_draft, traces_of
from store.repositories.campaigns import get_campaign, get_proposal
from store.repositories.launches import get_launch
from store.tables import Readout
from store.threads import in_thread


class Reviewed(NamedTuple):
    """One review, whole: what was measured, what the analyst says of it and the figures that it cites."""

    campaign: str
    record: ReadoutRecord
    findings: Findings
    figures: dict[str, Figure]
    content: Content
    model: str


ReportWriter = Callable[[Session, str, Reviewed], str]
"""Turns a review of a workspace into one self-contained HTML page."""


class Reviews:
    """Runs the review of a launch; each review is a thread of its own."""

    def __init__(
        self, bench: Workbench, graph: ReviewGraph, reports_dir: Path, write_report: ReportWriter
    ) -> None:
        self._bench = bench
        self._graph = graph
        self._reports_dir = reports_dir
        self._write_report = write_report

    async def review(self, launch_id: str) -> None:
        """Measure and analyse a launch, note in the audit log what came of it, and write its report."""
        state = await review_launch(self._bench, self._graph, launch_id)
        await in_thread(self._note, launch_id, state)
        await in_thread(self._report, launch_id)

    def report_file(self, campaign_id: str) -> Path:
        """Where the report of a campaign stands once it is written."""
        return self._reports_dir / f"{campaign_id}.html"

    def _note(self, launch_id: str, state: ReviewState) -> None:
        bench = self._bench
        with bench.database.write() as session:
            bench.audit.append(
                session,
                workspace_id=state["workspace_id"],
                at=bench.clock.now(),
                actor="system",
                action=REVIEWED,
                subject=launch_id,
                detail={
                    "readout": state["readout_id"],
                    "findings": state["findings_id"],
                    "thread": state["thread_id"],
                },
            )

    def _report(self, launch_id: str) -> None:
        with self._bench.database.read() as session:
            launch = get_launch(session, launch_id)
            found = reviewed(session, launch.workspace_id, launch.campaign_id)
            page = None if found is None else self._write_report(session, launch.workspace_id, found)
        if page is not None:
            write_private(self.report_file(launch.campaign_id), page.encode())


def reviewed(session: Session, workspace_id: str, campaign_id: str) -> Reviewed | None:
    """Return the newest review of a campaign that was carried to its end."""
    for readout in readouts_of(session, workspace_id, campaign_id):
        entry = newest_entry(session, workspace_id, REVIEWED, readout.launch_id)
        if entry is not None and entry.detail["readout"] == readout.readout_id:
            return _reviewed(session, workspace_id, readout, entry.detail["findings"], entry.detail["thread"])
    return None


def _reviewed(
    session: Session, workspace_id: str, readout: Readout, findings_id: str, thread_id: str
) -> Reviewed:
    launch = get_launch(session, readout.launch_id)
    proposal = get_proposal(session, workspace_id, launch.proposal_id)
    return Reviewed(
        campaign=get_campaign(session, workspace_id, readout.campaign_id).name,
        record=ReadoutRecord.model_validate(readout.record),
        findings=Findings.model_validate(get_draft(session, findings_id).content),
        figures=figures_of(session, thread_id),
        content=parse(proposal.canonical_json),
        model=", ".join(sorted({trace.model for trace in traces_of(session, thread_id)})),
    )
