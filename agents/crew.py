"""The four agents at work: each method runs one of them on a task, with its own short list of tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from pydantic import BaseModel

from agents.agent_run import AgentRun, AnswerT, ProgressEvent
from agents.agent_tool import AnyAgentTool
from agents.analyst import agent as analyst
from agents.comments.reader import CommentReading, CommentText, comments_playbook
from agents.copywriter import agent as copywriter
from agents.copywriter.guidance import BrandGuidance, BrandText, guidance_playbook
from agents.loop import run_agent
from agents.models.offline import Playbook
from agents.planner import agent as planner
from agents.planner.brief import Brief
from agents.prompt import load_prompt
from agents.segmenter import agent as segmenter
from agents.situation import Situation
from agents.workbench import Workbench

TaskT = TypeVar("TaskT", bound=BaseModel)


class Crew(Protocol):
    """What the graph asks of its agents; a bench may answer from a recording."""

    async def plan(
        self,
        thread_id: str,
        task: planner.PlannerTask,
        situation: Situation,
        read: Callable[[planner.PlannerTask], Brief],
    ) -> AgentRun[planner.PlanAnswer]: ...

    async def segment(
        self, thread_id: str, task: segmenter.SegmentTask, desk: segmenter.AudienceDesk
    ) -> AgentRun[segmenter.SegmentAnswer]: ...

    async def read_brand(self, thread_id: str, task: BrandText) -> AgentRun[BrandGuidance]: ...

    async def read_comments(self, thread_id: str, task: CommentText) -> AgentRun[CommentReading]: ...

    async def write(self, thread_id: str, task: copywriter.CopyTask) -> AgentRun[copywriter.CopyAnswer]: ...

    async def design(
        self, thread_id: str, task: analyst.DesignTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.DesignAnswer]: ...

    async def forecast(
        self, thread_id: str, task: analyst.ForecastTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.ForecastAnswer]: ...

    async def analyse(
        self, thread_id: str, task: analyst.AnalyseTask, summary: analyst.ReadoutSummary
    ) -> AgentRun[analyst.Findings]: ...


class LiveCrew:
    """The agents with the model that the settings choose."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def plan(
        self,
        thread_id: str,
        task: planner.PlannerTask,
        situation: Situation,
        read: Callable[[planner.PlannerTask], Brief],
    ) -> AgentRun[planner.PlanAnswer]:
        """Read the brief and plan it; ends early with questions or a refusal."""
        tools = planner.planner_tools(task, situation, read)
        return await self._run(
            thread_id, "planner", planner.planner_playbook, task, tools, planner.PlanAnswer
        )

    async def segment(
        self, thread_id: str, task: segmenter.SegmentTask, desk: segmenter.AudienceDesk
    ) -> AgentRun[segmenter.SegmentAnswer]:
        """Count the audience, split it, look at past responses."""
        tools = segmenter.segmenter_tools(desk)
        return await self._run(
            thread_id, "segmenter", segmenter.segmenter_playbook, task, tools, segmenter.SegmentAnswer
        )

    async def read_brand(self, thread_id: str, task: BrandText) -> AgentRun[BrandGuidance]:
        """Read brand passages without tools, into a closed schema."""
        return await self._run(
            thread_id, "copywriter", guidance_playbook, task, (), BrandGuidance, prompt="guidance.md"
        )

    async def read_comments(self, thread_id: str, task: CommentText) -> AgentRun[CommentReading]:
        """Read approvers' comments without tools, into a closed schema."""
        return await self._run(thread_id, "comments", comments_playbook, task, (), CommentReading)

    async def write(self, thread_id: str, task: copywriter.CopyTask) -> AgentRun[copywriter.CopyAnswer]:
        """Write one message an arm."""
        tools = copywriter.copywriter_tools(task)
        return await self._run(
            thread_id, "copywriter", copywriter.copywriter_playbook, task, tools, copywriter.CopyAnswer
        )

    async def design(
        self, thread_id: str, task: analyst.DesignTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.DesignAnswer]:
        """Size the experiment and choose the bandit policy."""
        tools = analyst.design_tools(desk)
        return await self._run(
            thread_id, "analyst", analyst.design_playbook, task, tools, analyst.DesignAnswer
        )

    async def forecast(
        self, thread_id: str, task: analyst.ForecastTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.ForecastAnswer]:
        """Forecast what the campaign may bring and cost."""
        tools = analyst.forecast_tools(desk, task)
        return await self._run(
            thread_id, "analyst", analyst.forecast_playbook, task, tools, analyst.ForecastAnswer
        )

    async def analyse(
        self, thread_id: str, task: analyst.AnalyseTask, summary: analyst.ReadoutSummary
    ) -> AgentRun[analyst.Findings]:
        """Say what a readout found and what could come next."""
        tools = analyst.analyse_tools(summary)
        return await self._run(thread_id, "analyst", analyst.analyse_playbook, task, tools, analyst.Findings)

    async def _run(
        self,
        thread_id: str,
        agent: str,
        playbook: Playbook[TaskT],
        task: TaskT,
        tools: Sequence[AnyAgentTool],
        answer: type[AnswerT],
        *,
        prompt: str = "prompt.md",
    ) -> AgentRun[AnswerT]:
        tell: Callable[[ProgressEvent], None] | None = self._bench.teller(thread_id)
        return await run_agent(
            agent=agent,
            model=self._bench.models.build_model(playbook, task),
            prompt=load_prompt(f"agents.{agent}", prompt).text,
            task=task,
            tools=tools,
            answer=answer,
            limits=self._bench.limits,
            on_progress=tell,
            answer_method=self._bench.models.settings.answer_method,
        )
