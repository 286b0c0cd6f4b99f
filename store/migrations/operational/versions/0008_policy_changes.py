"""Proposals that are about no campaign"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BEFORE = "campaign_id VARCHAR NOT NULL"
_AFTER = "campaign_id VARCHAR"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("proposals", "campaign_id", existing_type=sa.String(), nullable=True)
    else:
        _lift_in_place()


def _lift_in_place() -> None:
    """Take NOT NULL out of the stored definition, as SQLite documents for a constraint that no row depends on.

    Making the table anew would need foreign keys off, which a transaction cannot do, while approvals point at its rows.
    """
    connection = op.get_bind()
    (sql,) = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'proposals'"
    ).one()
    if sql.count(_BEFORE) != 1:
        raise RuntimeError(f"the table proposals is not as migration 0001 made it: {sql}")
    (version,) = connection.exec_driver_sql("PRAGMA schema_version").one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = 'proposals'",
        (sql.replace(_BEFORE, _AFTER),),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={int(version) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
