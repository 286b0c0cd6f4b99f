"""The rooms of the page, in the order of the rail."""

from __future__ import annotations

from typing import NamedTuple


class Room(NamedTuple):
    """A room: the first part of its address, its name, and the action that whoever enters has to be allowed."""

    at: str
    name: str
    needs: str


ROOMS = (
    Room("chat", "Chat", "chat"),
    Room("approvals", "Approvals", "view"),
    Room("campaigns", "Campaigns", "view"),
    Room("audience", "Audience", "view"),
    Room("offers", "Offers", "view"),
    Room("experiments", "Experiments", "view"),
    Room("evals", "Evals", "view"),
    Room("policies", "Policies", "view"),
    Room("audit", "Audit", "view"),
    Room("settings", "Settings", "view"),
)
