"""The links of one message, each signed: unsubscribing, preferences, and where its own link leads through."""

from __future__ import annotations

from typing import NamedTuple

from policies.errors import NotFoundError
from store.keys import TokenKeys

UNSUBSCRIBE_USE, PREFERENCES_USE, CLICK_USE = "unsubscribe", "preferences", "click"
TRAP = 9
"""The number of a link that no person sees: whoever opens it is a program."""
TEST = "test-"
"""What stands before the key in the links of a test message; they change nothing."""


class LinkUnknownError(NotFoundError):
    """A link that this home did not make, or that was damaged on its way."""

    code = "link_unknown"


class Followed(NamedTuple):
    """A link of a message: the message's send key, and the number of the link in it."""

    send_key: str
    number: int


class Links:
    """Makes and reads the links of messages. `public_url` is where people reach this home."""

    def __init__(self, public_url: str, keys: TokenKeys) -> None:
        self._base = public_url.rstrip("/")
        self._keys = keys

    def unsubscribe(self, send_key: str) -> str:
        """The address that unsubscribes by a POST and shows a page on a GET."""
        return f"{self._base}/u/{self._keys.token(UNSUBSCRIBE_USE, send_key)}"

    def click(self, send_key: str, number: int) -> str:
        """The address that notes a click and leads on to link `number` of the message."""
        return f"{self._base}/c/{self._keys.token(CLICK_USE, f'{send_key}{number}')}"

    def preferences_token(self, send_key: str) -> str:
        """The token of the page on which the person of a message says what they want."""
        return self._keys.token(PREFERENCES_USE, send_key)

    def message_of(self, use: str, token: str) -> str:
        """Return the send key in a token; LinkUnknownError for one that is none of this home's for this use."""
        send_key = self._keys.item_of(use, token)
        if not send_key:
            raise LinkUnknownError(
                "this link is not complete; open it as it stands in the message", value="link"
            )
        return send_key

    def followed(self, token: str) -> Followed:
        """Return which link of which message a click's token is for; LinkUnknownError."""
        item = self.message_of(CLICK_USE, token)
        return Followed(item[:-1], int(item[-1]))
