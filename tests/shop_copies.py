"""Copies of a shop on SQLite and on PostgreSQL: a prepared shop is made once and copied for each test."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from store.home import open_home
from tests.postgres_databases import PostgresDatabases
from tests.small_shop import Shop

BACKENDS = ("sqlite", "postgresql")


def copy_shop(shop: Shop, path: Path, databases: PostgresDatabases | None) -> Shop:
    """Return a copy of a shop that nobody has open, at `path`; one on PostgreSQL gets a database of its own."""
    shutil.copytree(shop.home.path, path)
    address = shop.home.settings.operational_url
    if address is not None:
        assert databases is not None
        copied = databases.copy(address)
        file = path / "home.json"
        settings = json.loads(file.read_bytes())
        settings |= dict.fromkeys(("operational_url", "checkpoints_url", "jobs_url"), copied)
        file.write_text(json.dumps(settings))
    return replace(shop, home=open_home(path))
