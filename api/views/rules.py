"""Every rule in force, in words and with its id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cedarpy

from api.views.numbers import View
from policies.authority import rules_digest
from policies.authority.decide import rules_text
from policies.campaign_rules import RULES as CAMPAIGN_RULES
from policies.layers import APPLIES, RULES
from policies.workspace_rules import WorkspaceRules


class RuleLine(View):
    rule_id: str
    words: str


class GateLine(View):
    """One rule of the send gate, and the kinds of message it holds for."""

    rule_id: str
    layer: str
    decision: str
    words: str
    applies_to: tuple[str, ...]


class RulesView(View):
    workspace: dict[str, Any]  # the fields of WorkspaceRules, each of its own type
    workspace_digest: str
    gate: tuple[GateLine, ...]
    campaign: tuple[str, ...]
    authority: tuple[RuleLine, ...]
    authority_digest: str


def rules_view(workspace: Mapping[str, Any]) -> RulesView:
    """Return the rules of a workspace with those that hold everywhere."""
    own = WorkspaceRules.model_validate(dict(workspace))
    return RulesView(
        workspace=own.model_dump(mode="json"),
        workspace_digest=own.digest(),
        gate=tuple(
            GateLine(
                rule_id=rule.rule_id,
                layer=rule.layer.code,
                decision=rule.decision.name.lower(),
                words=rule.words,
                applies_to=tuple(
                    sorted(str(kind) for kind, layers in APPLIES.items() if rule.layer in layers)
                ),
            )
            for rule in RULES
        ),
        campaign=tuple(rule_id for rule_id, _, _ in CAMPAIGN_RULES),
        authority=tuple(
            RuleLine(rule_id=rule_id, words=words) for rule_id, words in sorted(_authority_words().items())
        ),
        authority_digest=rules_digest(),
    )


def _authority_words() -> dict[str, str]:
    parsed = json.loads(cedarpy.policies_to_json_str(rules_text()))["staticPolicies"].values()
    return {rule["annotations"]["id"]: rule["annotations"]["words"] for rule in parsed}
