"""Model answers on a tape: recorded once, replayed without a server, keyed by what was asked.

A line of the file is one answer: the SHA-256 of method, path and canonical JSON body of the request, name and SHA-256 of
the prompt in it, and status, content type and body of the response. No header of a request is kept, and a key that a server
echoes is blotted out, so a tape holds no secret; it does hold the prompts' answers, and is to be kept as the traces are.
A file that ends in `.gz` is compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.errors import CassetteError
from agents.prompt import Prompt, shipped_prompts
from policies.proposal import digest_json

BLOTTED = "[key]"


class TapedAnswer(BaseModel):
    """One recorded response."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: str
    status: int
    content_type: str
    body: str
    prompt: str = ""
    prompt_sha256: str = ""


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

    def keep(self, request: str, status: int, content_type: str, body: bytes, asked: bytes = b"") -> None:
        """Add an answer to the end of the file; `asked` is the request's body, of which the prompt's name is kept."""
        text = self._blotted(body.decode("utf-8", errors="replace"))
        prompt = prompt_in(asked)
        answer = TapedAnswer(
            request=request,
            status=status,
            content_type=content_type,
            body=text,
            prompt="" if prompt is None else prompt.name,
            prompt_sha256="" if prompt is None else prompt.digest,
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _open(self._path, "at") as file:
            file.write(answer.model_dump_json() + "\n")

    def answer(self, request: str, asked: bytes = b"") -> TapedAnswer:
        """Return the next recorded answer to a request; CassetteError where it was never asked.

        With the request's body in `asked` the error says whether its prompt is the one that was recorded, and which it is.
        """
        taped = self._answers.get(request)
        if taped is None:
            raise CassetteError(
                f"The recording {self._path.name} has no answer to this request ({request[:12]}…); {self._why(asked)}: "
                "record it again.",
                value=request,
            )
        turn = self._asked.get(request, 0)
        self._asked[request] = turn + 1
        return taped[min(turn, len(taped) - 1)]

    def _why(self, asked: bytes) -> str:
        prompt = prompt_in(asked)
        if prompt is None:
            return "something that it depends on has changed"
        answers = [answer for taped in self._answers.values() for answer in taped]
        recorded = sorted({answer.prompt_sha256 for answer in answers if answer.prompt == prompt.name})
        if not recorded:
            return f"nothing was recorded with the prompt {prompt.name}"
        if prompt.digest not in recorded:
            before = ", ".join(f"{digest[:12]}…" for digest in recorded)
            return f"the prompt {prompt.name} has changed: it was recorded as {before} and is {prompt.digest[:12]}… now"
        return (
            f"the prompt {prompt.name} is the recorded one ({prompt.digest[:12]}…), and the task, a tool's result, a "
            "schema or a setting has changed"
        )

    def _blotted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, BLOTTED)
        return text


def prompt_in(asked: bytes) -> Prompt | None:
    """Return the prompt of ours among a request's system messages; None where there is none."""
    try:
        request = json.loads(asked)
        messages = request["messages"]
        said = {message["content"] for message in messages if message["role"] == "system"}
    except (ValueError, KeyError, TypeError):
        return None
    return next((prompt for prompt in shipped_prompts() if prompt.text in said), None)


def _open(path: Path, mode: Literal["at", "rt"]) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, mode, encoding="utf-8")
    return path.open(mode, encoding="utf-8")


def _read(path: Path) -> Iterable[TapedAnswer]:
    try:
        with _open(path, "rt") as file:
            lines = file.read().splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
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
