"""Small private files of a home: written whole, durably, and readable by their owner only (0600)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: bytes, *, at_once: bool = True) -> None:
    """Replace a file whole: a reader sees the old content or the new one, also after a power cut.

    Without `at_once` a power cut may still take the new one, for content of which an older version is as true.
    """
    fresh = _write_beside(path, content)
    fresh.replace(path)
    if at_once:
        _sync_folder(path.parent)


def write_first(path: Path, content: bytes) -> bool:
    """Create a file unless it is there already; says whether this call made it."""
    fresh = _write_beside(path, content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    _sync_folder(path.parent)
    return True


def _write_beside(path: Path, content: bytes) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(handle)
    return fresh


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
