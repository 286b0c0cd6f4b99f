"""Threads are leased"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("propose_threads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("attempt", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("failure", sa.String(), nullable=True))
    with op.batch_alter_table("propose_threads", schema=None) as batch_op:
        batch_op.alter_column("attempt", server_default=None)
        batch_op.alter_column("failures", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
