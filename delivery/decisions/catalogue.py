"""What a workspace serves now, read once a change: each version proven to rest on its approval, and ready to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

import numpy as np
from sqlmodel import Session

from policies.consent import Channel, Purpose
from policies.errors import NotFoundError
from policies.managed import CollectionBody, OfferBody, PlacementBody, RuleBody, read_version
from policies.proposal import digest_json, digest_of
from store.audit import AuditLog
from store.repositories.countersignatures import unproven
from store.repositories.learning import sums_of
from store.repositories.managed import served_versions
from store.tables import Approval, ManagedObject, Proposal
from tools.bandits.beta import BetaThompson
from tools.bandits.chooser import Chooser
from tools.bandits.policy import BanditPolicy
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import Posterior
from tools.bandits.simple import Uniform
from tools.decisions.draws import bounds_of
from tools.decisions.fields import Rule, read_rule
from tools.decisions.learning import ArmSums, believed_after, believed_chances
from tools.decisions.policies import arms_of, policy_of

Body = TypeVar("Body")


class UnknownDecisionError(NotFoundError):
    """No live collection, or no live placement of it, has this id."""

    code = "decision_unknown"


@dataclass(frozen=True)
class Served(Generic[Body]):
    """One live version: its body, number, and the approval that lets it be served."""

    body: Body
    version: int
    approval_id: str
    digest: str


@dataclass(frozen=True)
class Collection:
    """A collection ready to choose from. `arms` are its offers in order, then `none` where doing nothing competes."""

    collection_id: str
    served: Served[CollectionBody]
    arms: tuple[str, ...]
    offers: tuple[Served[OfferBody] | None, ...]
    costs: np.ndarray[tuple[int], np.dtype[np.int64]]
    bounds: ShareBounds
    belief: Posterior
    policy: BanditPolicy
    chooser: Chooser
    control: Chooser

    @property
    def policy_id(self) -> str:
        """The bandit policy by id, with what stands around it."""
        return self.policy.policy_id

    @property
    def model_digest(self) -> str:
        """Names what the scores rest on: declared values, and what was learnt since."""
        return self.belief.state_digest

    @property
    def nothing(self) -> int | None:
        """The place of the arm `none`, if it competes."""
        return len(self.arms) - 1 if self.served.body.do_nothing else None


@dataclass(frozen=True)
class Catalogue:
    """Everything live in one workspace, by id. `refused` says why a version that calls itself live is not served."""

    collections: Mapping[str, Collection] = field(default_factory=dict)
    placements: Mapping[str, Served[PlacementBody]] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def collection(self, name: str) -> Collection:
        """Return a live collection; UnknownDecisionError names what is known."""
        found = self.collections.get(name)
        if found is None:
            known = ", ".join(sorted(self.collections)[:20]) or "none"
            raise UnknownDecisionError(f"no collection {name!r} is live; live: {known}", value=name)
        return found

    def placement(self, collection: Collection, name: str) -> Served[PlacementBody]:
        """Return a live placement that a collection serves; UnknownDecisionError otherwise."""
        found = self.placements.get(name)
        if found is None or name not in collection.served.body.placements:
            raise UnknownDecisionError(
                f"{collection.collection_id} has no live placement {name!r}; it serves "
                f"{', '.join(collection.served.body.placements)}",
                value=name,
            )
        return found


def channel_of(placement: PlacementBody) -> tuple[Channel, Purpose]:
    """Return the channel and purpose that consent is looked up for."""
    return Channel[placement.channel.upper()], Purpose[placement.purpose.upper()]


def read_catalogue(
    session: Session, audit: AuditLog, workspace_id: str, as_of: datetime | None = None
) -> Catalogue:
    """Read what is live, or was at `as_of`. A version whose approval cannot be proven is not served."""
    offers: dict[str, Served[OfferBody]] = {}
    placements: dict[str, Served[PlacementBody]] = {}
    rules: dict[str, Rule] = {}
    collections: dict[str, Served[CollectionBody]] = {}
    refused: dict[str, str] = {}
    for row, proposal, approval in served_versions(session, workspace_id, as_of):
        doubt = _doubt(session, audit, row, proposal, approval)
        if doubt is not None:
            refused[f"{row.kind}.{row.object_id}"] = doubt
            continue
        content = read_version(proposal.canonical_json)
        name, rest = content.object_id, (content.version, approval.approval_id, proposal.digest)
        match content.body:
            case OfferBody() as body:
                offers[name] = Served(body, *rest)
            case PlacementBody() as body:
                placements[name] = Served(body, *rest)
            case CollectionBody() as body:
                collections[name] = Served(body, *rest)
            case RuleBody() as body:
                rules[name] = read_rule(name, content.version, body.words, body.definition, dict(body.fields))
    ready = {
        name: _ready(name, served, offers, _learnt(session, workspace_id, name, served.body))
        for name, served in collections.items()
    }
    return Catalogue(ready, placements, rules, refused)


def _doubt(
    session: Session, audit: AuditLog, row: ManagedObject, proposal: Proposal, approval: Approval
) -> str | None:
    """Why a version is not served, None where it rests on an approval of exactly its content."""
    if not digest_of(proposal.canonical_json) == proposal.digest == approval.digest:
        return "its content is not the one that was approved"
    if approval.status != "approved" or proposal.status != "launched":
        return f"its approval is {approval.status} and its proposal {proposal.status}"
    content = read_version(proposal.canonical_json)
    if (content.body.type.value, content.object_id, content.version) != (
        row.kind,
        row.object_id,
        row.version,
    ):
        return "its proposal is about another version"
    return unproven(session, audit, approval, proposal)


def _learnt(
    session: Session, workspace_id: str, name: str, body: CollectionBody
) -> Mapping[str, ArmSums] | None:
    """The sums that a collection has learnt, None where it does not learn. They are those of now, whatever `as_of`."""
    if body.learning is None:
        return None
    return sums_of(session, workspace_id, name, body.learning.definition)


def believed(arms: tuple[str, ...], body: CollectionBody, sums: Mapping[str, ArmSums] | None) -> Posterior:
    """The belief of a collection: its declared values, then what it has learnt."""
    values = np.array([body.values.get(arm, 0.0) for arm in arms])
    said = [list(arms), values.tolist(), body.observations, body.noise_deviation]
    if sums is not None and body.learning is not None:
        said += [body.learning.prior_rows, sorted((item, *each) for item, each in sums.items())]
    rows = body.observations if body.learning is None else body.learning.prior_rows
    if body.policy_id == BetaThompson.policy_id:
        return believed_chances(arms, values, rows, body.observations, sums or {}, digest_json(said))
    noise = body.noise_deviation
    return believed_after(arms, values, rows, body.observations, noise, sums or {}, digest_json(said))


def _ready(
    name: str,
    served: Served[CollectionBody],
    offers: Mapping[str, Served[OfferBody]],
    sums: Mapping[str, ArmSums] | None,
) -> Collection:
    body = served.body
    arms = arms_of(body)
    bounds = bounds_of(body.exploration_share, body.minimum_arm_probability, arms)
    posterior = believed(arms, body, sums)
    policy = policy_of(body)
    found = tuple(offers.get(arm) for arm in arms)
    costs = np.array([0 if each is None else each.body.cost_minor for each in found], dtype=np.int64)
    return Collection(
        name,
        served,
        arms,
        found,
        costs,
        bounds,
        posterior,
        policy,
        Chooser(posterior, policy, bounds, body.seed),
        Chooser(posterior, Uniform(), ShareBounds(0.0), body.seed),
    )
