"""Run Alembic from code: no ini file, no logging set-up, one transaction a database."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection, Engine

History = Literal["operational", "identity"]
_MIGRATING = 7_305_118
# Alembic keeps the running migration in module globals, so one process runs one at a time
_ONE_AT_A_TIME = threading.Lock()


def upgrade(engine: Engine, history: History) -> None:
    """Bring one database to the head of its history; processes that start together take turns."""
    with _ONE_AT_A_TIME, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        command.upgrade(configuration(history, connection), "head")


def differences(engine: Engine, history: History) -> list[Any]:
    """What Alembic would still change to make the database equal to the tables in the code.

    The list's items are Alembic's own diff tuples; none means equal.
    """
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, target_metadata(history)))


def configuration(history: History, connection: Connection) -> Config:
    """Alembic's configuration for one history on an open connection."""
    config = Config()
    folder = str(Path(__file__).parent / history).replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = target_metadata(history)
    return config


def target_metadata(history: History) -> sa.MetaData:
    """The tables that belong to one history."""
    if history == "identity":
        from store.tables.identity import identity_metadata

        return identity_metadata
    from store.tables import metadata

    return metadata
