"""Which actions of a workspace a brief speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tools.result import Quantity, Result

_WORD = re.compile(r"[a-z]+")


class UsedOffer(BaseModel):
    """The offer that comes with an action: the digest of its terms, and its discount in percent where it is one."""

    model_config = ConfigDict(frozen=True)

    offer_id: str
    digest: str
    discount_percent: str | None


class Action(BaseModel):
    """Something that may be done for a person: a message on a channel about a product, at a declared cost."""

    model_config = ConfigDict(frozen=True)

    action_id: str
    name: str
    channel: str
    message_cost_minor: int
    currency: str
    product_id: str | None
    product_name: str
    product_description: str
    cost_source: str
    offer: UsedOffer | None = None


class MatchedAction(BaseModel):
    model_config = ConfigDict(frozen=True)

    action_id: str
    name: str
    channel: str
    product_name: str
    mentioned: bool


class ActionMatches(Result):
    """Actions on the wanted channels; `mentioned` where the text names the product."""

    actions: tuple[MatchedAction, ...]


def match_actions(actions: Sequence[Action], text: str, channels: Sequence[str] | None) -> ActionMatches:
    """Return the actions on `channels` (None: any), each with whether `text` names its product.

    A product is named when every distinctive word of its name stands in the text; a word is distinctive when
    another product's name lacks it. Apostrophes and a plural s do not matter, whole words do ("women" is not "men").
    """
    said = _words(text)
    names = {action.action_id: _words(action.product_name) for action in actions}
    shared = set.intersection(*names.values()) if len(names) > 1 else set()
    matches = []
    costs = {}
    for action in actions:
        if channels is not None and action.channel not in channels:
            continue
        distinctive = names[action.action_id] - shared
        matches.append(
            MatchedAction(
                action_id=action.action_id,
                name=action.name,
                channel=action.channel,
                product_name=action.product_name,
                mentioned=bool(distinctive) and distinctive <= said,
            )
        )
        costs[f"action.{action.action_id}.message_cost"] = Quantity(
            value=action.message_cost_minor, unit=f"minor:{action.currency}"
        )
    return ActionMatches(actions=tuple(matches), quantities=costs)


def _words(text: str) -> set[str]:
    plain = text.lower().replace("'s", "").replace("’s", "")
    return {word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(plain)}
