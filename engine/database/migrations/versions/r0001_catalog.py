"""Collections, scenes with their assets, clients, and the generation counter."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and what finds scenes by their boxes."""
    _make_catalog()
    op.create_table(
        "clients",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_table(
        "generation",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_generation"),
        sa.CheckConstraint("id = 1", name="ck_generation_one_row"),
    )
    op.execute("INSERT INTO generation (id, value) VALUES (1, 0)")
    if op.get_context().dialect.name == "sqlite":
        _make_tree()
    else:
        _make_boxes()


def _make_catalog() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
    )
    op.create_table(
        "scenes",
        sa.Column("key", KEY, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("collection", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sensed", sa.BigInteger),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("cloud_cover", sa.Float),
        sa.Column("cover", sa.LargeBinary, nullable=False),
        sa.Column("dn_offset", sa.Float, nullable=False),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_scenes"),
        sa.UniqueConstraint("collection", "id", name="uq_scenes_collection_id"),
        sa.UniqueConstraint("collection", "name", name="uq_scenes_collection_name"),
        sa.ForeignKeyConstraint(
            ["collection"], ["collections.id"], name="fk_scenes_collection", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_scenes_collection_sensed", "scenes", ["collection", "sensed"])
    op.create_index("ix_scenes_collection_cloud_cover", "scenes", ["collection", "cloud_cover"])
    op.create_table(
        "assets",
        sa.Column("scene_key", KEY, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("bands", sa.Text, nullable=False),
        sa.Column("image", sa.LargeBinary, nullable=False),
        sa.Column("coarsest_meters", sa.Float),
        sa.PrimaryKeyConstraint("scene_key", "position", name="pk_assets"),
        sa.ForeignKeyConstraint(
            ["scene_key"], ["scenes.key"], name="fk_assets_scene_key", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_assets_address", "assets", ["address"])


def _make_tree() -> None:
    """Make SQLite's R*Tree: one box a scene, or two where the cover crosses the antimeridian.

    A scene's boxes have the ids ``2 * key`` and ``2 * key + 1``. Axes: degrees, degrees, and time
    in units of a hundred days since 1970, which weighs a year like a few degrees when the tree
    splits its nodes. The tree rounds to 32-bit floats, outwards.
    """
    op.execute(
        "CREATE VIRTUAL TABLE scene_boxes USING rtree("
        "id, west, east, south, north, earliest, latest)"
    )
    op.execute(
        "CREATE TRIGGER scene_boxes_follow_scenes AFTER DELETE ON scenes BEGIN "
        "DELETE FROM scene_boxes WHERE id = old.key * 2; "
        "DELETE FROM scene_boxes WHERE id = old.key * 2 + 1; "
        "END"
    )


def _make_boxes() -> None:
    """Make PostGIS's table of boxes, in the axes of the R*Tree; its index has three dimensions."""
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute(
        "CREATE TABLE scene_boxes (scene_key bigint NOT NULL CONSTRAINT fk_scene_boxes_scene_key "
        "REFERENCES scenes (key) ON DELETE CASCADE, box geometry NOT NULL)"
    )
    op.execute("CREATE INDEX ix_scene_boxes_scene_key ON scene_boxes (scene_key)")
    op.execute(
        "CREATE INDEX ix_scene_boxes_box ON scene_boxes USING gist (box gist_geometry_ops_nd)"
    )


def downgrade() -> None:
    """Drop everything."""
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER scene_boxes_follow_scenes")
    op.execute("DROP TABLE scene_boxes")
    for name in ("generation", "clients", "assets", "scenes", "collections"):
        op.drop_table(name)
