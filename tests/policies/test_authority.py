"""The Cedar rules: checked against their schema, role by role, and against the table of transitions."""

from __future__ import annotations

from hashlib import sha256
from itertools import chain, combinations, product
from pathlib import Path

import cedarpy
import pytest

import policies.authority
from policies.authority import (
    Action,
    Person,
    Resource,
    Role,
    authorise,
    rules_digest,
)
from policies.authority.decide import rules_text, schema_text
from policies.campaign import CampaignEvent, who_may

CAMPAIGN = Resource("campaign", author_id="author")
FOLDER = Path(policies.authority.__file__).parent


def person(*roles: Role, user_id: str = "other") -> Person:
    return Person(user_id, frozenset(roles))


def role_sets() -> list[tuple[Role, ...]]:
    return list(chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1)))


# Who may do what, written down a second time as plain sets.
MAKERS = {Role.MARKETER, Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.ADMIN}
DECIDERS = {Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER}
EXPECTED: dict[Action, set[Role]] = {
    Action.VIEW: set(Role),
    Action.VERIFY_AUDIT: set(Role),
    Action.CHAT: MAKERS,
    Action.CREATE_CAMPAIGN: MAKERS,
    Action.EDIT_CAMPAIGN: MAKERS,
    Action.SEND_TEST: MAKERS,
    Action.RESOLVE_APPROVAL: DECIDERS,
    Action.REVOKE_APPROVAL: DECIDERS | {Role.LEGAL},
    Action.PAUSE: set(Role),
    Action.STOP: set(Role),
    Action.ROLL_BACK: set(Role),
    Action.RESUME: DECIDERS,
    Action.IMPORT_DATA: MAKERS,
    Action.EXPORT_DATA: {Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.LEGAL, Role.ADMIN},
    Action.MANAGE_USERS: {Role.ADMIN},
    Action.MANAGE_WEBHOOKS: {Role.ADMIN},
    Action.MANAGE_RULES: {Role.ADMIN, Role.MARKETING_LEADER},
    Action.DELEGATE_ROLE: DECIDERS | {Role.LEGAL},
    Action.REVOKE_DELEGATION: {Role.ADMIN},
}


def test_the_rules_are_valid_against_their_schema() -> None:
    result = cedarpy.validate_policies(rules_text(), schema_text())
    assert result.validation_passed, [error.error for error in result.errors]


def test_the_check_against_the_schema_finds_a_misspelt_role_type() -> None:
    broken = rules_text().replace('Role::"legal"', 'Rank::"legal"')
    assert not cedarpy.validate_policies(broken, schema_text()).validation_passed


def test_the_schema_knows_exactly_the_actions_of_the_code() -> None:
    for action in Action:
        assert cedarpy.validate_policies(
            f'permit (principal, action == Action::"{action}", resource);', schema_text()
        ).validation_passed
    assert EXPECTED.keys() == set(Action)


def test_every_role_in_the_rules_exists() -> None:
    named = {part.split('"')[0] for part in rules_text().split('Role::"')[1:]}
    assert named == set(Role)


@pytest.mark.promise
def test_what_each_set_of_roles_may_do_equals_the_table() -> None:
    for action, roles in product(Action, role_sets()):
        assert authorise(person(*roles), action, CAMPAIGN).allowed == bool(EXPECTED[action] & set(roles)), (
            action,
            roles,
        )


@pytest.mark.promise
def test_the_author_never_resolves_whatever_roles_they_hold() -> None:
    for roles in role_sets():
        decision = authorise(
            person(*roles, user_id="author"), "resolve_approval", CAMPAIGN, {"legal_required": True}
        )
        assert not decision.allowed
        assert "authority.four_eyes" in decision.rule_ids
        assert "the author of a proposal never resolves it" in decision.reasons


@pytest.mark.promise
def test_nobody_resolves_a_proposal_whose_author_is_unknown() -> None:
    decision = authorise(person(*Role), "resolve_approval", Resource("campaign"))
    assert (decision.allowed, decision.rule_ids) == (False, ("authority.author_unknown",))


@pytest.mark.promise
@pytest.mark.parametrize("kind", ["transaction", "Campaign", "campaigns", "", 'campaign" || true'])
def test_a_kind_without_a_rule_is_denied(kind: str) -> None:
    assert not authorise(person(*Role), "resolve_approval", Resource(kind, "author")).allowed


def test_legal_resolves_only_where_a_legal_signature_is_needed() -> None:
    legal = person(Role.LEGAL)
    assert not authorise(legal, "resolve_approval", CAMPAIGN).allowed
    assert authorise(legal, "resolve_approval", CAMPAIGN, {"legal_required": True}).allowed


def test_without_a_role_everything_is_denied_in_words() -> None:
    decision = authorise(person(), "view", CAMPAIGN)
    assert decision == (False, ("authority.default_deny",), ("no rule lets no role view (campaign)",))


def test_an_allowed_request_names_the_rule_that_allowed_it() -> None:
    decision = authorise(person(Role.CAMPAIGN_MANAGER), "resolve_approval", CAMPAIGN)
    assert decision.rule_ids == ("authority.resolve_campaign.campaign_manager",)
    assert decision.reasons == ("a campaign manager may resolve campaigns",)


@pytest.mark.promise
def test_nobody_acts_on_another_workspace() -> None:
    stranger = Person("other", frozenset(Role), workspace_id="w2")
    for action in Action:
        decision = authorise(stranger, action, Resource("campaign", "author", workspace_id="w1"))
        assert not decision.allowed
        assert "authority.other_workspace" in decision.rule_ids


@pytest.mark.parametrize("user_id", ['x" || true', "a\nb", "Ω", 'User::"author"', ""])
def test_strange_ids_are_data_and_not_rule_text(user_id: str) -> None:
    assert authorise(person(Role.CAMPAIGN_MANAGER, user_id=user_id), "resolve_approval", CAMPAIGN).allowed
    own = Resource("campaign", author_id=user_id)
    assert not authorise(person(Role.CAMPAIGN_MANAGER, user_id=user_id), "resolve_approval", own).allowed


@pytest.mark.parametrize(
    ("event", "action"),
    [
        (CampaignEvent.PAUSE, Action.PAUSE),
        (CampaignEvent.STOP, Action.STOP),
        (CampaignEvent.ROLL_BACK, Action.ROLL_BACK),
        (CampaignEvent.RESUME, Action.RESUME),
        (CampaignEvent.REVOKE, Action.REVOKE_APPROVAL),
        (CampaignEvent.EDIT, Action.EDIT_CAMPAIGN),
    ],
)
def test_the_transition_table_and_the_rules_name_the_same_roles(event: CampaignEvent, action: Action) -> None:
    allowed = {role for role in Role if authorise(person(role), action, CAMPAIGN).allowed}
    assert who_may(event) & set(Role) == allowed


def test_approving_roles_of_the_table_are_those_the_rules_ever_let_resolve() -> None:
    allowed = {
        role
        for role in Role
        if authorise(person(role), "resolve_approval", CAMPAIGN, {"legal_required": True}).allowed
    }
    assert who_may(CampaignEvent.APPROVE) == allowed


def test_every_rule_has_an_id_of_its_own_and_words() -> None:
    text = rules_text()
    ids = [line for line in text.splitlines() if line.startswith("@id(")]
    assert len(ids) == len(set(ids)) == text.count("@words(")
    assert len(ids) == sum(line.startswith(("permit (", "forbid (")) for line in text.splitlines())


def test_the_digest_is_over_every_file_of_the_rules() -> None:
    digest = sha256()
    for path in sorted([*FOLDER.glob("*.cedar"), FOLDER / "schema.txt"]):
        text = path.read_bytes()
        digest.update(f"{path.name}\n{len(text)}\n".encode() + text)
    assert rules_digest() == digest.hexdigest()
