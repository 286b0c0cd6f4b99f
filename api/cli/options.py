"""What every command knows: the home, who is asking, and whether programs read the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from api.cli.client import Client, Target

T = TypeVar("T")
_FLAGS = frozenset({"--json"})
_VALUED = frozenset({"--home", "--key", "--as"})


@dataclass(frozen=True)
class Options:
    """The options that may stand anywhere on the line; what is not given comes from the environment."""

    home: Path | None = None
    key: str | None = None
    acting_as: str | None = None
    as_json: bool = False

    def target(self) -> Target:
        """Return the home and the key that commands use; SettingsError for an unusable environment."""
        from api.cli.client import Target
        from api.settings import read_settings

        settings = read_settings()
        key = self.key or (settings.key.get_secret_value() if settings.key else None)
        return Target(self.home or settings.home, key, self.acting_as)

    def home_path(self) -> Path:
        """Return the home alone, without reading any other setting."""
        from api.home_setting import home_of_environment

        return self.home or home_of_environment()


class AnywhereGroup(TyperGroup):
    """The root command: its own options may stand before or after the command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # Any: the context's class is typer's own
        """Read the line with the shared options moved to its front."""
        return super().parse_args(ctx, moved_to_front(args))


def moved_to_front(args: Sequence[str]) -> list[str]:
    """Return the line with the shared options first; what follows `--` stays where it is."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        name = word.split("=", 1)[0]
        if word == "--":
            rest += [word, *waiting]
            break
        if word in _FLAGS or (name in _VALUED and "=" in word):
            front.append(word)
        elif word in _VALUED:
            front += [word, *waiting[:1]]
            waiting = waiting[1:]
        else:
            rest.append(word)
    return front + rest


def options_of(ctx: typer.Context) -> Options:
    """Return the shared options of this call."""
    found = ctx.find_root().obj
    return found if isinstance(found, Options) else Options()


def ask(ctx: typer.Context, work: Callable[[Client], Awaitable[T]]) -> T:
    """Connect to the home, do one thing there and return what came of it."""
    return asyncio.run(_asked(options_of(ctx).target(), work))


async def _asked(target: Target, work: Callable[[Client], Awaitable[T]]) -> T:
    from api.cli.client import connect

    async with connect(target) as client:
        return await work(client)
