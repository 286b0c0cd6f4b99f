"""The HTTP client of a model's server: bounded in what it reads, never redirected, recording or replaying if asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2

from agents.errors import ModelReplyError, ReplyTooLongError
from agents.models.cassette import Cassette
from agents.models.settings import ModelSettings

_DONE = b"data: [DONE]"


def http_client(settings: ModelSettings, base_url: str, cassette: Cassette | None) -> httpx2.AsyncClient:
    """Return the client for one server and one event loop.

    A redirect is not followed: it would carry prompts and key to an address that nobody set. Compressed answers are
    neither asked for nor taken, since a small one may unfold into any size.
    """
    replays = cassette is not None and settings.replays
    return httpx2.AsyncClient(
        base_url=base_url,
        timeout=settings.timeout_s,
        follow_redirects=False,
        headers={"accept-encoding": "identity"},
        transport=ReplayTransport(cassette) if replays and cassette is not None else None,
        event_hooks={"response": [_watch(settings.max_reply_bytes, None if replays else cassette)]},
    )


def _watch(limit: int, cassette: Cassette | None) -> Callable[[httpx2.Response], Awaitable[None]]:
    async def watch(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ModelReplyError(
                "The model server sent a compressed answer, which was not asked for; switch compression off there.",
                value=response.headers["content-encoding"][:40],
            )
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        keep = None if cassette is None else _keeper(cassette, response)
        response.stream = BoundedStream(response.stream, limit, keep)

    return watch


def _keeper(cassette: Cassette, response: httpx2.Response) -> Callable[[bytes], None]:
    request = response.request
    key = cassette.key(request.method, request.url.path, request.content)
    kind = response.headers.get("content-type", "application/json")
    return lambda body: cassette.keep(key, response.status_code, kind, body, request.content)


class BoundedStream(httpx2.AsyncByteStream):
    """A body of at most `limit` bytes; `keep` is told the whole of one that came to its end."""

    def __init__(
        self, stream: httpx2.AsyncByteStream, limit: int, keep: Callable[[bytes], None] | None = None
    ) -> None:
        self._stream, self._limit, self._keep = stream, limit, keep
        self._parts: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._stream:
            read += len(part)
            if read > self._limit:
                raise ReplyTooLongError(
                    f"The model server sent more than {self._limit} bytes in one answer; "
                    "ask for fewer tokens or raise max_reply_bytes.",
                    value=self._limit,
                )
            if self._keep is not None:
                self._parts.append(part)
            yield part
        self._kept()

    async def aclose(self) -> None:
        """Let the connection go; a stream of events is left as soon as it says that it is done."""
        if _DONE in b"".join(self._parts[-4:]):
            self._kept()
        await self._stream.aclose()

    def _kept(self) -> None:
        if self._keep is not None:
            self._keep(b"".join(self._parts))
            self._keep = None


class ReplayTransport(httpx2.AsyncBaseTransport):
    """Answers from a recording; no connection is ever opened."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the recorded answer; CassetteError where there is none."""
        asked = await request.aread()
        taped = self._cassette.answer(self._cassette.key(request.method, request.url.path, asked), asked)
        return httpx2.Response(
            taped.status,
            headers={"content-type": taped.content_type},
            content=taped.body.encode(),
            request=request,
        )
