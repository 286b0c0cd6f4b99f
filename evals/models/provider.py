"""The provider that suites hand to the agents: the embedded model under a script."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage, ToolCall
from pydantic import BaseModel

from agents.models.interface import ModelProvider, ModelSettings
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

    def build_model(self, playbook: Playbook[BriefT], brief: BriefT) -> PlaybookModel:
        """The model for one run."""
        task: BaseModel = brief
        played: Any = self._script(playbook, task)
        return FreePlaybookModel(playbook=played, brief=brief)
