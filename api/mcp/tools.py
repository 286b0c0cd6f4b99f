"""The tools of the MCP server: each is a call of our own HTTP API with the user's key, so authority stands in one place.

They read, or they draft. Whatever resolves, launches, resumes, pauses, stops or manages users and rules is no tool.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from policies.errors import NotFoundError

if TYPE_CHECKING:
    from api.cli.client import Client


def _is_id(text: str) -> str:
    """An id goes into a path, where a slash would lead elsewhere, however it is quoted: servers unquote it first."""
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError(f"{text!r} is no id; give one as another tool gave it")
    return text


Id = Annotated[
    str,
    Field(min_length=1, max_length=64, description="An id, as another tool gave it."),
    AfterValidator(_is_id),
]


class Arguments(BaseModel):
    """What a tool is called with; nothing beside it is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Arguments):
    """No arguments."""


class OfCampaign(Arguments):
    campaign_id: Id


class OfApproval(Arguments):
    approval_id: Id


class Approvals(Arguments):
    status: str | None = Field(default=None, max_length=40, description="Such as pending; all when left out.")


class Filter(Arguments):
    filter: str = Field(
        min_length=1, max_length=4_000, description="Such as days_since_purchase >= 180; `all` is everybody."
    )
    channels: list[str] = Field(default=["email"], min_length=1, max_length=20)
    as_of: str | None = Field(default=None, max_length=10, description="The day it counts for, YYYY-MM-DD.")


class Entries(Arguments):
    after: int = Field(default=0, ge=0, le=2**53 - 1, description="The number of the entry before the first.")
    limit: int = Field(default=50, ge=1, le=200)


class Objective(Arguments):
    objective: str = Field(
        min_length=1,
        max_length=8_000,
        description="What the campaign should achieve, in a marketer's words: whom, with what, budget, dates.",
    )


class Answered(Arguments):
    campaign_id: Id
    interrupt_id: Id
    answers: dict[str, str] = Field(
        min_length=1, max_length=20, description="The answer in words, by the field of each question."
    )


class Tool(NamedTuple):
    """One tool. `drafts` says that it writes a draft; every other tool changes nothing."""

    name: str
    what: str
    arguments: type[Arguments]
    call: Callable[[Client, dict[str, JsonValue]], Awaitable[JsonValue]]
    drafts: bool = False


def catalogue() -> tuple[Tool, ...]:
    """Return every tool, those that read before those that draft."""
    return (
        Tool("list_campaigns", "List the campaigns, the newest first.", Nothing, _get("/v1/campaigns")),
        Tool(
            "show_campaign",
            "Show a campaign: its state, the questions it waits with, its proposal, its launch.",
            OfCampaign,
            _get("/v1/campaigns/{campaign_id}"),
        ),
        Tool("list_approvals", "List approvals; people resolve them.", Approvals, _get("/v1/approvals")),
        Tool(
            "show_approval",
            "Show an approval with everything that would run, its digest, rules, forecast and message samples.",
            OfApproval,
            _get("/v1/approvals/{approval_id}"),
        ),
        Tool(
            "show_proposal",
            "Show the proposal that a campaign has now: its content, its digest and where its approval stands.",
            OfCampaign,
            _proposal,
        ),
        Tool(
            "show_readout",
            "Show what a campaign brought, with intervals, and what the analyst found.",
            OfCampaign,
            _get("/v1/campaigns/{campaign_id}/readout"),
        ),
        Tool(
            "count_audience",
            "Count whom a filter reaches, with everybody who is left out by reason.",
            Filter,
            _post("/v1/audience/count"),
        ),
        Tool("list_offers", "List the offers and actions there are.", Nothing, _get("/v1/offers")),
        Tool("show_policies", "Show every rule in force with its id.", Nothing, _get("/v1/policies")),
        Tool("list_audit", "List entries of the audit log in order.", Entries, _get("/v1/audit")),
        Tool(
            "verify_audit",
            "Check the whole audit log against its hashes, signatures and rows.",
            Nothing,
            _get("/v1/audit/verify"),
        ),
        Tool(
            "draft_campaign",
            "Draft a campaign from an objective. Ends with questions, a refusal, or a proposal that people then "
            "decide about. Nothing is sent.",
            Objective,
            _draft,
            drafts=True,
        ),
        Tool(
            "answer_questions",
            "Answer the questions that a campaign of yours waits with, by the id of their interrupt. Nothing is sent.",
            Answered,
            _answer,
            drafts=True,
        ),
    )


def _get(path: str) -> Callable[[Client, dict[str, JsonValue]], Awaitable[JsonValue]]:
    async def call(client: Client, given: dict[str, JsonValue]) -> JsonValue:
        filled, rest = _filled(path, given)
        query = {name: value for name, value in rest.items() if isinstance(value, str | int)}
        found: JsonValue = await client.get(filled, **query)
        return found

    return call


def _post(path: str) -> Callable[[Client, dict[str, JsonValue]], Awaitable[JsonValue]]:
    async def call(client: Client, given: dict[str, JsonValue]) -> JsonValue:
        filled, rest = _filled(path, given)
        found: JsonValue = await client.post(filled, rest)
        return found

    return call


def _filled(path: str, given: dict[str, JsonValue]) -> tuple[str, dict[str, JsonValue]]:
    """Put the arguments that a path names into it; they are ids, which cannot leave their place."""
    rest = dict(given)
    for name, value in given.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
            del rest[name]
    return path, rest


async def _proposal(client: Client, given: dict[str, JsonValue]) -> JsonValue:
    campaign = await client.get(_filled("/v1/campaigns/{campaign_id}", given)[0])
    if campaign["approval_id"] is None:
        raise NotFoundError(
            f"campaign {given['campaign_id']} has no proposal; it is {campaign['state']}",
            value=given["campaign_id"],
        )
    approval = await client.get(f"/v1/approvals/{campaign['approval_id']}")
    shown = (
        "approval_id",
        "status",
        "digest",
        "campaign_id",
        "campaign",
        "proposal",
        "content",
        "rules",
        "missing",
    )
    return {name: approval[name] for name in shown}


async def _draft(client: Client, given: dict[str, JsonValue]) -> JsonValue:
    return await _to_its_stop(client, "/v1/chat", {"text": given["objective"]})


async def _answer(client: Client, given: dict[str, JsonValue]) -> JsonValue:
    path, body = _filled("/v1/campaigns/{campaign_id}/answers", given)
    return await _to_its_stop(client, path, body)


async def _to_its_stop(client: Client, path: str, body: JsonValue) -> JsonValue:
    """Follow a thread to its next stop, and give that alone."""
    told = [event async for event in client.events(path, body)]
    name, data = told[-1]
    return {"came_to": name, **data}
