"""Asking a model's server again: only where it was busy, broken or gone, since an answer has no effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agents.agent_run import Retry
from agents.errors import ModelTimeoutError, ModelUnavailableError

T = TypeVar("T")
LONGEST_WAIT_S = 30.0


async def patiently(
    ask: Callable[[], Awaitable[T]], retry: Retry, on_retry: Callable[[ModelUnavailableError], None]
) -> T:
    """Ask until there is an answer or the retries are used up, and raise the last failure then.

    A call that timed out had its time and is not repeated. A server that says how long to wait is obeyed for
    `LONGEST_WAIT_S` seconds at most.
    """
    delay_s = retry.delay_s
    for _ in range(retry.times):
        try:
            return await ask()
        except ModelTimeoutError:
            raise
        except ModelUnavailableError as error:
            on_retry(error)
            await asyncio.sleep(min(max(delay_s, error.retry_after_s), LONGEST_WAIT_S))
        delay_s *= 2
    return await ask()
