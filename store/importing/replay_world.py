"""The replay world: what really happened to the people a replayed campaign may reach.

Only the importer of a logged experiment writes this file, and only the replay channel may read it: no agent, tool,
readout or person learns an outcome before a choice met it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

WORLD_FILE = "world.parquet"
"""Columns: person_id, arm, visit (0/1), conversion (0/1), spend_minor (minor units)."""


def stage_world(replay_dir: Path, outcomes: pa.Table) -> Path:
    """Write the world's outcomes beside their place, not yet visible; gives the hidden file."""
    import pyarrow.parquet as pq

    replay_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    hidden = replay_dir / f".{WORLD_FILE}.tmp"
    pq.write_table(outcomes, hidden, compression="zstd")
    hidden.chmod(0o600)
    return hidden


def publish_world(hidden: Path) -> Path:
    """Put the staged outcomes in their place, in one step."""
    return hidden.replace(hidden.parent / WORLD_FILE)
