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


def shipped_prompts() -> tuple[Prompt, ...]:
    """Return every prompt of the agents as it stands, each named by agent and file, such as `planner/hearing.md`."""
    root = resources.files("agents")
    folders = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
    found = []
    for name in folders:
        files = [file for file in root.joinpath(name).iterdir() if file.name.endswith(".md")]
        for file in sorted(files, key=lambda each: each.name):
            text = file.read_text(encoding="utf-8")
            found.append(Prompt(f"{name}/{file.name}", text, prompt_digest(text)))
    return tuple(found)


def prompt_digest(text: str) -> str:
    """SHA-256, in hexadecimal, of a prompt's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
