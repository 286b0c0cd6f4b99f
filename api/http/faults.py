"""Errors as answers: one mapping from the tree of errors to status and JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import overload

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agents.errors import AgentError, ModelUnavailableError
from api.decisioning.errors import MalformedJsonError, TooManyRequestsError
from api.http.bodies import BodyTooLargeError
from policies.errors import (
    ConflictError,
    CountersignError,
    InvalidInputError,
    NotAuthenticatedError,
    NotAuthorisedError,
    NotFoundError,
)
from store.database import StoreBusyError

STATUS: Mapping[type[CountersignError], int] = {
    MalformedJsonError: 400,
    TooManyRequestsError: 429,
    NotAuthenticatedError: 401,
    NotAuthorisedError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    BodyTooLargeError: 413,
    InvalidInputError: 422,
    StoreBusyError: 503,
    ModelUnavailableError: 503,
    AgentError: 502,
}
_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}
_CODES = {404: "not_found", 405: "method_not_allowed"}
_log = logging.getLogger("countersign.http")


def status_of(error: CountersignError) -> int:
    """Return the HTTP status of an error: that of its nearest family, else 500."""
    return next((status for family, status in STATUS.items() if isinstance(error, family)), 500)


def fault(error: CountersignError) -> dict[str, str | None]:
    """Return an error as the JSON that every entrance shows."""
    return {"error": error.code, "message": _sendable(error.message), "value": _sendable(error.value)}


def answer_faults(api: FastAPI) -> None:
    """Let the application answer every error in the one form."""

    @api.exception_handler(CountersignError)
    async def known(request: Request, error: CountersignError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            _log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        headers = _HEADERS.get(status)
        return JSONResponse(fault(error), status_code=status, headers=headers)

    @api.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(_unreadable(error), status_code=_unreadable_status(error))

    @api.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> JSONResponse:
        code = _CODES.get(error.status_code, "http_error")
        content = {"error": code, "message": f"{request.url.path}: {error.detail}", "value": request.url.path}
        return JSONResponse(content, status_code=error.status_code, headers=error.headers)

    _answer_the_unforeseen(api)


def _answer_the_unforeseen(api: FastAPI) -> None:
    @api.exception_handler(UnicodeEncodeError)
    async def unkept(_: Request, error: UnicodeEncodeError) -> JSONResponse:
        sign = f"U+{ord(error.object[error.start]):04X}"
        message = f"a text of the request holds {sign}, which is no character that can be kept; take it out"
        return JSONResponse({"error": "invalid_text", "message": message, "value": sign}, status_code=422)

    @api.exception_handler(OverflowError)
    async def beyond(request: Request, error: OverflowError) -> JSONResponse:
        _log.warning("%s %s: %s", request.method, request.url.path, error, exc_info=error)
        message = "a number or a date of the request is larger than can be kept; write a smaller one"
        return JSONResponse({"error": "number_too_large", "message": message, "value": None}, status_code=422)

    @api.exception_handler(Exception)
    async def unforeseen(_: Request, __: Exception) -> JSONResponse:
        # the server logs the error with its trace; the answer tells nothing of what is inside
        message = "something went wrong in Countersign itself; try again, and tell its operator if it goes on"
        return JSONResponse({"error": "internal", "message": message, "value": None}, status_code=500)


def _unreadable_status(error: RequestValidationError) -> int:
    return 400 if any(each["type"] == "json_invalid" for each in error.errors()) else 422


def _unreadable(error: RequestValidationError) -> dict[str, str | None]:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        detail = first.get("ctx", {}).get("error", "")
        where = first["loc"][-1]
        return {
            "error": "malformed_json",
            "message": f"the body is not JSON: {detail} at character {where}",
            "value": str(where),
        }
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return {
        "error": "invalid_input",
        "message": f"{place}: {first['msg']}{more}",
        "value": _short(first.get("input")),
    }


def _short(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return _sendable(text if len(text) <= 200 else f"{text[:200]}…")


@overload
def _sendable(text: str) -> str: ...
@overload
def _sendable(text: None) -> None: ...
def _sendable(text: str | None) -> str | None:
    """Half of a surrogate pair cannot be sent; it is shown by its number."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
