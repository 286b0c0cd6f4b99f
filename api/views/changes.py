"""What a new version of a proposal changes, field by field: figures by their value, lists by the ids in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel
from sqlmodel import Session

from api.views.numbers import View
from policies.figures import Ref, say, show
from policies.proposal import Content, parse
from store.repositories.campaigns import get_proposal
from store.repositories.proposing import creatives_of
from store.tables import Proposal
from tools.content.creative import Creative

_KEYS: Final = ("id", "reason_id", "quantity_id", "metric_id", "offer_id")
_LEFT_OUT: Final = frozenset({"figures", "schema_id"})


class ChangeView(View):
    """One field: None before where it is new, None after where it is gone."""

    path: str
    before: str | None
    after: str | None


class PreviousView(View):
    """The version before this one, and every field that differs from it."""

    proposal_id: str
    digest: str
    status: str
    changes: tuple[ChangeView, ...]


def previous_view(session: Session, proposal: Proposal, content: Content) -> PreviousView | None:
    """Return what changed since the parent proposal; None for a first version."""
    if proposal.parent_proposal_id is None:
        return None
    parent = get_proposal(session, proposal.workspace_id, proposal.parent_proposal_id)
    old = parse(parent.canonical_json)
    before = fields_of(old, _words(session, proposal.workspace_id, old))
    after = fields_of(content, _words(session, proposal.workspace_id, content))
    return PreviousView(
        proposal_id=parent.proposal_id,
        digest=parent.digest,
        status=parent.status,
        changes=changes(before, after),
    )


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangeView, ...]:
    """Return the fields that differ, in the order of the new version, those that are gone last."""
    paths = [*after, *(path for path in before if path not in after)]
    return tuple(
        ChangeView(path=path, before=before.get(path), after=after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    )


def fields_of(content: Content, words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return every field of a proposal as text by its path; `words` are the texts of each arm's message by part."""
    found: dict[str, str] = {}
    for name in type(content).model_fields:
        if name not in _LEFT_OUT:
            found |= dict(_leaves(name, getattr(content, name), content))
    for arm, texts in words.items():
        found |= {f"arms[{arm}].message.{part}": text for part, text in texts.items()}
    return found


def _words(session: Session, workspace_id: str, content: Content) -> dict[str, dict[str, str]]:
    by_arm = {arm.id: arm.creative_digest for arm in content.arms if arm.creative_digest is not None}
    kept = creatives_of(session, workspace_id, by_arm)
    made = {arm: Creative.model_validate(one) for arm, one in kept.items()}
    return {arm: {**creative.texts(), "link": creative.link} for arm, creative in made.items()}


def _leaves(path: str, value: object, content: Content) -> Iterator[tuple[str, str]]:
    if isinstance(value, Ref):
        yield path, show(content.figures[value.figure])
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(f"{path}.{name}", getattr(value, name), content)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from _leaves(f"{path}[{_key(item, place)}]", item, content)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(f"{path}.{name}", item, content)
    elif value is not None:
        yield path, say(str(value), content.figures, brief=content.objective.quote)


def _key(item: object, place: int) -> str:
    for name in _KEYS:
        if hasattr(item, name):
            return str(getattr(item, name))
    return str(place)
