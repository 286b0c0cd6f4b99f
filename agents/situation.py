"""What a campaign is planned with: read by `sense`, before any agent speaks."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from agents.conversation.assuming import RememberedFact
from policies.workspace_rules import WorkspaceRules
from tools.offers.actions import Action


class LoggedExperiment(BaseModel):
    """A past experiment with logged propensities; `label` is shown with every result drawn from it."""

    model_config = ConfigDict(frozen=True)

    experiment_id: str
    name: str
    label: str
    arms: tuple[str, ...]


class Situation(BaseModel):
    """The marketer's words, what is remembered of them, and the workspace's facts. Nothing here is an estimate."""

    model_config = ConfigDict(frozen=True)

    brief_text: str
    brand: str
    today: date
    timezone: str
    currency: str
    rules: WorkspaceRules
    actions: tuple[Action, ...]
    experiments: tuple[LoggedExperiment, ...]
    memory: tuple[RememberedFact, ...] = ()
