"""What of users, roles, keys, webhooks and rules holds, read plainly, and what a policy change would make of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from tests.machine.house import House

_ROLES = "SELECT name, role FROM role_grants JOIN users USING (user_id) WHERE role_grants.revoked_at IS NULL"
_KEYS = "SELECT name FROM api_keys JOIN users USING (user_id)"


def in_force(house: House) -> Counter[str]:
    """Count everything that holds now, each as one line of words."""
    held = Counter(f"user {row['name']}" for row in house.select("SELECT name FROM users"))
    held.update(f"role {row['name']} {row['role']}" for row in house.select(_ROLES))
    held.update(f"key {row['name']}" for row in house.select(_KEYS))
    held.update(f"webhook {row['url']}" for row in house.select("SELECT url FROM webhooks"))
    held[rules_in_force(house)] += 1
    return held


def rules_in_force(house: House) -> str:
    """The rules of the workspace, as one line of words."""
    (row,) = house.select("SELECT rules FROM workspaces")
    return _rules(json.loads(row["rules"]))


def effects_of(content: str) -> frozenset[str]:
    """What would hold through a policy change with this content, in the words of `in_force`."""
    return frozenset(_effects(json.loads(content)["change"]))


def _effects(change: dict[str, object]) -> Iterator[str]:
    kind, name = change["type"], change.get("name")
    if kind == "user.add":
        roles = change["roles"]
        assert isinstance(roles, list)
        yield from (f"user {name}", f"key {name}", *(f"role {name} {role}" for role in roles))
    elif kind == "role.grant":
        yield f"role {name} {change['role']}"
    elif kind == "key.issue":
        yield f"key {name}"
    elif kind == "webhook.add":
        yield f"webhook {change['url']}"
    elif kind == "rules.set":
        yield _rules(change["rules"])
    else:
        raise AssertionError(f"the book knows no policy change of type {kind}")


def _rules(rules: object) -> str:
    return f"rules {json.dumps(rules, sort_keys=True)}"
