"""Approvals by status, in the order that lists show them"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_approvals_status", table_name="approvals")
    op.create_index(
        "ix_approvals_status_workspace_id_approval_id",
        "approvals",
        ["status", "workspace_id", "approval_id"],
        unique=False,
    )


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
