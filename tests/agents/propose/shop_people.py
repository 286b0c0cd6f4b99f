"""What the people of a small shop do, from an objective to a finished campaign; each does only what is still to be done."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import select

from api.wiring import App
from policies.authority import Person, read_roles
from store.repositories.approvals import Resolution, resolve
from store.tables import Approval, Campaign
from store.threads import in_thread
from tests.small_shop import ROLES, VAGUE, Shop

BUDGET = {"budget": "$40"}


def nothing(_reached: str) -> None:
    """Take no notice of where the people have come to."""


async def walk(app: App, shop: Shop, reached: Callable[[str], None] = nothing) -> None:
    """Do whatever has not been done yet: propose, answer, approve, and carry out the work until none is due."""
    await app.engine.settle()
    await propose(app, shop, reached)
    reached("the approval waits")
    await in_thread(approve, app, shop)
    reached("the approval is resolved")
    await app.engine.settle()


async def propose(app: App, shop: Shop, reached: Callable[[str], None] = nothing) -> None:
    """Say the objective, unless it has been said, and answer what is asked about it."""
    thread_id = await in_thread(thread_of, app)
    ada = shop.users["Ada"]
    if thread_id is None:
        started = await app.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
        thread_id = started.thread_id
    waiting = await app.threads.waiting(thread_id)
    if waiting is not None and waiting.value.get("kind") == "clarify":
        reached("the question waits")
        await app.threads.answer(
            workspace_id=shop.workspace_id,
            user_id=ada,
            thread_id=thread_id,
            interrupt_id=waiting.id,
            answers=BUDGET,
        )


def thread_of(app: App) -> str | None:
    """Return the thread of the one campaign, if there is one."""
    with app.database.read() as session:
        campaign = session.exec(select(Campaign)).one_or_none()
        return None if campaign is None else campaign.thread_id


def approve(app: App, shop: Shop, name: str = "Grace") -> str:
    """Approve the one proposal, unless that is done; gives the approval's id."""
    with app.database.write(durable=True) as session:
        approval = session.exec(select(Approval)).one()
        if approval.status == "pending":
            resolve(
                session,
                app.audit,
                approval_id=approval.approval_id,
                signature_id=app.ids.new(),
                person=Person(shop.users[name], read_roles([ROLES[name]]), shop.workspace_id),
                resolution=Resolution("approve", approval.digest),
                at=app.clock.now(),
            )
        return approval.approval_id
