"""What a request may carry: a bounded body, and only text that can be kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from policies.errors import CountersignError, InvalidInputError

LARGEST_JSON_BYTES = 1_000_000
_IMPORTS = "/v1/imports/"
# an escaped or encoded half of a surrogate pair, or NUL, or JSON in UTF-16, where either may stand unescaped
_SUSPECT = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)|\xed[\xa0-\xbf]|\x00")


class BodyTooLargeError(CountersignError):
    """The request carries more than is read."""

    code = "body_too_large"


class UnkeptTextError(InvalidInputError):
    """A text holds a character that cannot be kept: half of a surrogate pair, or NUL."""

    code = "invalid_text"


class BoundedBodies:
    """Reads the body of each request but an import's before anything else does, and refuses what cannot be taken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 for a body above LARGEST_JSON_BYTES, by its stated length or as it comes; 422 for bad text."""
        if scope["type"] != "http" or scope["path"].startswith(_IMPORTS):
            await self._app(scope, receive, send)
            return
        try:
            require_size(stated_size(scope), LARGEST_JSON_BYTES)
            messages = await _read(receive)
            require_kept(b"".join(message.get("body", b"") for message in messages))
        except (BodyTooLargeError, UnkeptTextError) as error:
            status = 413 if isinstance(error, BodyTooLargeError) else 422
            content = {"error": error.code, "message": error.message, "value": error.value}
            await JSONResponse(content, status_code=status)(scope, receive, send)
            return

        async def again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, again, send)


def stated_size(scope: Scope) -> int:
    """Return the bytes that the request says it carries; 0 when it does not say."""
    stated = dict(scope["headers"]).get(b"content-length", b"")
    return int(stated) if stated.isdigit() else 0


def require_size(size: int, bound: int) -> None:
    """Raise BodyTooLargeError when a body of `size` bytes is above the bound."""
    if size > bound:
        raise BodyTooLargeError(
            f"the body has {size:,} bytes or more; at most {bound:,} are read, so send less at once",
            value=size,
        )


def require_kept(body: bytes) -> None:
    """Raise UnkeptTextError naming the field when a JSON body holds half of a surrogate pair or NUL."""
    if not _SUSPECT.search(body):
        return
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return  # what is no JSON is answered by whoever reads it
    for place, text in _texts(content):
        bad = next((sign for sign in text if sign == "\0" or "\ud800" <= sign <= "\udfff"), None)
        if bad is not None:
            code = f"U+{ord(bad):04X}"
            raise UnkeptTextError(
                f"{place or 'the body'} holds {code}, which is no character that can be kept; take it out",
                value=code,
            )


def _texts(content: object) -> Iterator[tuple[str, str]]:
    todo: list[tuple[str, object]] = [("", content)]
    while todo:
        place, value = todo.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield f"a name in {place or 'the body'}", key
                shown = key.encode("ascii", "backslashreplace").decode()
                todo.append((f"{place}.{shown}" if place else shown, inner))
        elif isinstance(value, list):
            todo.extend(
                (f"{place}.{number}" if place else str(number), inner) for number, inner in enumerate(value)
            )


async def _read(receive: Receive) -> list[Message]:
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        require_size(size, LARGEST_JSON_BYTES)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages
