"""A mark beside the generation: two catalogs at the same count are told apart by it."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark, and give this catalog its first one."""
    op.add_column("generation", sa.Column("mark", sa.Text, nullable=False, server_default=""))
    op.execute(sa.text("UPDATE generation SET mark = :mark").bindparams(mark=secrets.token_hex(8)))


def downgrade() -> None:
    """Drop the mark."""
    with op.batch_alter_table("generation") as table:
        table.drop_column("mark")
