"""The first run: what a new workspace still needs, one step after the other."""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel import col, func, select

from api.records.catalogue import actions_of, imports_of
from api.web.visiting import Visitor
from store.history import logged_experiments
from store.importing.example import DEFAULT_EXAMPLES
from store.repositories.campaigns import list_campaigns
from store.repositories.workspaces import roles_of, users_of
from store.tables import Campaign

_APPROVERS = {"campaign_manager", "marketing_leader"}
_RAN = ("canary", "live", "paused", "completed", "stopped")


class Welcome(NamedTuple):
    """Which of the first steps are done: `customers` are the rows read in, `experiments` what the agents learn from."""

    customers: int
    actions: int
    experiments: int
    campaigns: int
    approvers: tuple[str, ...]
    waiting: int
    ran: bool

    @property
    def has_data(self) -> bool:
        """Whether there are people to reach, something to send them, and something to learn from."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What is still to be brought, as the page of the data calls it."""
        counted = {"customers": self.customers, "actions": self.actions, "experiment": self.experiments}
        return tuple(name for name, number in counted.items() if not number)


def first_steps(visitor: Visitor) -> Welcome | None:
    """Return how far a workspace has come on its first run; None once a campaign of it has run."""
    workspace_id, me = visitor.caller.workspace_id, visitor.caller.person.user_id
    with visitor.app.database.read() as session:
        ran = session.exec(
            select(func.count())
            .select_from(Campaign)
            .where(Campaign.workspace_id == workspace_id, col(Campaign.state).in_(_RAN))
        ).one()
        if ran:
            return None
        imported = [row.rows for row in imports_of(session, workspace_id) if row.kind == "customers"]
        others = [user for user in users_of(session, workspace_id) if user.user_id != me]
        approvers = tuple(
            user.name
            for user in others
            if _APPROVERS & {held.role.value for held in roles_of(session, user.user_id)}
        )
        return Welcome(
            customers=sum(imported),
            actions=len(actions_of(session, workspace_id)),
            experiments=len(logged_experiments(session, workspace_id)),
            campaigns=len(list_campaigns(session, workspace_id)),
            approvers=approvers,
            waiting=visitor.waiting,
            ran=False,
        )


def examples_of(visitor: Visitor) -> tuple[str, ...]:
    """Objectives to begin with: the example's own, where its data is in."""
    brief = DEFAULT_EXAMPLES / "hillstrom" / "brief.txt"
    with visitor.app.database.read() as session:
        names = {action.name for action in actions_of(session, visitor.caller.workspace_id)}
    if not names:
        return ()
    if any("erchandise" in name for name in names) and brief.is_file():
        return (brief.read_text(encoding="utf-8").strip(),)
    return ()
