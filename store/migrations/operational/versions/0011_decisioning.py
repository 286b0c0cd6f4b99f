"""Decisions: managed versions, cap counters, positions of draws, events; single choices belong to no campaign"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # no release has written a row of it; a choice now names its decision and its collection
    op.drop_table("choices")
    _cap_counters()
    _catalogue_revisions()
    _choices()
    _draw_positions()
    _managed_objects()
    _choice_events()


def _cap_counters() -> None:
    op.create_table('cap_counters',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('taken', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_cap_counters_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'subject', name=op.f('pk_cap_counters'))
    )


def _catalogue_revisions() -> None:
    op.create_table('catalogue_revisions',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_catalogue_revisions_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', name=op.f('pk_catalogue_revisions'))
    )


def _choices() -> None:
    op.create_table('choices',
    sa.Column('choice_id', sa.String(), nullable=False),
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('decision_id', sa.String(), nullable=False),
    sa.Column('collection_id', sa.String(), nullable=False),
    sa.Column('approval_id', sa.String(), nullable=False),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('record', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['approval_id'], ['approvals.approval_id'], name=op.f('fk_choices_approval_id_approvals')),
    sa.ForeignKeyConstraint(['person_id'], ['people.person_id'], name=op.f('fk_choices_person_id_people')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_choices_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('choice_id', name=op.f('pk_choices'))
    )
    with op.batch_alter_table('choices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_choices_decision_id'), ['decision_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_choices_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_choices_workspace_id'), ['workspace_id'], unique=False)


def _draw_positions() -> None:
    op.create_table('draw_positions',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('collection_id', sa.String(), nullable=False),
    sa.Column('following', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_draw_positions_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'collection_id', name=op.f('pk_draw_positions'))
    )


def _managed_objects() -> None:
    op.create_table('managed_objects',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('object_id', sa.String(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('proposal_id', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('live_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('live_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposals.proposal_id'], name=op.f('fk_managed_objects_proposal_id_proposals')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_managed_objects_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'kind', 'object_id', 'version', name=op.f('pk_managed_objects')),
    sa.UniqueConstraint('proposal_id', name=op.f('uq_managed_objects_proposal_id'))
    )
    with op.batch_alter_table('managed_objects', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_managed_objects_status'), ['status'], unique=False)


def _choice_events() -> None:
    op.create_table('choice_events',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('choice_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['choice_id'], ['choices.choice_id'], name=op.f('fk_choice_events_choice_id_choices')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_choice_events_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'event_id', name=op.f('pk_choice_events'))
    )
    with op.batch_alter_table('choice_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_choice_events_choice_id'), ['choice_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
