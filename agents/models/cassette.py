"""Model answers on a tape: recorded once, replayed without a server, keyed by what was asked.

A line of the file is one answer: the SHA-256 of method, path and canonical JSON body of the request, and status,
content type and body of the response. No header of a request is kept, and a key that a server echoes is blotted out,
so a tape holds no secret; it does hold the prompts' answers, and is to be kept as the traces are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.errors import CassetteError
from policies.proposal import digest_json

BLOTTED = "[key]"


class TapedAnswer(BaseModel):
    """One recorded response."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: str
    status: int
    content_type: str
    body: str


class Cassette:
    """One file of answers. The nth time a request is made it gets its nth answer; past those, the last once more."""

    def __init__(self, path: Path, mode: Literal["record", "replay"], *, secrets: Iterable[str] = ()) -> None:
        self._path = path
        self._secrets = tuple(secret for secret in secrets if secret)
        self._answers: dict[str, list[TapedAnswer]] = {}
        self._asked: dict[str, int] = {}
        if mode == "replay":
            for answer in _read(path):
                self._answers.setdefault(answer.request, []).append(answer)

    def key(self, method: str, path: str, body: bytes) -> str:
        """Return the SHA-256 that a request is known by; the order of keys in its JSON does not matter, nor do its headers."""
        text = self._blotted(body.decode("utf-8", errors="replace"))
        try:
            asked = digest_json(json.loads(text))
        except ValueError:
            asked = hashlib.sha256(text.encode()).hexdigest()
        return hashlib.sha256(f"{method} {path} {asked}".encode()).hexdigest()

    def keep(self, request: str, status: int, content_type: str, body: bytes) -> None:
        """Add an answer to the end of the file."""
        text = self._blotted(body.decode("utf-8", errors="replace"))
        answer = TapedAnswer(request=request, status=status, content_type=content_type, body=text)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(answer.model_dump_json() + "\n")

    def answer(self, request: str) -> TapedAnswer:
        """Return the next recorded answer to a request; CassetteError where it was never asked."""
        taped = self._answers.get(request)
        if taped is None:
            raise CassetteError(
                f"The recording {self._path.name} has no answer to this request ({request[:12]}…); something that it "
                "depends on has changed: record it again.",
                value=request,
            )
        turn = self._asked.get(request, 0)
        self._asked[request] = turn + 1
        return taped[min(turn, len(taped) - 1)]

    def _blotted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, BLOTTED)
        return text


def _read(path: Path) -> Iterable[TapedAnswer]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CassetteError(
            f"The recording {path} cannot be read; record it first.", value=str(path)
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            yield TapedAnswer.model_validate_json(line)
        except ValidationError as error:
            raise CassetteError(
                f"Line {number} of the recording {path} is no answer; record it again.", value=number
            ) from error
