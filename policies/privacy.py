"""What a free text may not hold: addresses of people, which stay in the protected columns of the customers."""

from __future__ import annotations

import re

from policies.errors import InvalidInputError

# one character before the sign is enough to decide, and keeps the search linear in the length of the text
_SIGNS = "@＠﹫"
_ADDRESS = re.compile(r"[^\s@＠﹫][@＠﹫][^\s@＠﹫]+\.[^\s@＠﹫]")


class AddressInTextError(InvalidInputError):
    """A text that is kept, logged or sent to a model holds an e-mail address."""

    code = "address_in_text"


def holds_address(text: str) -> bool:
    """Decide whether a text has an e-mail address anywhere in it; an @ without a dotted name after it is none."""
    return any(sign in text for sign in _SIGNS) and _ADDRESS.search(text) is not None


def require_no_address(what: str, text: str) -> None:
    """Refuse a text with an e-mail address in it: AddressInTextError names the field, never the address.

    `what` is the field in words that can begin a sentence, such as "the comment".
    """
    if holds_address(text):
        raise AddressInTextError(
            f"{what} holds an e-mail address; leave it out or write the person's id, because this text is kept "
            "where addresses may not be"
        )
