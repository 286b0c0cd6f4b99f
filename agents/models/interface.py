"""The models that agents talk to, chosen in settings; one provider serves a process."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from langchain_core.language_models import BaseChatModel

from agents.errors import AgentError, ModelUnavailableError
from agents.models.choice import ModelChoice
from agents.models.offline import OFFLINE_MODEL_ID, BriefT, Playbook, PlaybookModel, playbook_model
from agents.models.prices import ModelPrice, Prices
from agents.models.settings import AnswerMethod, ModelSettings

if TYPE_CHECKING:
    from agents.models.openai_compatible import OpenAIModels
    from agents.models.probe import Capabilities

__all__ = ["Candidate", "ModelProvider", "ModelSettings", "served_model_id"]


def served_model_id(model: BaseChatModel) -> str:
    """Return the name shown for a model that is already built."""
    if isinstance(model, PlaybookModel):
        return OFFLINE_MODEL_ID
    return f"openai-compatible/{getattr(model, 'model_name', 'unnamed')}"


@dataclass(frozen=True)
class Candidate:
    """One model of a chain. `build` may ask its server what it can do; `rests` says that it was just found unreachable."""

    choice: ModelChoice
    build: Callable[[], Awaitable[BaseChatModel]]
    rests: bool = False

    @property
    def model_id(self) -> str:
        """The name shown wherever the model's words are."""
        return self.choice.model_id


class ModelProvider:
    """Builds the models of each agent run; hold one per process and close it at the end.

    What each server can do is found out once a process, when it is first needed. HTTP clients belong to an event loop,
    so there is one for each loop and address that asks, made on first use.
    """

    def __init__(
        self,
        settings: ModelSettings,
        prices: Mapping[str, ModelPrice] | None = None,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.prices = Prices(prices or {})
        self._timer = timer
        self._openai: OpenAIModels | None = None
        self._known: dict[tuple[str, str], Capabilities] = {}
        self._resting: dict[tuple[str, str], float] = {}

    @property
    def model_id(self) -> str:
        """The names of the models that answer by default, in the order in which they are tried."""
        return ", ".join(choice.model_id for choice in self.settings.use)

    def candidates(self, agent: str, playbook: Playbook[BriefT], task: BriefT) -> tuple[Candidate, ...]:
        """Return the models of an agent's chain for one task, the first first."""

        async def rules() -> BaseChatModel:
            return playbook_model(playbook, task)

        return tuple(
            Candidate(choice, rules if choice.offline else partial(self._built, choice), self._rests(choice))
            for choice in self.settings.chain_of(agent)
        )

    def note_failure(self, choice: ModelChoice, error: AgentError) -> None:
        """Leave a server alone for a while that could not be reached, where others can answer."""
        if isinstance(error, ModelUnavailableError):
            self._resting[self._key(choice)] = self._timer() + self.settings.rest_s

    async def capabilities(self, choice: ModelChoice, *, anew: bool = False) -> Capabilities:
        """Return what a model's server can do, asked once a process, or anew; AgentError where it cannot be used at all."""
        key = self._key(choice)
        if anew or key not in self._known:
            from agents.models.probe import probe

            self._known[key] = await probe(
                self._models().model(choice), self._models().model(choice, streaming=True)
            )
        return self._known[key]

    async def method_of(self, choice: ModelChoice) -> AnswerMethod:
        """Return how tool calls and answers are asked of a model."""
        method = self.settings.answer_method
        return method if method != "auto" else (await self.capabilities(choice)).method

    async def _built(self, choice: ModelChoice) -> BaseChatModel:
        method = await self.method_of(choice)
        streams = self.settings.stream
        if streams is None:
            streams = self.settings.answer_method == "auto" and (await self.capabilities(choice)).streams
        model = self._models().model(choice, streaming=streams)
        if method in ("tool_call", "named_tool_call"):
            return model.model_copy(update={"names_tool": method == "named_tool_call"})
        from agents.models.json_turns import JsonTurnModel

        return JsonTurnModel(inner=model, method=method)

    def _models(self) -> OpenAIModels:
        if self._openai is None:
            from agents.models.openai_compatible import OpenAIModels

            self._openai = OpenAIModels(self.settings)
        return self._openai

    def _key(self, choice: ModelChoice) -> tuple[str, str]:
        return self.settings.address_of(choice), choice.name

    def _rests(self, choice: ModelChoice) -> bool:
        return self._resting.get(self._key(choice), 0.0) > self._timer()

    async def aclose(self) -> None:
        """Close the HTTP clients of this event loop, if any were made."""
        if self._openai is not None:
            await self._openai.aclose()
