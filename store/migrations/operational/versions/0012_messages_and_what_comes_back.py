"""Messages that are tried again, what comes back of them, test messages"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sends", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    _message_events()
    _test_sends()


def _message_events() -> None:
    op.create_table('message_events',
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('send_key', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('link', sa.Integer(), nullable=True),
    sa.Column('machine', sa.String(), nullable=True),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.person_id'], name=op.f('fk_message_events_person_id_people')),
    sa.ForeignKeyConstraint(['send_key'], ['sends.send_key'], name=op.f('fk_message_events_send_key_sends')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_message_events_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('workspace_id', 'event_id', name=op.f('pk_message_events'))
    )
    with op.batch_alter_table('message_events', schema=None) as batch_op:
        batch_op.create_index('ix_message_events_person', ['workspace_id', 'person_id', 'kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_events_send_key'), ['send_key'], unique=False)


def _test_sends() -> None:
    op.create_table('test_sends',
    sa.Column('test_id', sa.String(), nullable=False),
    sa.Column('workspace_id', sa.String(), nullable=False),
    sa.Column('proposal_id', sa.String(), nullable=False),
    sa.Column('arm', sa.String(), nullable=False),
    sa.Column('creative_digest', sa.String(), nullable=False),
    sa.Column('recipient', sa.String(), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('rule', sa.String(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['asked_by'], ['users.user_id'], name=op.f('fk_test_sends_asked_by_users')),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposals.proposal_id'], name=op.f('fk_test_sends_proposal_id_proposals')),
    sa.ForeignKeyConstraint(['recipient'], ['users.user_id'], name=op.f('fk_test_sends_recipient_users')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.workspace_id'], name=op.f('fk_test_sends_workspace_id_workspaces')),
    sa.PrimaryKeyConstraint('test_id', name=op.f('pk_test_sends'))
    )
    with op.batch_alter_table('test_sends', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_test_sends_proposal_id'), ['proposal_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_test_sends_workspace_id'), ['workspace_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("schemas only move forwards; restore a backup instead")
