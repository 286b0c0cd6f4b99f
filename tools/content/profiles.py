"""The customers that a message is looked at with before anybody approves it. All of them are made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue


class SampleProfile(BaseModel):
    """A synthetic profile to preview a message with."""

    model_config = ConfigDict(frozen=True)

    label: str
    customer: Mapping[str, JsonValue]


AWKWARD_PROFILES: Final = (
    SampleProfile(label="usual", customer={"first_name": "Maria", "last_name": "Keller"}),
    SampleProfile(label="no name", customer={"first_name": "", "last_name": ""}),
    SampleProfile(
        label="longest name",
        customer={"first_name": "Wolfeschlegelsteinhausenbergerdorff-Maximiliane", "last_name": ""},
    ),
    SampleProfile(label="right-to-left", customer={"first_name": "מרים", "last_name": "לוי"}),
    SampleProfile(label="missing attribute", customer={}),
)

SENT_CUSTOMER: Final[Mapping[str, JsonValue]] = {}
"""What the sender gives a template of each customer: nothing personal, so everybody gets the words without it."""
