"""The scripted conversations; `evals` holds them as the suite `multi_turn`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evals.tasks.conversations import reading_of, shown
from evals.worlds.talk import Talk

__all__ = ["Talk", "reading_of", "scripts", "shown"]

SUITE = Path(__file__).parents[3] / "evals" / "suites" / "data" / "multi_turn.jsonl"


def scripts() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the suite's meta line and its conversations."""
    meta, *cases = (json.loads(line) for line in SUITE.read_text("utf-8").splitlines())
    return meta, cases
