"""A change of the rules themselves: exactly what would take effect, frozen under a digest as a campaign is.

Users with their roles and keys, workspace rules and webhooks change only so. A channel that comes with credentials adds
one more change here. No secret stands in it: of a key that is asked for, only the hash of the author's half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, ValidationError

from policies.authority import Action, Role
from policies.errors import InvalidInputError
from policies.parts import Part
from policies.proposal import Frozen, canonical_json
from policies.rule_digests import rule_digests
from policies.workspace_rules import WorkspaceRules

KIND: Final = "policy_change"
SIGNING_ROLES: Final = frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.LEGAL, Role.ADMIN})
"""Whoever holds one of these may sign something; a person who does is an approver."""
LONGEST_REASON: Final = 500


class ChangeKind(StrEnum):
    """What may be changed, by name."""

    ADD_USER = "user.add"
    GRANT_ROLE = "role.grant"
    ISSUE_KEY = "key.issue"
    SET_RULES = "rules.set"
    ADD_WEBHOOK = "webhook.add"
    APPROVE_CLAIM = "claim.approve"


class AddUser(Part):
    """A new user with these roles, and a key whose author's half has this hash."""

    type: Literal[ChangeKind.ADD_USER] = ChangeKind.ADD_USER
    name: str
    roles: tuple[Role, ...]
    key_half_sha256: str


class GrantRole(Part):
    type: Literal[ChangeKind.GRANT_ROLE] = ChangeKind.GRANT_ROLE
    user_id: str
    name: str
    role: Role


class IssueKey(Part):
    """Another key for a user; its author's half has this hash."""

    type: Literal[ChangeKind.ISSUE_KEY] = ChangeKind.ISSUE_KEY
    user_id: str
    name: str
    label: str
    key_half_sha256: str


class FieldChange(Part):
    """One field of the workspace's rules, as it is and as it would be."""

    field: str
    before: JsonValue
    after: JsonValue


class SetRules(Part):
    """All rules of the workspace as they would be, and what of them is new."""

    type: Literal[ChangeKind.SET_RULES] = ChangeKind.SET_RULES
    rules: WorkspaceRules
    changes: tuple[FieldChange, ...]


class AddWebhook(Part):
    """One more address that is told of every approval."""

    type: Literal[ChangeKind.ADD_WEBHOOK] = ChangeKind.ADD_WEBHOOK
    url: str


class ApproveClaim(Part):
    """A claim that messages may make from then on without a signature of legal of their own."""

    type: Literal[ChangeKind.APPROVE_CLAIM] = ChangeKind.APPROVE_CLAIM
    document_id: str
    title: str
    text: str


Change = AddUser | GrantRole | IssueKey | SetRules | AddWebhook | ApproveClaim

PROPOSED_WITH: Final[Mapping[ChangeKind, Action]] = {
    ChangeKind.ADD_USER: Action.MANAGE_USERS,
    ChangeKind.GRANT_ROLE: Action.MANAGE_USERS,
    ChangeKind.ISSUE_KEY: Action.MANAGE_USERS,
    ChangeKind.SET_RULES: Action.MANAGE_RULES,
    ChangeKind.ADD_WEBHOOK: Action.MANAGE_WEBHOOKS,
    ChangeKind.APPROVE_CLAIM: Action.MANAGE_RULES,
}
"""What its author must be allowed to do, when proposing it and when it takes effect."""


class PolicyChange(Part):
    """Content v1 of a policy change. `rules` are the digests of the rules it was judged by."""

    schema_id: Literal["countersign.policy_change/1"] = Field(
        default="countersign.policy_change/1", alias="schema"
    )
    kind: Literal["policy_change"] = KIND
    reason: str = ""
    change: Annotated[Change, Field(discriminator="type")]
    rules: Mapping[str, str]


class PolicyChangeUnreadableError(InvalidInputError):
    """A stored policy change is not one that this release can read."""

    code = "policy_change_unreadable"


def freeze_change(change: Change, *, reason: str, rules: WorkspaceRules) -> Frozen:
    """Return a change's canonical JSON and digest; `rules` are those in force.

    InvalidInputError for a reason of more than LONGEST_REASON characters.
    """
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(
            f"the reason has {len(reason)} characters; {LONGEST_REASON} are allowed", value=len(reason)
        )
    content = PolicyChange(reason=reason, change=change, rules=rule_digests(rules))
    canonical = canonical_json(content.model_dump(mode="json", by_alias=True))
    return Frozen(digest=hashlib.sha256(canonical).hexdigest(), canonical_json=canonical.decode())


def read_change(text: str) -> PolicyChange:
    """Return the content behind a stored policy change; PolicyChangeUnreadableError for anything else."""
    try:
        return PolicyChange.model_validate_json(text)
    except ValidationError as error:
        raise PolicyChangeUnreadableError(
            f"this is no policy change that this release can read: {error.errors()[0]['msg']}"
        ) from error


def changed_fields(before: WorkspaceRules, after: WorkspaceRules) -> tuple[FieldChange, ...]:
    """Return what differs between two sets of rules, by field in order; empty where nothing does."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(
        FieldChange(field=name, before=old[name], after=new[name]) for name in old if old[name] != new[name]
    )


def in_words(change: Change) -> str:
    """Return what a change would do, in one sentence."""
    match change:
        case AddUser(name=name, roles=roles):
            return f"Add the user {name} as {_listed(roles)}, with a key of their own."
        case GrantRole(name=name, role=role):
            return f"Give {name} the role {_listed([role])}."
        case IssueKey(name=name, label=label):
            return f'Give {name} another key, labelled "{label}".'
        case SetRules(changes=changes):
            fields = ", ".join(each.field.replace("_", " ") for each in changes)
            return f"Change the rules of the workspace: {fields}."
        case AddWebhook(url=url):
            return f"Tell {url} of every approval."
        case ApproveClaim(text=text):
            return f'Approve a claim that messages may make: "{text}"'


def _listed(roles: tuple[Role, ...] | list[Role]) -> str:
    return ", ".join(sorted(role.value.replace("_", " ") for role in roles)) or "somebody without a role"
