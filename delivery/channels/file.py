"""The file channel: messages as JSON lines in the home's outbox, for people who send by other means."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from delivery.channels.interface import CHUNK, Message, Receipt, SendOutcome
from store.threads import in_thread

OUTBOX_FILE = "messages.jsonl"


class FileChannel:
    """Appends one line a message, once a send key; it knows person ids and never an address.

    One process writes to a home, so the keys already written are read once and kept.
    """

    name = "file"
    chunk = CHUNK
    patience = 0.0

    def __init__(self, outbox_dir: Path) -> None:
        self._file = outbox_dir / OUTBOX_FILE
        self._lock = threading.Lock()
        self._keys: set[str] | None = None

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Append the messages that are not in the file yet, and bring them to the disk."""
        return await in_thread(self._append, list(messages))

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        """Return the receipts of the keys that are in the file."""
        return await in_thread(self._known, list(send_keys))

    def _append(self, messages: list[Message]) -> list[Receipt]:
        with self._lock:
            keys = self._written()
            fresh = list({m.send_key: m for m in messages if m.send_key not in keys}.values())
            if fresh:
                handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(handle, "ab") as stream:
                    stream.write(b"".join(_line(message) for message in fresh))
                    stream.flush()
                    os.fsync(stream.fileno())
                keys.update(message.send_key for message in fresh)
        return [_receipt(message.send_key) for message in messages]

    def _known(self, send_keys: list[str]) -> dict[str, Receipt]:
        with self._lock:
            keys = self._written()
            return {key: _receipt(key) for key in send_keys if key in keys}

    def _written(self) -> set[str]:
        if self._keys is None:
            content = self._file.read_bytes() if self._file.is_file() else b""
            whole, _, torn = content.rpartition(b"\n")
            if torn:
                # a crash tore the last line off: nobody can have used half a message, so it goes
                os.truncate(self._file, len(content) - len(torn))
            self._keys = {json.loads(line)["send_key"] for line in whole.splitlines() if line}
        return self._keys


def _line(message: Message) -> bytes:
    record = {
        "send_key": message.send_key,
        "person_id": message.person_id,
        "channel": message.channel,
        "arm": message.arm,
        "creative_digest": message.creative_digest,
        "subject": message.subject,
        "body": message.body,
    }
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _receipt(send_key: str) -> Receipt:
    return Receipt(send_key, SendOutcome.ACCEPTED, f"file-{send_key[:16]}")
