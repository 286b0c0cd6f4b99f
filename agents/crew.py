"""The four agents at work: each method runs one of them on a task, with its own short list of tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from agents.agent_run import AgentRun, AnswerT, Check, FailedAttempt
from agents.agent_tool import AnyAgentTool
from agents.analyst import agent as analyst
from agents.comments.reader import CommentReading, CommentText, check_comments, comments_playbook
from agents.copywriter import agent as copywriter
from agents.copywriter.guidance import BrandGuidance, BrandText, guidance_playbook
from agents.errors import AgentError
from agents.keeping import Keeper
from agents.models.offline import Playbook
from agents.planner import agent as planner
from agents.planner.heard import Heard, HearTask
from agents.planner.hearing import hear
from agents.prompt import load_prompt
from agents.relay import run_over_chain
from agents.segmenter import agent as segmenter
from agents.situation import Situation
from agents.workbench import Workbench
from store.tables import ProposeThread
from store.threads import in_thread

TaskT = TypeVar("TaskT", bound=BaseModel)


class Crew(Protocol):
    """What the graph asks of its agents; a bench may answer from a recording."""

    async def plan(
        self,
        thread_id: str,
        task: planner.PlannerTask,
        situation: Situation,
        reading: planner.BriefReading,
    ) -> AgentRun[planner.PlanAnswer]: ...

    async def hear(self, thread_id: str, task: HearTask) -> AgentRun[Heard]: ...

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


class Duty(NamedTuple, Generic[TaskT, AnswerT]):
    """What an agent is for: how its embedded rules work, what it may call, how it answers, what that is held against."""

    agent: str
    playbook: Playbook[TaskT]
    tools: Sequence[AnyAgentTool]
    answer: type[AnswerT]
    check: Check[AnswerT] | None = None
    prompt: str = "prompt.md"


class LiveCrew:
    """The agents with the models that the settings choose."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    async def plan(
        self,
        thread_id: str,
        task: planner.PlannerTask,
        situation: Situation,
        reading: planner.BriefReading,
    ) -> AgentRun[planner.PlanAnswer]:
        """Plan a brief that was read; ends early where it has to be asked about, or is refused."""
        tools = planner.planner_tools(task, situation, reading)
        check = planner.check_plan(situation, reading)
        duty = Duty("planner", planner.planner_playbook, tools, planner.PlanAnswer, check)
        return await self._run(thread_id, task, duty)

    async def hear(self, thread_id: str, task: HearTask) -> AgentRun[Heard]:
        """Let the planner's language models read a brief without tools; the embedded rules read it anyway."""
        return await hear(self._bench.models, self._bench.limits, task, self._bench.teller(thread_id))

    async def segment(
        self, thread_id: str, task: segmenter.SegmentTask, desk: segmenter.AudienceDesk
    ) -> AgentRun[segmenter.SegmentAnswer]:
        """Count the audience, split it, look at past responses."""
        tools, check = segmenter.segmenter_tools(desk), segmenter.check_segments(task, desk)
        duty = Duty("segmenter", segmenter.segmenter_playbook, tools, segmenter.SegmentAnswer, check)
        return await self._run(thread_id, task, duty)

    async def read_brand(self, thread_id: str, task: BrandText) -> AgentRun[BrandGuidance]:
        """Read brand passages without tools, into a closed schema."""
        duty = Duty("copywriter", guidance_playbook, (), BrandGuidance, prompt="guidance.md")
        return await self._run(thread_id, task, duty)

    async def read_comments(self, thread_id: str, task: CommentText) -> AgentRun[CommentReading]:
        """Read approvers' comments without tools, into a closed schema."""
        duty = Duty("comments", comments_playbook, (), CommentReading, check_comments(task))
        return await self._run(thread_id, task, duty)

    async def write(self, thread_id: str, task: copywriter.CopyTask) -> AgentRun[copywriter.CopyAnswer]:
        """Write one message an arm."""
        tools, check = copywriter.copywriter_tools(task), copywriter.check_copy(task)
        duty = Duty("copywriter", copywriter.copywriter_playbook, tools, copywriter.CopyAnswer, check)
        return await self._run(thread_id, task, duty)

    async def design(
        self, thread_id: str, task: analyst.DesignTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.DesignAnswer]:
        """Size the experiment and choose the bandit policy."""
        tools = analyst.design_tools(desk)
        duty = Duty("analyst", analyst.design_playbook, tools, analyst.DesignAnswer, analyst.check_design)
        return await self._run(thread_id, task, duty)

    async def forecast(
        self, thread_id: str, task: analyst.ForecastTask, desk: analyst.DesignDesk
    ) -> AgentRun[analyst.ForecastAnswer]:
        """Forecast what the campaign may bring and cost."""
        tools = analyst.forecast_tools(desk, task)
        duty = Duty(
            "analyst", analyst.forecast_playbook, tools, analyst.ForecastAnswer, analyst.check_forecast
        )
        return await self._run(thread_id, task, duty)

    async def analyse(
        self, thread_id: str, task: analyst.AnalyseTask, summary: analyst.ReadoutSummary
    ) -> AgentRun[analyst.Findings]:
        """Say what a readout found and what could come next."""
        tools, check = analyst.analyse_tools(summary), analyst.check_findings(summary)
        return await self._run(
            thread_id, task, Duty("analyst", analyst.analyse_playbook, tools, analyst.Findings, check)
        )

    async def _run(self, thread_id: str, task: TaskT, duty: Duty[TaskT, AnswerT]) -> AgentRun[AnswerT]:
        models = self._bench.models
        try:
            return await run_over_chain(
                agent=duty.agent,
                models=models,
                candidates=models.candidates(duty.agent, duty.playbook, task),
                prompt=load_prompt(f"agents.{duty.agent}", duty.prompt).text,
                task=task,
                tools=duty.tools,
                answer=duty.answer,
                limits=self._bench.limits,
                check=duty.check,
                on_progress=self._bench.teller(thread_id),
            )
        except AgentError as error:
            await in_thread(self._keep_failure, thread_id, duty.agent, error.failed)
            raise

    def _keep_failure(self, thread_id: str, agent: str, failed: Sequence[FailedAttempt]) -> None:
        """Keep what was used in vain: the node that asked ends without a transaction of its own."""
        with self._bench.database.write() as session:
            thread = session.get(ProposeThread, thread_id)
            if thread is not None:
                Keeper(self._bench, session, thread.workspace_id, thread_id).failures(agent, failed)
