"""The demo home: the Hillstrom example with three made-up users, and their keys in a private file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from api.cli.client import DEMO_KEYS
from api.setup import Member, NewHome, Tenant, checked_settings, make_home
from policies.authority import Role
from store.clock import ReplayClock
from store.files import write_private
from store.ids import SeededIds
from store.importing.example import DEFAULT_EXAMPLES, read_example
from store.importing.example_rules import rules_of
from store.importing.hillstrom import HillstromSummary, prepare_hillstrom
from store.warehouse import Warehouse

MARKETER, APPROVER, ADMIN = "Ada", "Grace", "Edith"
MEMBERS = (
    Member(ADMIN, (Role.ADMIN.value,)),
    Member(MARKETER, (Role.MARKETER.value,)),
    Member(APPROVER, (Role.CAMPAIGN_MANAGER.value,)),
)
WORKSPACE = "Hillstrom"


class DemoHome(NamedTuple):
    """A demo home, filled; `brief` is the example's own objective."""

    made: NewHome
    summary: HillstromSummary
    brief: str


def prepare(
    path: Path, *, seed: int, on_progress: Callable[[str], None], examples: Path = DEFAULT_EXAMPLES
) -> DemoHome:
    """Make a demo home and fill it from the example; the same seed gives the same people, consents and halves.

    Raises HomeExistsError where something is already, ExampleError when the data is not what it should be.
    """
    folder = examples / "hillstrom"
    example = read_example(folder)
    at = example.campaign.clock_starts
    ids = SeededIds(f"demo:{seed}", at)
    settings = checked_settings(
        home_id=ids.new(),
        kind="demo",
        clock="replay",
        seed=seed,
        created_at=at,
        currency=example.campaign.currency,
        timezone=example.synthetic.timezones[0],
        allowed_channels=("replay", "file"),
    )
    made = make_home(path, settings, Tenant(WORKSPACE, MEMBERS, rules_of(example, seed)), ids)
    keys = {key.name: key.key for key in made.keys}
    write_private(made.home.keys_dir / DEMO_KEYS, json.dumps(keys, indent=1).encode())
    on_progress("Made a home whose clock is replayed, with a marketer, an approver and an admin.")
    database, warehouse = made.home.database(), Warehouse(made.home.history_dir)
    try:
        ReplayClock(database, settings.home_id).start(at)
        summary = prepare_hillstrom(
            database,
            warehouse,
            made.home.replay_dir,
            workspace_id=made.workspace_id,
            seed=seed,
            ids=ids,
            at=at,
            on_progress=on_progress,
            folder=folder,
        )
    finally:
        warehouse.close()
        database.close()
    return DemoHome(made, summary, (folder / "brief.txt").read_text(encoding="utf-8").strip())
