"""The last check of an audit chain: kept beside the reports, so that looking at the log does not read all of it anew.

It is a note of what was found and when, nothing that proves it: whoever doubts it has the chain checked again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from store.audit_verify import AuditVerification
from store.files import write_private


class AuditCheck(BaseModel):
    """What a check found, and when."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    found: AuditVerification


def keep_check(folder: Path, workspace_id: str, check: AuditCheck) -> None:
    """Keep the newest check of a workspace's chain."""
    write_private(_file(folder, workspace_id), check.model_dump_json().encode(), at_once=False)


def last_check(folder: Path, workspace_id: str) -> AuditCheck | None:
    """Return the newest check; None before the first, or where its file cannot be read."""
    file = _file(folder, workspace_id)
    try:
        return AuditCheck.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _file(folder: Path, workspace_id: str) -> Path:
    return folder / f"audit-check-{workspace_id}.json"
