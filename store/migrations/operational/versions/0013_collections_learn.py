"""Collections learn: marks, sums by item, the rewards that went into them; choices are found by collection and time"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('arm_statistics',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('collection_id', sa.String(), nullable=False),
    sa.Column('definition', sa.String(), nullable=False),
    sa.Column('item', sa.String(), nullable=False),
    sa.Column('learnt_rows', sa.BigInteger(), nullable=False),
    sa.Column('total_millionths', sa.BigInteger(), nullable=False),
    sa.Column('squares_millionths', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_arm_statistics_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'collection_id', 'definition', 'item', name=op.f('pk_arm_statistics'))
    )
    op.create_table('learning_marks',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('collection_id', sa.String(), nullable=False),
    sa.Column('definition', sa.String(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_learning_marks_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'collection_id', 'definition', name=op.f('pk_learning_marks'))
    )
    op.create_table('learnt_rewards',
    sa.Column('choice_id', sa.String(), nullable=False),
    sa.Column('definition', sa.String(), nullable=False),
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('collection_id', sa.String(), nullable=False),
    sa.Column('item', sa.String(), nullable=False),
    sa.Column('reward_millionths', sa.BigInteger(), nullable=False),
    sa.Column('squared_millionths', sa.BigInteger(), nullable=False),
    sa.Column('learnt_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['choice_id'], ['choices.choice_id'], name=op.f('fk_learnt_rewards_choice_id_choices')),
    sa.ForeignKeyConstraint(['person_id'], ['people.person_id'], name=op.f('fk_learnt_rewards_person_id_people')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_learnt_rewards_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('choice_id', 'definition', name=op.f('pk_learnt_rewards'))
    )
    with op.batch_alter_table('learnt_rewards', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learnt_rewards_person_id'), ['person_id'], unique=False)
    with op.batch_alter_table('choices', schema=None) as batch_op:
        batch_op.create_index('ix_choices_workspace_id_collection_id_chosen_at', ['workspace_id', 'collection_id', 'chosen_at'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
