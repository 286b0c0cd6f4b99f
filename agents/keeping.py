"""What a node keeps of an agent run: drafts, tool results, figures and the trace, in the node's one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, JsonValue
from sqlmodel import Session

from agents.agent_run import AgentRun, FailedAttempt
from agents.errors import AnswerInvalidError
from agents.workbench import Workbench
from policies.figures import Figure, figures_named
from store.bulk import JsonText, Row
from store.repositories.agent_work import KeptDraft, add_draft, add_work, put_figures, unknown_figures
from tools.result import Result, figures_from

FAILURE = "failure"


class Keeper:
    """Writes for one thread of one workspace inside the session it is given, at one time."""

    def __init__(self, bench: Workbench, session: Session, workspace_id: str, thread_id: str) -> None:
        self.bench = bench
        self.session = session
        self.workspace_id = workspace_id
        self.thread_id = thread_id
        self.at = bench.clock.now(session)
        self._figures: set[str] = set()

    def new_id(self) -> str:
        """Return an id stamped with the node's time."""
        return self.bench.ids.new(self.at)

    def draft(self, kind: str, content: BaseModel | Mapping[str, Any]) -> KeptDraft:
        """Keep what the node produced and return its id and digest."""
        plain = (
            content.model_dump(mode="json", by_alias=True)
            if isinstance(content, BaseModel)
            else dict(content)
        )
        return add_draft(
            self.session,
            draft_id=self.new_id(),
            workspace_id=self.workspace_id,
            thread_id=self.thread_id,
            kind=kind,
            content=plain,
            at=self.at,
        )

    def figures(self, figures: Mapping[str, Figure]) -> None:
        """Keep figures that do not come from an agent's tool: brief spans, rules, settings."""
        put_figures(self.session, self.workspace_id, self.thread_id, figures)
        self._figures |= figures.keys()

    # Any: a run of whichever agent; its answer is kept by the node as a draft.
    def run(self, run: AgentRun[Any]) -> None:
        """Keep an agent's tool results with the figures they carry, and its trace."""
        results: list[Row] = []
        figures: dict[str, Figure] = {}
        for record in run.tool_calls:
            digest = record.result_digest
            results.append(
                {
                    "tool_result_id": self.new_id(),
                    "workspace_id": self.workspace_id,
                    "thread_id": self.thread_id,
                    "agent": run.agent,
                    "tool": record.name,
                    "arguments": record.args,
                    "result": JsonText(record.result.model_dump_json()),
                    "digest": digest,
                    "duration_ms": round(record.duration_s * 1000),
                    "called_at": self.at,
                }
            )
            if isinstance(record.result, Result):
                figures |= figures_from(record.name, record.result, digest)
        self.failures(run.agent, run.failed)
        add_work(self.session, results, self._trace(run))
        self.figures(figures)

    def failures(self, agent: str, failed: Sequence[FailedAttempt]) -> None:
        """Keep what models used that gave no usable answer; the last entry of such a trace says why."""
        for attempt in failed:
            ending: dict[str, JsonValue] = {"role": FAILURE, "content": attempt.code}
            row = {
                "trace_id": self.new_id(),
                "workspace_id": self.workspace_id,
                "thread_id": self.thread_id,
                "agent": agent,
                "model": attempt.model_id,
                "prompt_digest": "",
                "messages": [*attempt.messages, ending],
                "tokens_in": attempt.input_tokens,
                "tokens_out": attempt.output_tokens,
                "duration_ms": round(attempt.duration_s * 1000),
                "created_at": self.at,
            }
            add_work(self.session, [], row)

    def require_cited(self, *texts: str) -> None:
        """AnswerInvalidError when a text cites a figure that the thread does not have."""
        others = figures_named(texts) - self._figures
        missing = unknown_figures(self.session, self.thread_id, others) if others else []
        if missing:
            raise AnswerInvalidError(
                f"The text cites the figure {missing[0]!r}, which no tool returned.", value=missing[0]
            )

    def _trace(self, run: AgentRun[Any]) -> Row:
        return {
            "trace_id": self.new_id(),
            "workspace_id": self.workspace_id,
            "thread_id": self.thread_id,
            "agent": run.agent,
            "model": run.model_id,
            "prompt_digest": run.prompt_digest,
            "messages": list(run.messages),
            "tokens_in": run.input_tokens,
            "tokens_out": run.output_tokens,
            "duration_ms": round(run.duration_s * 1000),
            "created_at": self.at,
        }
