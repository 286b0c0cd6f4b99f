"""What the decisioning API refuses before anything is decided."""

from __future__ import annotations

from policies.errors import CountersignError


class TooManyRequestsError(CountersignError):
    """More requests wait than are soon answered."""

    code = "too_many_requests"


class MalformedJsonError(CountersignError):
    """The body is no JSON."""

    code = "malformed_json"
