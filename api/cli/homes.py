"""`init` makes a home, `serve` opens it to everybody."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import options_of
from api.cli.output import console, give
from policies.errors import ConflictError

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console

    from api.settings import Settings
    from store.home import Home


class AddressTakenError(ConflictError):
    """Nothing can listen at this address."""

    code = "address_taken"


def init(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Name of the workspace, as customers know it.")] = "My shop",
    admin: Annotated[str, typer.Option(help="Name of the admin.")] = "Admin",
    second: Annotated[str, typer.Option(help="Name of the second person, who countersigns.")] = "Approver",
    second_role: Annotated[
        str, typer.Option(help="campaign_manager, marketing_leader, legal, marketer or admin.")
    ] = "campaign_manager",
    alone: Annotated[
        bool, typer.Option("--alone", help="Make only the admin, who invites the second person later.")
    ] = False,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "USD",
    timezone: Annotated[str, typer.Option(help="IANA name, such as Europe/Berlin.")] = "UTC",
    seed: Annotated[int, typer.Option(help="Seed of every draw in this home, 0 or more.")] = 1,
    database_url: Annotated[
        str | None,
        typer.Option(
            help="An empty PostgreSQL database, postgresql://user@host:5432/name; without one, files."
        ),
    ] = None,
) -> None:
    """Make a home with an admin and a second person; each key is shown once, and each replaces their own."""
    from api.setup import init_home
    from store.clock import WallClock

    made = init_home(
        options_of(ctx).target().home,
        clock=WallClock(),
        seed=seed,
        name=name,
        currency=currency,
        timezone=timezone,
        admin=admin,
        second=None if alone else second,
        second_role=second_role,
        database_url=database_url,
    )
    users = [{"name": key.name, "roles": list(key.roles), "key": key.key} for key in made.keys]
    give(ctx, {"home": str(made.home.path), "workspace_id": made.workspace_id, "users": users}, _show_init)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8400,
) -> None:
    """Serve the HTTP API of a home and carry out its due work, until interrupted."""
    from api.settings import read_settings
    from store.home import open_home

    asyncio.run(_serve(open_home(options_of(ctx).target().home), read_settings(), host, port))


async def _serve(home: Home, settings: Settings, host: str, port: int) -> None:
    import uvicorn

    from api.http.application import build_api
    from api.wiring import open_app

    class Server(uvicorn.Server):
        """Leaves the signals to the loop, so that the home is closed in order after the last request."""

        def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
            super().__init__(config)
            self._closing = closing

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            self._closing.set()
            super().handle_exit(sig, frame)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

    listening = _listen(host, port)
    with contextlib.closing(listening):
        async with open_app(home, settings) as app:
            await app.engine.start()
            url = f"http://{host}:{listening.getsockname()[1]}"
            config = uvicorn.Config(build_api(app), log_level="warning", timeout_graceful_shutdown=5)
            app.lock.publish(url)
            console().print(f"Serving {home.path} at {url} (model: {app.models.model_id}). Ctrl-C stops it.")
            await Server(config, app.closing).serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    from api.http.listening import listen

    try:
        return listen(host, port)
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --port",
            value=f"{host}:{port}",
        ) from error


def _show_init(out: Console, made: dict[str, Any]) -> None:  # JSON
    out.print(f"Made a home at [bold]{made['home']}[/].")
    out.print("These keys are shown once. Keep them; nobody can read them again.\n")
    for user in made["users"]:
        out.print(f"  {user['name']} ({', '.join(user['roles'])})\n  [bold]{user['key']}[/]\n")
    out.print(
        "Each of you replaces your own, so that nobody else has seen it: countersign users renew --key …"
    )
    if len(made["users"]) == 1:
        out.print("Nothing can be approved before there are two of you:")
        out.print("  countersign users add NAME --role campaign_manager")
    where = Path(made["home"])
    out.print(f"Next: countersign --home {where} serve")
