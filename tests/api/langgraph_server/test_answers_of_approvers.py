"""What approvers answer through the SDK is decided in the database, in each of the three forms."""

from __future__ import annotations

import pytest
from langgraph_sdk.errors import ConflictError, PermissionDeniedError, UnprocessableEntityError

from store.repositories.approvals import signatures_of
from tests.api.langgraph_server.conftest import GRAPH, Served

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.promise
async def test_a_decision_countersigns_and_the_job_launches(served: Served) -> None:
    thread_id = await served.ask()
    values = await served.answer("Grace", thread_id, {"decisions": [{"type": "approve"}]})
    approval = served.approval(thread_id)
    assert values["status"] == "launched" and values["digest"] == approval.digest
    with served.app.database.read() as session:
        (signature,) = signatures_of(session, approval.approval_id)
    assert (signature.user_id, signature.answer) == (served.shop.users["Grace"], "approve")
