"""What providers and mail systems report: signed webhooks, and returned mail that an operator hands in."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from api.http.signing_in import SignedIn, app_of
from api.views.numbers import View
from delivery.email.message import send_key_in
from delivery.inbound.reports import read_report
from delivery.inbound.told import Kind, Told, take
from policies.authority import Action
from policies.errors import ConflictError, InvalidInputError, NotAuthenticatedError
from store.home_settings import in_words
from store.threads import in_thread

router = APIRouter(prefix="/v1/inbound", tags=["inbound"])


class SignatureError(NotAuthenticatedError):
    """A webhook that was not signed with the secret that this home shares with its provider, or long ago."""

    code = "signature"


class NoSecretError(ConflictError):
    """This home shares no secret with a provider, so nothing that comes can be believed."""

    code = "inbound_secret_missing"


class EventError(InvalidInputError):
    """A signed webhook whose body says nothing that is known here."""

    code = "inbound_event"


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    message_id: str = Field(min_length=1, max_length=500)
    bounce: Literal["hard", "soft"] = "hard"
    machine: bool = False


class _Event(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal[
        "message.delivered", "message.opened", "message.clicked", "message.bounced", "message.complained"
    ]
    timestamp: AwareDatetime
    data: _Data


class Taken(View):
    """Whether the event is about a message of this home."""

    known: bool


@router.post("/events")
async def event(request: Request) -> Taken:
    """Take one event of a provider, signed as Standard Webhooks with the secret of COUNTERSIGN_INBOUND_SECRET (or _SECRET_FILE).

    Types: message.delivered, .opened, .clicked, .bounced (`bounce`: hard or soft), .complained; `data.message_id` names the
    message. A repeated `webhook-id` changes nothing.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    app = app_of(request)
    secret = await in_thread(app.settings.inbound.value)
    if secret is None:
        raise NoSecretError("set COUNTERSIGN_INBOUND_SECRET to the secret that the provider signs with")
    body = await request.body()
    try:
        Webhook(secret).verify(body, dict(request.headers))
    except WebhookVerificationError as error:
        raise SignatureError("the webhook's signature or its time does not hold; nothing was read") from error
    except ValueError as error:
        raise EventError("the body of the webhook is not JSON", value="body") from error
    try:
        told = _Event.model_validate_json(body)
    except ValidationError as error:
        raise EventError(f"the event cannot be read: {in_words(error)}", value="body") from error
    send_key = send_key_in(told.data.message_id)
    if send_key is None:
        return Taken(known=False)
    kind: Kind = _kind(told)
    machine = "provider" if told.data.machine and kind in ("opened", "clicked") else None
    event_id = f"webhook:{request.headers['webhook-id'][:200]}"
    took = Told(event_id, send_key, kind, "webhook", told.timestamp, machine=machine)
    return Taken(known=await take(app.ports, took, soft_limit=app.settings.email.soft_bounces))


@router.post("/reports")
async def report(caller: SignedIn, content: Annotated[bytes, Body(media_type="message/rfc822")]) -> Taken:
    """Take a bounce (RFC 3464) or complaint (RFC 5965) as it came back by mail, for whoever may import data."""
    caller.require(Action.IMPORT_DATA)
    found = read_report(content)
    if found.kind is None:
        return Taken(known=True)
    app = caller.app
    told = Told(found.event_id, found.send_key, found.kind, "report", app.clock.now())
    return Taken(known=await take(app.ports, told, soft_limit=app.settings.email.soft_bounces))


def _kind(told: _Event) -> Kind:
    kinds: dict[str, Kind] = {
        "message.delivered": "delivered",
        "message.opened": "opened",
        "message.clicked": "clicked",
        "message.complained": "complained",
    }
    bounced: Kind = "bounced_hard" if told.data.bounce == "hard" else "bounced_soft"
    return kinds.get(told.type, bounced)
