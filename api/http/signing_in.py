"""Who is asking: the user behind a key, and the authority of every endpoint."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from agents.refusals import noted
from api.wiring import App
from policies.authority import Action, Person, Resource, require_authority
from policies.errors import NotAuthenticatedError
from store.repositories.workspaces import user_by_key
from store.tables import Campaign
from store.threads import in_thread

_SCHEME = "bearer "
_KEY_HEADER = "x-api-key"


@dataclass(frozen=True)
class Caller:
    """A signed-in user at the opened home."""

    app: App
    person: Person
    name: str

    @property
    def workspace_id(self) -> str:
        """The workspace the user belongs to."""
        return self.person.workspace_id

    def require(self, action: Action) -> None:
        """Raise NotAuthorisedError unless the user may do this in the workspace."""
        resource = Resource("workspace", None, self.workspace_id, self.workspace_id)
        require_authority(self.person, action, resource)

    def require_for(self, action: Action, campaign: Campaign) -> None:
        """Raise NotAuthorisedError unless the user may do this to a campaign."""
        resource = Resource("campaign", campaign.author_id, campaign.workspace_id, campaign.campaign_id)
        require_authority(self.person, action, resource)

    def refusals_of(self, subject: str) -> AbstractAsyncContextManager[None]:
        """Write down what is refused of a thread inside the block, or is named without existing, as the user's doing."""
        return noted(
            self.app.bench, workspace_id=self.workspace_id, actor=self.person.user_id, subject=subject
        )


def app_of(request: Request) -> App:
    """Return the home that this application serves."""
    app: App = request.app.state.app
    return app


async def signed_in(request: Request) -> Caller:
    """Return the user whose key the request carries; NotAuthenticatedError for none, a wrong or a revoked one."""
    app = app_of(request)
    plain = key_of(request)
    if not plain:
        raise NotAuthenticatedError(
            "sign in with your key: send the header Authorization: Bearer cs_…, or x-api-key: cs_…"
        )
    try:
        return await in_thread(_caller, app, plain)
    except NotAuthenticatedError as error:
        # enough of it to see which of one's keys was sent, too little to use it
        raise NotAuthenticatedError(error.message, value=f"{plain[:6]}…", code=error.code) from error


def key_of(request: Request) -> str:
    """Return the key in `Authorization: Bearer`, else the one in `x-api-key`, which LangGraph clients send."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_SCHEME) and header[len(_SCHEME) :].strip():
        return header[len(_SCHEME) :].strip()
    return request.headers.get(_KEY_HEADER, "").strip()


def _caller(app: App, plain: str) -> Caller:
    with app.database.read() as session:
        found = user_by_key(session, plain)
    roles = frozenset(held.role for held in found.roles)
    return Caller(app, Person(found.user.user_id, roles, found.user.workspace_id), found.user.name)


SignedIn = Annotated[Caller, Depends(signed_in)]
