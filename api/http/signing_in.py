"""Who is asking: the user behind a key, and the authority of every endpoint."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from agents.refusals import noted, noted_here
from api.wiring import App
from policies.authority import Action, Person, Resource, require_authority
from policies.errors import NotAuthenticatedError
from store.repositories.workspaces import sign_in
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

    def refusals_here(self, subject: str) -> AbstractContextManager[None]:
        """Do as `refusals_of` does, in the thread that the store is called from."""
        return noted_here(
            self.app.bench, workspace_id=self.workspace_id, actor=self.person.user_id, subject=subject
        )


@dataclass(frozen=True)
class Bearer:
    """A key that came with a request, and whose user is looked up by whoever does the work, in one thread with it."""

    app: App
    plain: str

    def caller(self) -> Caller:
        """Return the key's user; NotAuthenticatedError for a wrong or a revoked key."""
        try:
            found = sign_in(self.app.database, self.plain)
        except NotAuthenticatedError as error:
            # enough of it to see which of one's keys was sent, too little to use it
            raise NotAuthenticatedError(error.message, value=f"{self.plain[:6]}…", code=error.code) from error
        roles = frozenset(held.role for held in found.roles)
        return Caller(self.app, Person(found.user.user_id, roles, found.user.workspace_id), found.user.name)


def app_of(request: Request) -> App:
    """Return the home that this application serves."""
    app: App = request.app.state.app
    return app


async def bearer(request: Request) -> Bearer:
    """Return the key that the request carries, whoever's it is; NotAuthenticatedError for none."""
    plain = key_of(request)
    if not plain:
        raise NotAuthenticatedError(
            "sign in with your key: send the header Authorization: Bearer cs_…, or x-api-key: cs_…"
        )
    return Bearer(app_of(request), plain)


async def signed_in(request: Request) -> Caller:
    """Return the user whose key the request carries; NotAuthenticatedError for none, a wrong or a revoked one."""
    return await in_thread((await bearer(request)).caller)


def key_of(request: Request) -> str:
    """Return the key in `Authorization: Bearer`, else the one in `x-api-key`, which LangGraph clients send."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_SCHEME) and header[len(_SCHEME) :].strip():
        return header[len(_SCHEME) :].strip()
    return request.headers.get(_KEY_HEADER, "").strip()


SignedIn = Annotated[Caller, Depends(signed_in)]


class KeyFirst(APIRoute):
    """A route with a `KeyGiven`: what cannot be read from nobody's key is answered 401, as on every other route."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route's requests."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError:
                await signed_in(request)
                raise

        return handled


KeyGiven = Annotated[Bearer, Depends(bearer)]
"""For what is asked often: the endpoint signs the user in itself, in the thread that then does the work."""
