"""Authors of proposals, delegations, the risk of an approval and its escalation"""

import sqlalchemy as sa
from alembic import op

from store.migrations.operational.four_eyes import POSTGRESQL, SQLITE

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AUTHORS = (
    ("author", "SELECT proposal_id, author_id, workspace_id, created_at FROM proposals"),
    (
        "campaign",
        "SELECT p.proposal_id, c.author_id, p.workspace_id, p.created_at FROM proposals p"
        " JOIN campaigns c ON c.campaign_id = p.campaign_id",
    ),
    (
        "brief",
        "SELECT p.proposal_id, b.author_id, p.workspace_id, p.created_at FROM proposals p"
        " JOIN campaigns c ON c.campaign_id = p.campaign_id JOIN briefs b ON b.brief_id = c.brief_id",
    ),
)


def upgrade() -> None:
    _proposal_authors()
    _delegations()
    # in place: rebuilding the tables would lose the check that SQLite does not reflect
    op.add_column("approvals", sa.Column("risk", sa.JSON(), nullable=True))
    op.add_column("approvals", sa.Column("escalates_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approvals", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True))
    for name, target in (("on_behalf_of", "users (user_id)"), ("delegation_id", "delegations (delegation_id)")):
        constraint = op.f(f"fk_signatures_{name}_{target.split()[0]}")
        op.execute(f"ALTER TABLE signatures ADD COLUMN {name} VARCHAR CONSTRAINT {constraint} REFERENCES {target}")
    for part, rows in _AUTHORS:
        op.execute(
            "INSERT INTO proposal_authors (proposal_id, user_id, workspace_id, part, added_at)"
            f" SELECT s.proposal_id, s.author_id, s.workspace_id, '{part}', s.created_at FROM ({rows}) s"
            " WHERE NOT EXISTS (SELECT 1 FROM proposal_authors a"
            " WHERE a.proposal_id = s.proposal_id AND a.user_id = s.author_id)"
        )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def _proposal_authors() -> None:
    op.create_table(
        "proposal_authors",
        sa.Column("proposal_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.proposal_id"], name=op.f("fk_proposal_authors_proposal_id_proposals")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_proposal_authors_user_id_users")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.workspace_id"], name=op.f("fk_proposal_authors_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("proposal_id", "user_id", name=op.f("pk_proposal_authors")),
    )


def _delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("delegation_id", sa.String(), nullable=False),
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("delegator_id", sa.String(), nullable=False),
        sa.Column("delegate_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.CheckConstraint("delegator_id <> delegate_id", name=op.f("ck_delegations_two_people")),
        sa.CheckConstraint("ends_at > granted_at", name=op.f("ck_delegations_ends_later")),
        sa.ForeignKeyConstraint(["delegate_id"], ["users.user_id"], name=op.f("fk_delegations_delegate_id_users")),
        sa.ForeignKeyConstraint(["delegator_id"], ["users.user_id"], name=op.f("fk_delegations_delegator_id_users")),
        sa.ForeignKeyConstraint(["revoked_by"], ["users.user_id"], name=op.f("fk_delegations_revoked_by_users")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.workspace_id"], name=op.f("fk_delegations_workspace_id_workspaces")),
        sa.PrimaryKeyConstraint("delegation_id", name=op.f("pk_delegations")),
    )
    with op.batch_alter_table("delegations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegations_workspace_id"), ["workspace_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegations_delegate_id"), ["delegate_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
