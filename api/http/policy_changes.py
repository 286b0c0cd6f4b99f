"""Changes of the rules themselves: proposed here, resolved as every approval is; and the second half of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session

from api.http.signing_in import Caller, SignedIn
from api.views.numbers import View
from api.views.policy_change import ProposedView, proposed_view
from policies.authority import Action
from policies.errors import InvalidInputError, NotFoundError
from policies.policy_change import LONGEST_REASON, ApproveClaim, Change, SetRules, changed_fields
from policies.privacy import require_no_address
from policies.workspace_rules import WorkspaceRules
from store.keys import KEY_JOINT
from store.repositories.approvals import locked_approval
from store.repositories.campaigns import get_proposal
from store.repositories.policy_changes import propose_change
from store.repositories.policy_effects import take_signer_half
from store.repositories.workspaces import get_workspace
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["policy changes"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RulesIn(_In):
    """The fields of the workspace's rules that should be others, each of its own type, and why."""

    rules: dict[str, Any] = Field(min_length=1)
    reason: str = Field(default="", max_length=LONGEST_REASON)


class ClaimIn(_In):
    """The words that messages may use as they stand, a title for lists, and why."""

    title: str = Field(min_length=1, max_length=200, pattern=r"\w")
    text: str = Field(min_length=1, max_length=2_000, pattern=r"\w")
    reason: str = Field(default="", max_length=LONGEST_REASON)


class HalfOut(View):
    """The second half of a user's key, shown once; the key is the author's half, this joint, and this half."""

    user: str
    label: str
    joint: str
    key_half: str


@router.post("/policies", status_code=202)
async def rules_proposed(caller: SignedIn, given: RulesIn) -> ProposedView:
    """Propose other rules for the workspace; they hold once somebody else has signed them."""
    caller.require(Action.MANAGE_RULES)
    require_no_address("the reason", given.reason)

    def change(session: Session) -> Change:
        before = WorkspaceRules.model_validate(get_workspace(session, caller.workspace_id).rules)
        after = read_rules(before, given.rules)
        return SetRules(rules=after, changes=changed_fields(before, after))

    return await propose(caller, change, given.reason)


@router.post("/claims", status_code=202)
async def claim_proposed(caller: SignedIn, given: ClaimIn) -> ProposedView:
    """Propose a claim that messages may make; it may be made without asking legal again once legal has signed it."""
    caller.require(Action.MANAGE_RULES)
    for what, text in (("the title", given.title), ("the claim", given.text), ("the reason", given.reason)):
        require_no_address(what, text)
    change = ApproveClaim(
        document_id=caller.app.ids.new(), title=given.title.strip(), text=given.text.strip()
    )
    return await propose(caller, lambda _: change, given.reason)


@router.post("/approvals/{approval_id}/key-half")
async def half_taken(caller: SignedIn, approval_id: str) -> HalfOut:
    """Hand over the second half of the key that a change you signed issues; once, and only to who signed it."""
    return await in_thread(_take_half, caller, approval_id)


async def propose(
    caller: Caller, change: Callable[[Session], Change], reason: str = "", key_half: str | None = None
) -> ProposedView:
    """Put a change before its approvers; it is made in the transaction that freezes it."""
    done = await in_thread(_propose, caller, change, reason, key_half)
    caller.app.engine.wake()
    return done


def read_rules(before: WorkspaceRules, given: dict[str, Any]) -> WorkspaceRules:
    """Return rules with some fields replaced; InvalidInputError names the field that breaks a rule, and how."""
    try:
        return WorkspaceRules.model_validate({**before.model_dump(mode="json"), **given})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "rules"
        raise InvalidInputError(
            f"{place}: {first['msg']}; countersign policies show lists the rules with their values",
            value=str(first.get("input"))[:200],
            code="workspace_rules",
        ) from error


def _propose(
    caller: Caller, change: Callable[[Session], Change], reason: str, key_half: str | None
) -> ProposedView:
    app = caller.app
    with app.database.write(durable=True) as session:
        made = propose_change(
            session,
            app.audit,
            ids=app.ids,
            person=caller.person,
            change=change(session),
            reason=reason,
            at=app.clock.now(),
        )
        return proposed_view(session, made, key_half)


def _take_half(caller: Caller, approval_id: str) -> HalfOut:
    app = caller.app
    with app.database.write(durable=True) as session:
        approval = locked_approval(session, caller.workspace_id, approval_id)
        proposal = get_proposal(session, caller.workspace_id, approval.proposal_id)
        if proposal.kind != "policy_change":
            raise NotFoundError(f"approval {approval_id} issues no key", value=approval_id)
        taken = take_signer_half(
            session,
            app.audit,
            approval=approval,
            proposal=proposal,
            user_id=caller.person.user_id,
            at=app.clock.now(),
        )
        return HalfOut(user=taken.user.name, label=taken.label, joint=KEY_JOINT, key_half=taken.half)
