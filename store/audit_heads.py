"""The published end of each audit chain: a file outside the database, so a cut or rewritten chain shows."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

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


class _Line(_Part):
    """What a line after the first document says: a later state of one workspace."""

    workspace_id: str
    published: Published


class _Stamp(NamedTuple):
    """What the system says of a file; it changes with every write, whoever writes."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class _Content(NamedTuple):
    """What a file holds. `document_size` is the length of its first document; lines may follow only where it is `whole`."""

    workspaces: dict[str, Published]
    document_size: int
    whole: bool


_EMPTY = _Content({}, 0, False)
_LINES_BYTES = 65_536
"""Lines that a file holds at least before it is written anew as one document."""


class PublishedHeads:
    """Reads and advances `audit_heads.json`; a head never goes back, whatever order writers come in.

    The file is one JSON document, and after it a line for each head that came later, so that publishing one appends a
    line. Its bytes reach the disk right after, in a thread of their own: until then a power cut leaves an older head,
    which is as true, while an end of the process leaves the newest.
    """

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "audit_heads.json"
        self._lock_file = keys_dir / "audit_heads.lock"
        self._read: tuple[_Stamp, _Content] | None = None
        self._syncer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit-heads")
        self._sync: Future[None] | None = None

    def get(self, workspace_id: str) -> Published | None:
        """What is published for a workspace; AuditHeadsError if the file is damaged."""
        return self._load().workspaces.get(workspace_id)

    def get_anew(self, workspace_id: str) -> Published | None:
        """The same, read from the file whether or not it seems to have changed since."""
        self._read = None
        return self.get(workspace_id)

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
            self._write(content, workspace_id, Published(head=head, breaks=breaks))

    def flush(self) -> None:
        """Return once everything published so far is on the disk."""
        if self._sync is not None:
            self._sync.result()

    def _write(self, content: _Content, workspace_id: str, published: Published) -> None:
        workspaces = {**content.workspaces, workspace_id: published}
        size = self._read[0].size if self._read is not None else 0
        if not content.whole or size - content.document_size > max(_LINES_BYTES, content.document_size):
            document = _File(workspaces=workspaces).model_dump_json().encode() + b"\n"
            # an older head than the chain's is no finding, so the folder need not reach the disk with each entry
            write_private(self.file, document, at_once=False)
            self._read = (_stamp(self.file.stat()), _Content(workspaces, len(document), True))
            return
        line = _Line(workspace_id=workspace_id, published=published).model_dump_json().encode() + b"\n"
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            written = os.write(handle, line)
            stamp = _stamp(os.fstat(handle))
        finally:
            os.close(handle)
        # of a line that a full disk cut short the rest is missing for everybody: the file is read again, and written anew
        self._read = (stamp, content._replace(workspaces=workspaces)) if written == len(line) else None
        if self._sync is None or self._sync.running() or self._sync.done():
            self._sync = self._syncer.submit(_synced, self.file)

    def _load(self) -> _Content:
        known = self._read
        try:
            if known is not None and known[0] == _stamp(self.file.stat()):
                return known[1]
            with self.file.open("rb") as stream:
                stamp = _stamp(os.fstat(stream.fileno()))
                content = _parsed(stream.read())
            self._read = (stamp, content)
            return content
        except FileNotFoundError:
            return _EMPTY
        except OSError as error:
            raise AuditHeadsError(
                f"the published heads in {self.file.name} cannot be read ({error.strerror}), so a cut audit log could "
                "not be noticed; let the service read the file",
                value=self.file.name,
            ) from error
        except (ValueError, RecursionError) as error:
            raise AuditHeadsDamagedError(
                f"{self.file.name} is damaged, so a cut audit log could not be noticed; restore it from a backup",
                value=self.file.name,
            ) from error

    def _begun_anew(self) -> _Content:
        try:
            return self._load()
        except AuditHeadsDamagedError:
            self.file.replace(self.file.with_name(f"{self.file.name}.damaged-{secrets.token_hex(4)}"))
            return _EMPTY

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _parsed(written: bytes) -> _Content:
    """Read a file; ValueError for a damaged one. A last line that a power cut left unfinished was never published."""
    try:
        text = written.decode()
    except UnicodeDecodeError:
        text = written[: written.rindex(b"\n") + 1].decode()
    document, end = json.JSONDecoder().raw_decode(text)
    workspaces = dict(_File.model_validate(document).workspaces)
    for line in filter(None, text[end:].split("\n")[:-1]):
        told = _Line.model_validate_json(line)
        known = workspaces.get(told.workspace_id)
        if known is not None and told.published.head.sequence < known.head.sequence:
            raise ValueError(f"the head of {told.workspace_id} goes back")
        workspaces[told.workspace_id] = told.published
    return _Content(workspaces, end, whole=written.endswith(b"\n"))


def _stamp(known: os.stat_result) -> _Stamp:
    return _Stamp(known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns)


def _synced(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
