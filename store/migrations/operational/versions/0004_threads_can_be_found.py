"""Threads can be found"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = "thread_id, workspace_id, author_id, campaign_id, status, created_at, changed_at"


def upgrade() -> None:
    op.create_table(
        "propose_threads",
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.user_id"], name=op.f("fk_propose_threads_author_id_users")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_propose_threads_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.workspace_id"], name=op.f("fk_propose_threads_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_propose_threads")),
    )
    with op.batch_alter_table("propose_threads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_propose_threads_workspace_id"), ["workspace_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_propose_threads_campaign_id"), ["campaign_id"], unique=False)
    _threads_begun_before()


def _threads_begun_before() -> None:
    op.execute(
        f"INSERT INTO propose_threads ({_COLUMNS})"
        " SELECT thread_id, workspace_id, author_id, campaign_id, 'waiting', created_at, created_at FROM proposals"
    )
    op.execute(
        f"INSERT INTO propose_threads ({_COLUMNS})"
        " SELECT thread_id, workspace_id, author_id, campaign_id, 'waiting', changed_at, changed_at FROM campaigns"
        " WHERE thread_id IS NOT NULL AND thread_id NOT IN (SELECT thread_id FROM propose_threads)"
    )


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
