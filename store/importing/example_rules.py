"""The workspace rules that an example declares for its home."""

from __future__ import annotations

from policies.workspace_rules import Exclusion, WorkspaceRules
from store.importing.example import Example


def rules_of(example: Example, seed: int) -> WorkspaceRules:
    """Return the rules of an example's home: its declared delays, shares and margin, and its history kept out of reach."""
    campaign = example.campaign
    return WorkspaceRules(
        holdout_share=campaign.holdout_share,
        exploration_share=campaign.exploration_share,
        reward_delay_hours=campaign.reward_delay_hours,
        reward_delay_note=campaign.reward_delay_note,
        gross_margin=campaign.gross_margin,
        gross_margin_note=campaign.gross_margin_note,
        observed_share=example.experiment.propensity,
        observed_share_note=f"an outcome exists where the choice is what the person really got: {example.experiment.name}",
        exclusions=(
            Exclusion(
                reason_id="history", definition="half = 'history'", words="kept as history to learn from"
            ),
        ),
        seed=seed,
    )
