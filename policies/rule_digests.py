"""The digests of every rule set that a proposal was judged by; a launch compares them with today's."""

from __future__ import annotations

from functools import cache

from policies.authority import rules_digest
from policies.layers import APPLIES, RULES
from policies.proposal import digest_json
from policies.workspace_rules import WorkspaceRules


def rule_digests(rules: WorkspaceRules) -> dict[str, str]:
    """Return sha256 by name: who may decide (authority), what may leave (send_gate), what the workspace set."""
    return {"authority": rules_digest(), "send_gate": gate_digest(), "workspace": rules.digest()}


@cache
def gate_digest() -> str:
    """Return sha256 over the send gate's rules and the table of what applies to which category."""
    return digest_json(
        {
            "rules": [[rule.rule_id, int(rule.layer), int(rule.decision)] for rule in RULES],
            "applies": {
                str(category): [int(layer) for layer in sorted(layers)]
                for category, layers in APPLIES.items()
            },
        }
    )
