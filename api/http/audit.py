"""The audit log: read and verified."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.http.signing_in import SignedIn
from api.records.measures import audit_entries
from api.views.numbers import View
from policies.authority import Action
from store.audit_checks import AuditCheck, keep_check
from store.audit_verify import AuditVerification
from store.threads import in_thread

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class EntryView(View):
    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]  # JSON of whichever action was logged
    previous_hash: str
    hash: str
    signature: str


@router.get("/verify")
async def verified(caller: SignedIn) -> AuditVerification:
    """Check the whole chain against its hashes, signatures and published head; `ok` is false with every problem found."""
    caller.require(Action.VERIFY_AUDIT)
    app = caller.app

    def check() -> AuditVerification:
        found = app.audit.verify(app.database, caller.workspace_id)
        keep_check(app.home.reports_dir, caller.workspace_id, AuditCheck(at=app.clock.now(), found=found))
        return found

    return await in_thread(check)


@router.get("")
async def listed(
    caller: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[EntryView]:
    """List entries in order, from after a number on."""
    caller.require(Action.VIEW)

    def read() -> list[EntryView]:
        with caller.app.database.read() as session:
            rows = audit_entries(session, caller.workspace_id, after=after, limit=limit)
            return [EntryView.model_validate(row.model_dump()) for row in rows]

    return await in_thread(read)
