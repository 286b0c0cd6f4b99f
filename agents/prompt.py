"""Prompts are text files beside their agent; a run records the digest of the one it used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

from agents.errors import AgentSetupError


@dataclass(frozen=True)
class Prompt:
    """A prompt's text and the SHA-256 of its bytes."""

    name: str
    text: str
    digest: str


def load_prompt(package: str, name: str) -> Prompt:
    """Read `name` (e.g. `planner.md`) from a package; AgentSetupError when it is missing or empty."""
    try:
        text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise AgentSetupError(f"There is no prompt {name} in {package}.", value=name) from error
    if not text.strip():
        raise AgentSetupError(f"The prompt {name} in {package} is empty.", value=name)
    return Prompt(name, text, prompt_digest(text))


def prompt_digest(text: str) -> str:
    """SHA-256, in hexadecimal, of a prompt's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
