"""guardians of several people"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('guardianship',
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('guardian_id', sa.String(length=32), nullable=False),
    sa.Column('ward_id', sa.String(length=32), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_guardianship_case_id')),
    sa.ForeignKeyConstraint(['guardian_id'], ['person.id'], name=op.f('fk_guardianship_guardian_id')),
    sa.ForeignKeyConstraint(['ward_id'], ['person.id'], name=op.f('fk_guardianship_ward_id')),
    sa.PrimaryKeyConstraint('case_id', 'guardian_id', 'ward_id', name=op.f('pk_guardianship'))
    )
    with op.batch_alter_table('guardianship', schema=None) as batch_op:
        batch_op.create_index('ix_guardianship_ward_id', ['ward_id'], unique=False)

    op.execute(
        'INSERT INTO guardianship (case_id, guardian_id, ward_id, ended_at) '
        'SELECT case_id, person_id, guards_person_id, ended_at FROM case_role WHERE guards_person_id IS NOT NULL'
    )
    with op.batch_alter_table('case_role', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('fk_case_role_guards_person_id'), type_='foreignkey')
        batch_op.drop_column('guards_person_id')

    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.alter_column('guard', existing_type=sa.String(length=100), type_=sa.Text(), existing_nullable=True)


def downgrade() -> None:
    # Of several people a guardian speaks for, one is kept; an answer that waits is guarded otherwise, and is not sent.
    op.execute("UPDATE outbox SET guard = substr(guard, 1, 100)")
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.alter_column('guard', existing_type=sa.Text(), type_=sa.String(length=100), existing_nullable=True)

    with op.batch_alter_table('case_role', schema=None) as batch_op:
        batch_op.add_column(sa.Column('guards_person_id', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(op.f('fk_case_role_guards_person_id'), 'person', ['guards_person_id'], ['id'])

    op.execute(
        "UPDATE case_role SET guards_person_id = (SELECT min(ward_id) FROM guardianship "
        "WHERE guardianship.case_id = case_role.case_id AND guardianship.guardian_id = case_role.person_id) "
        "WHERE role = 'guardian'"
    )
    with op.batch_alter_table('guardianship', schema=None) as batch_op:
        batch_op.drop_index('ix_guardianship_ward_id')

    op.drop_table('guardianship')
