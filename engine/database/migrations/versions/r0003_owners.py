"""Accounts and what they own: collections, scenes under way, credentials, quotas, jobs."""

import time

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MAIN = "main"
"""The account of whoever was there before accounts were."""


def upgrade() -> None:
    """Make the tables; clients and user collections there are come to the first account."""
    _make_accounts()
    _make_user_data()
    _make_jobs()
    _adopt_collections()


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    now = time.time_ns() // 1000
    op.execute(
        sa.text("INSERT INTO accounts (id, name, created) VALUES (:id, :id, :now)").bindparams(
            id=MAIN, now=now
        )
    )
    op.add_column("clients", sa.Column("account", sa.Text, nullable=False, server_default=MAIN))
    op.add_column("clients", sa.Column("requests_per_minute", sa.Float))
    op.add_column("clients", sa.Column("units_per_minute", sa.Float))
    op.create_table(
        "credentials",
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name="pk_credentials"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name="fk_credentials_account", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "quotas",
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("level", sa.Float, nullable=False),
        sa.Column("instant", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("client", "policy", name="pk_quotas"),
    )
    op.create_table(
        "audit",
        sa.Column("key", KEY, nullable=False),
        sa.Column("instant", sa.BigInteger, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_audit"),
    )
    op.create_index("ix_audit_instant", "audit", ["instant"])


def _make_user_data() -> None:
    op.create_table(
        "user_collections",
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("bucket", sa.Text, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("nodata", sa.Float),
        sa.Column("max_meters", sa.Float),
        sa.Column("credentials", sa.Text),
        sa.PrimaryKeyConstraint("collection", name="pk_user_collections"),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.id"],
            name="fk_user_collections_collection",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "user_scenes",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sensed", sa.BigInteger),
        sa.Column("cover", sa.Text),
        sa.Column("outline", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("least_meters", sa.Float),
        sa.Column("most_meters", sa.Float),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_user_scenes"),
        sa.UniqueConstraint("collection", "path", name="uq_user_scenes_collection_path"),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["user_collections.collection"],
            name="fk_user_scenes_collection",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_user_scenes_collection_created_id", "user_scenes", ["collection", "created", "id"]
    )
    op.create_index("ix_user_scenes_collection_status", "user_scenes", ["collection", "status"])
    op.create_table(
        "remote_sources",
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("collection", name="pk_remote_sources"),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.id"],
            name="fk_remote_sources_collection",
            ondelete="CASCADE",
        ),
    )


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("leased_until", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger),
        sa.Column("result", sa.Text),
        sa.Column("cause", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state_due", "jobs", ["state", "due"])
    op.create_index("ix_jobs_kind_subject", "jobs", ["kind", "subject"])


def _adopt_collections() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT id, definition FROM collections WHERE id LIKE 'byoc-%'")
    ).all()
    now = time.time_ns() // 1000
    for id_, definition in rows:
        owned = orjson.dumps({**orjson.loads(definition), "account": MAIN}).decode()
        connection.execute(
            sa.text("UPDATE collections SET definition = :owned WHERE id = :id"),
            {"owned": owned, "id": id_},
        )
        connection.execute(
            sa.text(
                "INSERT INTO user_collections (collection, bucket, client, created) "
                "VALUES (:id, '', '', :now)"
            ),
            {"id": id_, "now": now},
        )


def downgrade() -> None:
    """Drop what `upgrade` made; to whom things belonged is forgotten."""
    for name in (
        "jobs",
        "remote_sources",
        "user_scenes",
        "user_collections",
        "audit",
        "quotas",
        "credentials",
        "accounts",
    ):
        op.drop_table(name)
    with op.batch_alter_table("clients") as table:
        for name in ("account", "requests_per_minute", "units_per_minute"):
            table.drop_column(name)
