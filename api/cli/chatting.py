"""`chat`, `plan` and `brief`: from words to a proposal, to be shown, or only to what was read from them."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from api.cli.options import ask, options_of
from api.cli.output import console, give, give_json
from policies.errors import CountersignError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.planner.brief import Brief
    from api.cli.client import Client
    from api.cli.show.progress import Watcher
    from api.settings import Settings

Outcome = tuple[str, dict[str, Any]]
"""The name of the event that a thread stopped with, and its data."""
Text = Annotated[str, typer.Argument(help="The objective, in plain words.")]


def chat(
    ctx: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(help="What you say, in plain words; without it, a conversation on the terminal."),
    ] = None,
    campaign: Annotated[str | None, typer.Option(help="Propose this campaign anew.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Go on with this conversation.")] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help="Answer to a question: FIELD=WORDS; may be repeated.")
    ] = None,
) -> None:
    """Say an objective and watch it become a proposal; say what to change, undo it, ask about it, begin another.

    Questions are asked on a terminal. Several of them are answered at once with --answer words="…".
    """
    if text is None:
        _talk(ctx, campaign, conversation)
        return
    body = {"text": text, "campaign_id": campaign, "conversation_id": conversation}
    given = read_answers(answer or [])
    as_json = options_of(ctx).as_json

    async def work(client: Client) -> Outcome:
        with watcher(as_json) as watching:
            return await converse(client, body, given, watching, asking=not as_json and sys.stdin.isatty())

    name, data = ask(ctx, work)
    give_outcome(ctx, name, data)


def plan(
    ctx: typer.Context,
    text: Text,
    answer: Annotated[
        list[str] | None, typer.Option(help="Answer to a question: FIELD=WORDS; may be repeated.")
    ] = None,
) -> None:
    """Turn an objective into a proposal without a conversation, and show it whole."""
    from api.cli.show.approval import show_approval

    given = read_answers(answer or [])
    as_json = options_of(ctx).as_json

    async def work(client: Client) -> Outcome:
        with watcher(as_json) as watching:
            name, data = await converse(client, {"text": text}, given, watching, asking=False)
        if name == "proposal":
            data = await client.get(f"/v1/approvals/{data['approval_id']}")
        return name, data

    name, data = ask(ctx, work)
    if name == "proposal":
        give(ctx, data, show_approval)
    else:
        give_outcome(ctx, name, data)


def brief(
    ctx: typer.Context,
    text: Text,
    today: Annotated[
        str | None, typer.Option(help="Day that relative dates count from, YYYY-MM-DD; today by default.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="IANA name of the time zone.")] = "UTC",
    currency: Annotated[str | None, typer.Option(help="Currency of a bare $, ISO 4217.")] = None,
) -> None:
    """Read an objective into the brief record, without a home and without a key; by the models that are set, too."""
    from agents.planner.reading import read_brief
    from api.cli.show.brief import show_brief
    from api.settings import read_settings

    day, settings = _day(today, timezone), read_settings()

    def read(words: str) -> Brief:
        return read_brief(words, today=day, timezone=timezone, home_currency=currency)

    if settings.model.chain_of("planner")[0].offline:
        record = read(text)
    else:
        record = _read_twice(settings, text, day, currency, read)
    give(ctx, record.model_dump(mode="json"), lambda out, data: show_brief(out, data, text))


def _read_twice(
    settings: Settings, text: str, today: date, currency: str | None, read: Callable[[str], Brief]
) -> Brief:
    """Read a brief with the models that are set, beside the rules; the record names whoever read it."""
    import asyncio

    from agents.models.interface import ModelProvider
    from agents.planner.heard import HearTask
    from agents.planner.hearing import read_twice

    async def work() -> Brief:
        models = ModelProvider(settings.model, settings.prices)
        try:
            task = HearTask(text=text, today=today, currency=currency or "")
            return await read_twice(models, settings.limits, task, read)
        finally:
            await models.aclose()

    return asyncio.run(work())


def watcher(as_json: bool) -> Watcher:
    """Return what shows the agents at work; with JSON asked for nothing is shown."""
    from api.cli.show.progress import Watcher

    return Watcher(None if as_json else console())


async def converse(
    client: Client, body: dict[str, Any], given: dict[str, str], watching: Watcher, *, asking: bool
) -> Outcome:
    """Run a chat to its end, answering questions from `given` and, when asking, from the terminal."""
    outcome = await converse_over(client, "/v1/chat", body, watching)
    while outcome[0] == "questions":
        fields = [question["field"] for question in outcome[1]["questions"]]
        answers = {field: given.pop(field) for field in fields if field in given}
        if not answers and asking:
            answers = watching.ask(outcome[1]["questions"])
        if not answers:
            break
        path = f"/v1/campaigns/{outcome[1]['campaign_id']}/answers"
        reply = {"interrupt_id": outcome[1]["interrupt_id"], "answers": answers}
        outcome = await converse_over(client, path, reply, watching)
    if given:
        raise InvalidInputError(
            f"nothing was asked about {next(iter(given))!r}; the thread stopped with {outcome[0]}",
            value=next(iter(given)),
        )
    return outcome


def read_answers(given: list[str]) -> dict[str, str]:
    """Return answers by field; InvalidInputError for one that is not FIELD=WORDS."""
    answers: dict[str, str] = {}
    for text in given:
        field, _, words = text.partition("=")
        if not field.strip() or not words.strip():
            raise InvalidInputError(
                f"the answer {text!r} is not FIELD=WORDS, such as budget=$2,000", value=text
            )
        answers[field.strip()] = words.strip()
    return answers


async def converse_over(client: Client, path: str, body: dict[str, Any], watching: Watcher) -> Outcome:
    """Send something that a thread is run for, and return what it stopped with."""
    outcome: Outcome = ("", {})
    async for name, data in client.events(path, body):
        if name == "progress":
            watching.tell(data)
        elif name == "understood":
            watching.understood(data)
        elif name != "started":
            outcome = (name, data)
    return outcome


def give_outcome(ctx: typer.Context, name: str, data: dict[str, Any]) -> None:
    """Say where a thread stopped; exit with 1 where it made no proposal and asks nothing."""
    from api.cli.show.lists import show_outcome

    if options_of(ctx).as_json:
        give_json({"event": name, **data})
    else:
        show_outcome(console(), name, data)
    if name not in ("proposal", "questions", "reply"):
        raise typer.Exit(1)


def _talk(ctx: typer.Context, campaign: str | None, conversation: str | None) -> None:
    """A conversation on the terminal, a turn a line, until an empty line or the end of the input."""
    from api.cli.show.lists import show_outcome

    if options_of(ctx).as_json or not sys.stdin.isatty():
        raise InvalidInputError(
            "say something: countersign chat 'Win back …'; a conversation needs a terminal"
        )
    out = console()

    async def work(client: Client) -> None:
        place = {"campaign_id": campaign, "conversation_id": conversation}
        while words := out.input("[bold]you[/]  ").strip():
            try:
                with watcher(False) as watching:
                    name, data = await converse_over(client, "/v1/chat", {"text": words, **place}, watching)
            except CountersignError as error:
                out.print(f"[red]{escape(error.message)}[/]")
                continue
            show_outcome(out, name, data)
            place = {
                "campaign_id": None,
                "conversation_id": data.get("conversation_id") or place["conversation_id"],
            }

    ask(ctx, work)


def _day(text: str | None, timezone: str) -> date:
    if text is None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        from store.clock import WallClock

        try:
            return WallClock().now().astimezone(ZoneInfo(timezone)).date()
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInputError(f"the time zone {timezone!r} does not exist", value=timezone) from error
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"--today is {text!r}; write a day as YYYY-MM-DD", value=text) from error
