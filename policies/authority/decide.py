"""Ask the Cedar rules whether a person may do something; what no rule permits is denied.

The rules stand beside this file as `*.cedar`, their vocabulary in `schema.txt`. They are read once a process
and are part of every proposal's rule digests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple

import cedarpy

from policies.authority.roles import Role
from policies.errors import CountersignError, InvalidInputError, NotAuthorisedError

_SCHEMA_FILE: Final = "schema.txt"
_RULE_ENDING: Final = ".cedar"
_DEFAULT_DENY: Final = "authority.default_deny"
Context = Mapping[str, bool | int | str]
UNKNOWN: Final[Context] = {
    "legal_required": False,
    "sensitive": False,
    "escalated": False,
    "delegated": False,
    "risk": "high",
    "amount_minor": 0,
    "discount_percent": 0,
    "audience": 0,
}
"""What the rules are told about a proposal where nothing is known: nothing that would widen who may sign."""


class Action(StrEnum):
    """What a signed-in person may ask for; the names are those of the Cedar files."""

    VIEW = "view"
    VERIFY_AUDIT = "verify_audit"
    CHAT = "chat"
    CREATE_CAMPAIGN = "create_campaign"
    EDIT_CAMPAIGN = "edit_campaign"
    SEND_TEST = "send_test"
    RESOLVE_APPROVAL = "resolve_approval"
    REVOKE_APPROVAL = "revoke_approval"
    DELEGATE_ROLE = "delegate_role"
    REVOKE_DELEGATION = "revoke_delegation"
    PAUSE = "pause"
    STOP = "stop"
    ROLL_BACK = "roll_back"
    RESUME = "resume"
    IMPORT_DATA = "import_data"
    EXPORT_DATA = "export_data"
    MANAGE_USERS = "manage_users"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_RULES = "manage_rules"


class ActionUnknownError(InvalidInputError):
    """A program asked about an action that the rules do not know."""

    code = "action_unknown"


class AuthorityRulesError(CountersignError):
    """The rules could not be evaluated, so nothing is allowed."""

    code = "authority_rules_broken"


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user with the roles held in this workspace."""

    user_id: str
    roles: frozenset[Role]
    workspace_id: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted upon: a proposal or campaign of a kind with its author, or the workspace itself."""

    kind: str
    author_id: str | None = None
    workspace_id: str = ""
    resource_id: str = ""


class AuthorityDecision(NamedTuple):
    """Whether it is allowed, the ids of the rules that decided, and the same in words."""

    allowed: bool
    rule_ids: tuple[str, ...]
    reasons: tuple[str, ...]


def authorise(
    principal: Person, action: str, resource: Resource, context: Context | None = None
) -> AuthorityDecision:
    """Decide whether a person may do an action on a resource; a forbid beats every permit, silence denies.

    `context` for resolve_approval and revoke_approval holds what is in `UNKNOWN`, and what is absent is taken from
    there; no other action takes any. The author of a proposal can never resolve it, nor can anyone when the author is unknown.
    Raises ActionUnknownError for an unknown action and AuthorityRulesError when the rules cannot be evaluated.
    """
    if action not in Action._value2member_map_:
        raise ActionUnknownError(
            f'The rules know no action "{action}". Actions: {", ".join(Action)}.', value=action
        )
    details = dict(context or {})
    if action in (Action.RESOLVE_APPROVAL, Action.REVOKE_APPROVAL):
        details = {**UNKNOWN, **details}
    request = {
        "principal": _reference("User", principal.user_id),
        "action": _reference("Action", str(action)),
        "resource": _reference("Resource", resource.resource_id),
        "context": details,
    }
    rules = _rules()
    answer = cedarpy.is_authorized(
        request, rules.policies[action], _entities(principal, resource), schema=rules.schema
    )
    if answer.decision is cedarpy.Decision.NoDecision or answer.diagnostics.errors:
        raise AuthorityRulesError(
            f"The rules could not decide about {action}: {'; '.join(answer.diagnostics.errors)}. Nothing is allowed.",
            value=action,
        )
    named = answer.diagnostics.id_annotations_by_reason
    rule_ids = tuple(sorted(str(named[reason]) for reason in answer.diagnostics.reasons))
    if not rule_ids:
        held = ", ".join(sorted(principal.roles)) or "no role"
        words = f"no rule lets {held} {str(action).replace('_', ' ')} ({resource.kind})"
        return AuthorityDecision(False, (_DEFAULT_DENY,), (words,))
    return AuthorityDecision(answer.allowed, rule_ids, tuple(rules.words[rule_id] for rule_id in rule_ids))


def require_authority(
    principal: Person, action: str, resource: Resource, context: Context | None = None
) -> AuthorityDecision:
    """Return the decision when it allows; raise NotAuthorisedError saying which rule denied, and why."""
    decision = authorise(principal, action, resource, context)
    if not decision.allowed:
        raise NotAuthorisedError(
            f"You may not {str(action).replace('_', ' ')} here: {'; '.join(decision.reasons)}. "
            "Ask somebody who holds the role, or an admin to propose it for you.",
            value=", ".join(decision.rule_ids),
        )
    return decision


@cache
def rules_digest() -> str:
    """The sha256, in hexadecimal, over the names and texts of all authority files, in order of name."""
    digest = sha256()
    for name, text in _texts():
        digest.update(f"{name}\n{len(text.encode())}\n".encode())
        digest.update(text.encode())
    return digest.hexdigest()


def rules_text() -> str:
    """All Cedar rules as one text, in order of file name."""
    return "\n".join(text for name, text in _texts() if name.endswith(_RULE_ENDING))


def schema_text() -> str:
    """The Cedar schema that the rules are checked against."""
    return next(text for name, text in _texts() if name == _SCHEMA_FILE)


class _Rules(NamedTuple):
    policies: Mapping[str, cedarpy.PolicySet]
    schema: cedarpy.Schema
    words: Mapping[str, str]


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    found = [
        (entry.name, entry.read_text(encoding="utf-8"))
        for entry in files("policies.authority").iterdir()
        if entry.name == _SCHEMA_FILE or entry.name.endswith(_RULE_ENDING)
    ]
    return tuple(sorted(found))


@cache
def _rules() -> _Rules:
    written = json.loads(cedarpy.policies_to_json_str(rules_text()))
    parsed = written["staticPolicies"]
    words = {rule["annotations"]["id"]: rule["annotations"]["words"] for rule in parsed.values()}
    by_action = {
        action.value: cedarpy.PolicySet.from_json_str(
            json.dumps(
                {
                    **written,
                    "staticPolicies": {
                        name: rule for name, rule in parsed.items() if _may_apply(rule["action"], action)
                    },
                }
            )
        )
        for action in Action
    }
    return _Rules(by_action, cedarpy.Schema.from_str(schema_text()), words)


def _may_apply(scope: Mapping[str, Any], action: Action) -> bool:
    """Whether a rule may say anything about an action. Any: a scope as Cedar writes it; one of a form not known may."""
    if scope["op"] not in ("==", "in"):
        return True
    named = scope.get("entities", [scope.get("entity")])
    return None in named or _reference("Action", action.value) in named


def _reference(kind: str, identifier: str) -> dict[str, str]:
    return {"type": kind, "id": identifier}


def _entities(principal: Person, resource: Resource) -> str:
    """The facts of one request in Cedar's JSON form; ids travel as data, never inside rule text."""
    attributes: dict[str, object] = {"kind": resource.kind, "workspace": resource.workspace_id}
    if resource.author_id is not None:
        attributes["author"] = {"__entity": _reference("User", resource.author_id)}
    return json.dumps(
        [
            {
                "uid": _reference("User", principal.user_id),
                "attrs": {"workspace": principal.workspace_id},
                "parents": [_reference("Role", role) for role in sorted(principal.roles)],
            },
            {"uid": _reference("Resource", resource.resource_id), "attrs": attributes, "parents": []},
        ]
    )
