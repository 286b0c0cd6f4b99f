"""Journeys: a row a running version, one a person, one a step taken; events are found by name"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_workspace_id_name_received_at", "events", ["workspace_id", "name", "received_at"], unique=False)
    _journey_runs()
    _journey_people()
    _journey_moves()


def _journey_runs() -> None:
    op.create_table('journey_runs',
    sa.Column('run_id', sa.String(), nullable=False),
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('journey_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('proposal_id', sa.String(), nullable=False),
    sa.Column('approval_id', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('entered_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('scanned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failure', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_journey_runs_workspace_id_workspaces')),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposals.proposal_id'], name=op.f('fk_journey_runs_proposal_id_proposals')),
    sa.ForeignKeyConstraint(['approval_id'], ['approvals.approval_id'], name=op.f('fk_journey_runs_approval_id_approvals')),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_journey_runs')),
    sa.UniqueConstraint('proposal_id', name=op.f('uq_journey_runs_proposal_id')),
    sa.UniqueConstraint('approval_id', name=op.f('uq_journey_runs_approval_id')),
    )
    op.create_index("ix_journey_runs_workspace_id", "journey_runs", ["workspace_id"], unique=False)
    op.create_index("ix_journey_runs_state_due_at", "journey_runs", ["state", "due_at"], unique=False)


def _journey_people() -> None:
    op.create_table('journey_people',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('journey_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('run_id', sa.String(), nullable=False),
    sa.Column('entry_id', sa.String(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('moves', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_journey_people_workspace_id_workspaces')),
    sa.ForeignKeyConstraint(['person_id'], ['people.person_id'], name=op.f('fk_journey_people_person_id_people')),
    sa.ForeignKeyConstraint(['run_id'], ['journey_runs.run_id'], name=op.f('fk_journey_people_run_id_journey_runs')),
    sa.PrimaryKeyConstraint('workspace_id', 'journey_id', 'person_id', name=op.f('pk_journey_people')),
    )
    op.create_index("ix_journey_people_due", "journey_people", ["run_id", "status", "step", "due_at", "person_id"], unique=False)


def _journey_moves() -> None:
    op.create_table('journey_moves',
    sa.Column('entry_id', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('run_id', sa.String(), nullable=False),
    sa.Column('step', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_journey_moves_workspace_id_workspaces')),
    sa.ForeignKeyConstraint(['run_id'], ['journey_runs.run_id'], name=op.f('fk_journey_moves_run_id_journey_runs')),
    sa.PrimaryKeyConstraint('entry_id', 'number', name=op.f('pk_journey_moves')),
    )
    op.create_index("ix_journey_moves_person_id", "journey_moves", ["person_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
