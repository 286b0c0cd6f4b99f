"""Whatever is written, a brief is read or refused by name: halves, mixtures and shuffles of real briefs never break the parser."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agents.planner.brief import BriefError
from agents.planner.reading import read_brief
from evals.core.case import read_cases

DATA = Path(__file__).parents[3] / "evals" / "suites" / "data"
SEEDS = range(4)
EACH = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_pieces_of_briefs_are_read_or_refused(seed: int) -> None:
    drawn = random.Random(seed)
    files = [read_cases(path) for path in sorted(DATA.glob("objective_extraction_*.jsonl"))]
    texts, meta = [brief.text for file in files for brief in file.briefs], files[0].meta
    for _ in range(EACH):
        words, others = drawn.choice(texts).split(), drawn.choice(texts).split()
        begin, end = sorted(drawn.randrange(len(words)) for _ in range(2))
        pieces = [
            words[begin:],
            words[: end + 1],
            words[begin : end + 1],
            words[:begin] + others[len(others) // 2 :],
            drawn.sample(words, len(words)),
        ]
        text = " ".join(drawn.choice(pieces)) or "x"
        try:
            record = read_brief(text, today=meta.today, timezone=meta.timezone, policy=meta.policy)
        except BriefError as error:
            assert error.message, text
        else:
            assert record.action in ("plan", "clarify", "refuse", "plan_with_refusal"), text
