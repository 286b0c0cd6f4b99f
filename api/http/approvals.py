"""Approvals: list, show, resolve. Resolving is decided in the database before anything else happens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, TypeAdapter

from api.http.signing_in import Bearer, Caller, KeyFirst, KeyGiven, SignedIn
from api.views.approval import ApprovalView, SignatureView, approval_view, signatures_shown
from api.views.approval_list import LONGEST_PAGE, PAGE, ApprovalLine, approval_lines
from api.views.managed import VersionApprovalView, version_approval_view
from api.views.numbers import View
from api.views.policy_change import PolicyApprovalView, policy_approval_view
from policies.authority import Action
from policies.privacy import require_no_address
from store.repositories.approvals import Answer, Resolution, get_approval, resolve
from store.repositories.campaigns import get_proposal
from store.repositories.managed import SCHEMA as MANAGED_VERSION
from store.threads import in_thread

router = APIRouter(prefix="/v1/approvals", tags=["approvals"])
answers = APIRouter(route_class=KeyFirst)
Status = Literal["pending", "approved", "rejected", "changes_requested", "expired", "superseded", "revoked"]


_LINES = TypeAdapter(list[ApprovalLine])
"""A page is written as bytes at once: a list of a thousand lines costs little more than one of ten."""


class ResolveIn(BaseModel):
    """An approver's answer to exactly the content with this digest; limits go with `approve_limited` only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: Answer
    digest: str = Field(min_length=64, max_length=64)
    comment: str = Field(default="", max_length=5_000)
    limits: dict[str, StrictInt] | None = None


class ResolvedOut(View):
    """What came of an answer. `changed` is false where the same person had given the same answer before."""

    approval_id: str
    status: str
    answer: str
    changed: bool
    missing: tuple[tuple[str, ...], ...]
    limits: dict[str, int] | None
    resolved_at: datetime | None
    signatures: tuple[SignatureView, ...]


@router.get("", response_model=list[ApprovalLine])
async def listed(
    caller: SignedIn,
    status: Status | None = None,
    before: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = PAGE,
) -> Response:
    """List approvals, the newest first, a page at a time; the header X-Next is the `before` of the next page."""
    caller.require(Action.VIEW)

    def read() -> Response:
        with caller.app.database.read() as session:
            lines = approval_lines(session, caller.workspace_id, status, before=before, limit=limit)
        following = {"X-Next": lines[-1]["approval_id"]} if len(lines) == limit else None
        return Response(_LINES.dump_json(lines), media_type="application/json", headers=following)

    return await in_thread(read)


@router.get("/{approval_id}")
async def shown(
    caller: SignedIn, approval_id: str
) -> ApprovalView | PolicyApprovalView | VersionApprovalView:
    """Show an approval with everything that would run, or would change."""
    caller.require(Action.VIEW)

    def read() -> ApprovalView | PolicyApprovalView | VersionApprovalView:
        with caller.app.database.read() as session:
            approval = get_approval(session, caller.workspace_id, approval_id)
            proposal = get_proposal(session, caller.workspace_id, approval.proposal_id)
            if proposal.kind == "policy_change":
                return policy_approval_view(session, approval)
            if proposal.graph_version == MANAGED_VERSION:
                return version_approval_view(session, approval)
            return approval_view(
                session,
                caller.app.warehouse,
                caller.workspace_id,
                approval_id,
                settings=caller.app.settings,
            )

    return await in_thread(read)


@answers.post("/{approval_id}/resolve", response_model=ResolvedOut)
async def resolved(key: KeyGiven, approval_id: str, given: ResolveIn) -> Response:
    """Approve, approve with limits, ask for changes or reject; 409 when somebody was first or the digest differs.

    The same person repeating the same answer gets the stored result.
    """
    done = await in_thread(_answered, key, approval_id, given)
    key.app.engine.wake()
    return Response(done.model_dump_json(), media_type="application/json")


async def resolve_as(caller: Caller, approval_id: str, given: ResolveIn) -> None:
    """Resolve as a user who is signed in, for clients of other forms; see `resolved`."""
    require_no_address("the comment", given.comment)
    async with caller.refusals_of(approval_id):
        await in_thread(_resolve, caller, approval_id, given)
    caller.app.engine.wake()


def _answered(key: Bearer, approval_id: str, given: ResolveIn) -> ResolvedOut:
    caller = key.caller()
    require_no_address("the comment", given.comment)
    with caller.refusals_here(approval_id):
        return _resolve(caller, approval_id, given)


def _resolve(caller: Caller, approval_id: str, given: ResolveIn) -> ResolvedOut:
    app = caller.app
    at = app.clock.now()
    signature_id = app.ids.new()
    resolution = Resolution(
        answer=given.answer, digest=given.digest, comment=given.comment, limits=given.limits
    )
    with app.database.write(durable=True) as session:
        done = resolve(
            session,
            app.audit,
            approval_id=approval_id,
            signature_id=signature_id,
            person=caller.person,
            resolution=resolution,
            at=at,
        )
        return ResolvedOut(
            approval_id=approval_id,
            status=done.approval.status,
            answer=done.signature.answer,
            changed=done.changed,
            missing=done.missing,
            limits=done.approval.limits,
            resolved_at=done.approval.resolved_at,
            signatures=signatures_shown(session, done.signatures, {caller.person.user_id: caller.name}),
        )


router.include_router(answers)
