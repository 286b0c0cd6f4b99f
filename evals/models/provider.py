"""The provider that suites hand to the agents: the embedded model under a script."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, ToolCall
from pydantic import BaseModel

from agents.models.choice import ModelChoice
from agents.models.interface import Candidate, ModelProvider, ModelSettings
from agents.models.offline import BriefT, Playbook, PlaybookModel
from evals.models.scripts import Script, as_it_is


class FreePlaybookModel(PlaybookModel):
    """A playbook that may ask for any tool, as a hosted model may; what an agent does not have is refused by its loop."""

    def _next_call(self, messages: list[BaseMessage], allowed: tuple[str, ...] | None) -> ToolCall:
        return super()._next_call(messages, None)


class ScriptedModels(ModelProvider):
    """Builds each agent's embedded model under one script."""

    def __init__(self, script: Script = as_it_is) -> None:
        super().__init__(ModelSettings())
        self._script = script

    def candidates(self, agent: str, playbook: Playbook[BriefT], task: BriefT) -> tuple[Candidate, ...]:
        """The one model that answers, whichever agent asks."""
        given: BaseModel = task
        played: Any = self._script(playbook, given)

        async def build() -> BaseChatModel:
            return FreePlaybookModel(playbook=played, brief=task)

        return (Candidate(ModelChoice(), build),)
