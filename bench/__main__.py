"""`python -m bench NAME [ARGUMENTS]`: run one bench and print its figures as JSON lines.

A bench is a module of this folder with `run(argv)`, which yields {name, value, unit, bar, holds}; the exit status is 1
when a bar does not hold.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def names() -> list[str]:
    """Return the benches there are."""
    folder = Path(__file__).parent
    return sorted(file.stem for file in folder.glob("*.py") if "\ndef run(" in file.read_text("utf-8"))


def main(argv: list[str]) -> int:
    """Run the bench that is named first; 2 when there is none of that name."""
    if not argv or argv[0] not in names():
        print(
            f"say which bench: python -m bench NAME, with NAME one of {', '.join(names())}", file=sys.stderr
        )
        return 2
    for name in THREAD_LIMITS:
        os.environ.setdefault(name, "1")
    held = True
    for row in importlib.import_module(f"bench.{argv[0]}").run(argv[1:]):
        print(json.dumps(row, ensure_ascii=False), flush=True)
        held = held and row["holds"] is not False
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
