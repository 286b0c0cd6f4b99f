"""What tokens cost, by a table that is declared in settings; what is not in it is unknown, never free."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from agents.models.offline import OFFLINE_MODEL_ID

MILLION = Decimal(1_000_000)
_PREFIX = "openai-compatible/"


class ModelPrice(BaseModel):
    """What a model's tokens cost, in major units a million."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0, allow_inf_nan=False)
    output: Decimal = Field(ge=0, allow_inf_nan=False)
    currency: str = Field(default="USD", min_length=3, max_length=3)


class Prices:
    """Prices by the model's name, as its server lists it."""

    def __init__(self, table: Mapping[str, ModelPrice]) -> None:
        self._table = table

    def of(self, model_id: str) -> ModelPrice | None:
        """Return the price of a model; None where none is declared."""
        return self._table.get(model_id.removeprefix(_PREFIX))

    def cost(self, model_id: str, tokens_in: int, tokens_out: int) -> Decimal | None:
        """Return what tokens cost, in major units of the price's currency; the embedded rules cost nothing, and None is unknown."""
        if model_id == OFFLINE_MODEL_ID:
            return Decimal(0)
        price = self.of(model_id)
        if price is None:
            return None
        return (tokens_in * price.input + tokens_out * price.output) / MILLION
