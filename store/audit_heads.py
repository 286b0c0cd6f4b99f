"""The published end of each audit chain: a file outside the database, so a cut or rewritten chain shows."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from policies.errors import CountersignError
from store.files import write_private

GENESIS = "0" * 64


class AuditHeadsError(CountersignError):
    """The file of published heads cannot be read."""

    code = "audit_heads"


class AuditHeadsDamagedError(AuditHeadsError):
    """The file of published heads was read and is not what was written."""

    code = "audit_heads_damaged"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Head(_Part):
    """The end of a chain: the last entry's number, hash and signature (of the hash `GENESIS` at number 0)."""

    sequence: int
    hash: str
    signature: str


class Break(_Part):
    """A place where the database was found not to continue what had been published; kept for ever."""

    sequence: int
    hash: str
    what: str


class Published(_Part):
    head: Head
    breaks: tuple[Break, ...] = ()


class _File(_Part):
    workspaces: dict[str, Published] = {}


class PublishedHeads:
    """Reads and advances `audit_heads.json`; a head never goes back, whatever order writers come in."""

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "audit_heads.json"
        self._lock_file = keys_dir / "audit_heads.lock"

    def get(self, workspace_id: str) -> Published | None:
        """What is published for a workspace; AuditHeadsError if the file is damaged."""
        return self._load().workspaces.get(workspace_id)

    def publish(self, workspace_id: str, head: Head, found: tuple[Break, ...] = ()) -> None:
        """Publish a committed head, unless a later one is there already, and keep the breaks found.

        A damaged file is set aside under another name and a new one begun; every chain that it held then shows a
        break. AuditHeadsError or OSError when the file cannot be read or written at all.
        """
        with self._locked():
            content = self._begun_anew()
            known = content.workspaces.get(workspace_id)
            breaks = known.breaks if known else ()
            noted = {(each.sequence, each.hash) for each in breaks}
            breaks += tuple(each for each in found if (each.sequence, each.hash) not in noted)
            if known and known.head.sequence >= head.sequence:
                if breaks == known.breaks:
                    return
                head = known.head
            fresh = {**content.workspaces, workspace_id: Published(head=head, breaks=breaks)}
            # an older head than the chain's is no finding, so the folder need not reach the disk with each entry
            content_now = _File(workspaces=fresh).model_dump_json(indent=1).encode()
            write_private(self.file, content_now, at_once=False)

    def _load(self) -> _File:
        try:
            return _File.model_validate_json(self.file.read_bytes())
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise AuditHeadsError(
                f"the published heads in {self.file.name} cannot be read ({error.strerror}), so a cut audit log could "
                "not be noticed; let the service read the file",
                value=self.file.name,
            ) from error
        except ValidationError as error:
            raise AuditHeadsDamagedError(
                f"{self.file.name} is damaged, so a cut audit log could not be noticed; restore it from a backup",
                value=self.file.name,
            ) from error

    def _begun_anew(self) -> _File:
        try:
            return self._load()
        except AuditHeadsDamagedError:
            self.file.replace(self.file.with_name(f"{self.file.name}.damaged-{secrets.token_hex(4)}"))
            return _File()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
