"""A tape of calls: the first thread records what models, tools and retrieval answered, later ones play it back."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any


class Tape:
    """Answers by name and by how often that name was asked since `rewind`; asking for more than was recorded fails."""

    def __init__(self) -> None:
        self.playing = False
        self._taped: dict[str, list[Any]] = defaultdict(list)
        self._played: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def rewind(self) -> None:
        """Play from the start."""
        self.playing = True
        self._played.clear()

    # Any: what is taped is whatever the recorded function returns.
    def take(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the taped answer, or make and tape it."""
        if self.playing:
            return self._next(name)
        return self._keep(name, make())

    async def take_async(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """The same for an answer that is awaited."""
        if self.playing:
            return self._next(name)
        return self._keep(name, await make())

    def _keep(self, name: str, answer: Any) -> Any:
        with self._lock:
            self._taped[name].append(answer)
        return answer

    def _next(self, name: str) -> Any:
        with self._lock:
            index = self._played[name]
            self._played[name] += 1
        if index >= len(self._taped[name]):
            raise LookupError(
                f"{name} was asked {index + 1} times; the recording has {len(self._taped[name])}"
            )
        return self._taped[name][index]


class Taped:
    """An object whose methods go through a tape; `make` builds the real one when it is first needed."""

    def __init__(self, tape: Tape, name: str, make: Callable[[], Any]) -> None:
        self._tape = tape
        self._name = name
        self._make = make
        self._real: Any = None

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self._tape.take(f"{self._name}.{method}", lambda: self._method(method)(*args, **kwargs))

        return call

    def _method(self, method: str) -> Callable[..., Any]:
        if self._real is None:
            self._real = self._make()
        found: Callable[..., Any] = getattr(self._real, method)
        return found


class TapedAgents(Taped):
    """The same for a crew, whose methods are awaited."""

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._tape.take_async(
                f"{self._name}.{method}", lambda: self._method(method)(*args, **kwargs)
            )

        return call


def taped_class(tape: Tape, cls: type[Any]) -> Callable[..., Taped]:
    """Return a stand-in for a class: what it makes answers from the tape."""

    def build(*args: Any, **kwargs: Any) -> Taped:
        return Taped(tape, cls.__name__, lambda: cls(*args, **kwargs))

    return build


def taped_function(tape: Tape, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a stand-in for a function."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return tape.take(function.__qualname__, lambda: function(*args, **kwargs))

    return call
