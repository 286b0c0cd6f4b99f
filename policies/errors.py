"""One root for every error a person may meet; leaves are named by cause."""

from __future__ import annotations


class CountersignError(Exception):
    """What went wrong, said so that a marketer can act on it.

    `code` is stable and may be matched by programs; `message` names the value, the bound and the remedy;
    `value` is the value that broke the rule, as text. `written_down` says that the audit log has it already.
    """

    code: str = "countersign_error"
    written_down = False

    def __init__(self, message: str, *, value: object = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.value = None if value is None else str(value)
        if code is not None:
            self.code = code


class InvalidInputError(CountersignError):
    """A value given by a person or a program breaks a stated rule."""

    code = "invalid_input"


class NotFoundError(CountersignError):
    """The named thing does not exist in this workspace."""

    code = "not_found"


class ConflictError(CountersignError):
    """The thing has moved on: somebody or something was first."""

    code = "conflict"


class NotAuthorisedError(CountersignError):
    """The signed-in person may not do this."""

    code = "not_authorised"


class NotAuthenticatedError(CountersignError):
    """No key, or a key that is unknown or revoked."""

    code = "not_authenticated"
