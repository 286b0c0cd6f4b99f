"""One proposal drafted with a model, and whether what came of it is what may come of any model."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from agents.agent_run import Limits
from agents.checkpoints import open_checkpoints
from agents.crew import LiveCrew
from agents.errors import AgentError
from agents.models.settings import ModelSettings
from agents.propose.graph import build_propose
from agents.threads import Threads
from bench.place import EXAMPLE, Place, open_place
from policies.proposal import Content, parse
from store.tables import AgentTrace, Launch, Proposal
from store.tables.identity import Identity

BUDGET_WORDS = ("2,000", "2000", "200000")


@dataclass(frozen=True)
class Drafted:
    """Where a thread came to, or the code it failed with; `work` is (agent, model, failure or "") in order."""

    status: str
    error: str | None
    seconds: float
    content: Content | None
    digest: str
    model: str
    work: tuple[tuple[str, str, str], ...]
    tokens: tuple[int, int]
    copy_told_budget: bool
    told_of_people: bool
    launched: bool

    def kept_promises(self, offline: Drafted) -> dict[str, bool]:
        """Say of each promise whether it held, measured against the proposal that the embedded rules make."""
        mine, theirs = self.content, offline.content
        if mine is None or theirs is None:
            return {"there is a proposal to look at": False}
        writers = {model for _, model, failure in self.work if not failure}
        return {
            "the audience is that of the brief": mine.audience.definition == theirs.audience.definition,
            "budget, dates and bounds are those of the brief": _bounds(mine) == _bounds(theirs),
            "no arm was made up": {arm.id for arm in mine.arms} <= {arm.id for arm in theirs.arms},
            "the proposal names exactly the models that wrote it": set(self.model.split(", ")) == writers,
            "no budget reached the copywriter": not self.copy_told_budget,
            "no person reached a model": not self.told_of_people,
            "nothing was launched": not self.launched,
        }


async def drafted(folder: Path, settings: ModelSettings, limits: Limits) -> Drafted:
    """Draft the example's brief in a home of its own."""
    async with (
        open_place(folder, settings, limits) as place,
        open_checkpoints(folder / "c.db") as checkpoints,
    ):
        threads = Threads(place.bench, build_propose(place.bench, LiveCrew(place.bench), _never, checkpoints))
        started, status, error = time.perf_counter(), "", None
        try:
            begun = await threads.start(
                workspace_id=place.workspace_id,
                author_id=place.author_id,
                text=(EXAMPLE / "brief.txt").read_text(),
            )
            status = begun.state.get("status", "")
        except AgentError as failure:
            error = failure.code
        return _told(place, status, error, round(time.perf_counter() - started, 1))


def _told(place: Place, status: str, error: str | None, seconds: float) -> Drafted:
    with place.bench.database.identity_read() as session:
        people = session.exec(select(Identity.value).where(Identity.kind == "email").limit(5_000)).all()
    with place.bench.database.read() as session:
        proposal = session.exec(select(Proposal)).first()
        traces = session.exec(select(AgentTrace).order_by(AgentTrace.trace_id)).all()
        said = [(trace.agent, json.dumps(trace.messages, ensure_ascii=False)) for trace in traces]
        copy = [text for agent, text in said if agent == "copywriter"]
        return Drafted(
            status=status,
            error=error,
            seconds=seconds,
            content=None if proposal is None else parse(proposal.canonical_json),
            digest="" if proposal is None else proposal.digest,
            model="" if proposal is None else proposal.model,
            work=tuple((trace.agent, trace.model, _failure(trace)) for trace in traces),
            tokens=(sum(trace.tokens_in for trace in traces), sum(trace.tokens_out for trace in traces)),
            copy_told_budget=any(word in text for text in copy for word in BUDGET_WORDS),
            told_of_people=any(email in text for email in people for _, text in said),
            launched=session.exec(select(Launch)).first() is not None,
        )


def _failure(trace: AgentTrace) -> str:
    return "" if trace.prompt_digest else str(trace.messages[-1]["content"])


def _bounds(content: Content) -> list[object]:
    """The values behind the envelope's references."""
    named = (
        content.envelope.starts,
        content.envelope.ends,
        content.envelope.budget,
        content.envelope.exploration_share,
    )
    return [content.figures[ref.figure].value for ref in named]


async def _never(_: str) -> str:
    raise AssertionError("a launch was asked for without an approval")
