"""What a report needs besides readout, findings and proposal: who, when, and in which zone it is told."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from policies.errors import ConflictError


class ReportMismatchError(ConflictError):
    """Readout, findings and proposal do not belong together."""

    code = "report_mismatch"


class Signed(BaseModel):
    """One approver's countersignature; `limits` in words, empty where nothing was lowered."""

    model_config = ConfigDict(frozen=True)

    name: str
    roles: tuple[str, ...] = ()
    signed_at: datetime
    limits: str = ""
    comment: str = ""


class ReportContext(BaseModel):
    """The people and the setting of a campaign.

    `action_names` and `reason_words` put ids into words; `synthetic_note` says which parts of the data were made
    up and is empty where none was; `model` names what wrote the findings.
    """

    model_config = ConfigDict(frozen=True)

    campaign_name: str
    state: str
    author: str
    signatures: tuple[Signed, ...] = ()
    timezone: str = "UTC"
    synthetic_note: str = ""
    model: str = ""
    action_names: dict[str, str] = Field(default_factory=dict)
    reason_words: dict[str, str] = Field(default_factory=dict)
