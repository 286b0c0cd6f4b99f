"""The one way async code calls the synchronous store."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_thread(
    fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run `fn` in the event loop's thread pool and give its result; its exception is raised here.

    The function starts with empty context variables, so nothing of a running graph or request leaks into the
    store. Cancelling the caller does not stop a transaction that has begun: it still commits or rolls back.
    """
    call = functools.partial(contextvars.Context().run, functools.partial(fn, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(None, call)
