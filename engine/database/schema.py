"""The tables, in types that SQLite and PostgreSQL both have.

Instants are microseconds since 1970 in UTC, so that they sort, compare and index alike everywhere.
What only one dialect has (the R*Tree ``scene_boxes``) is made by the migration and used by
``engine/catalog/sqlite.py``; it is not part of this metadata.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

KEY = BigInteger().with_variant(Integer, "sqlite")
"""Type of the keys that we count up ourselves; SQLite takes only INTEGER for its row id."""

collections = Table(
    "collections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("definition", Text, nullable=False),  # JSON of the whole Collection
    Column("generation", BigInteger, nullable=False),  # of the catalog, when last written
)

scenes = Table(
    "scenes",
    metadata,
    Column("key", KEY, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("collection", ForeignKey("collections.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("sensed", BigInteger),
    Column("created", BigInteger, nullable=False),
    Column("cloud_cover", Float),
    Column("cover", LargeBinary, nullable=False),  # WKB, EPSG:4326, cut at the antimeridian
    Column("dn_offset", Float, nullable=False),
    Column("properties", Text, nullable=False),  # JSON object
    Column("generation", BigInteger, nullable=False),  # of the catalog, when last written
    UniqueConstraint("collection", "id"),
    UniqueConstraint("collection", "name"),
    Index(None, "collection", "sensed"),
    Index(None, "collection", "cloud_cover"),
)

assets = Table(
    "assets",
    metadata,
    Column("scene_key", ForeignKey("scenes.key", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("address", Text, nullable=False),
    Column("bands", Text, nullable=False),  # JSON: [[band name, index in the file], …]
    Column("image", LargeBinary, nullable=False),  # engine.cog.record
    Column("coarsest_meters", Float),  # meters per pixel of the coarsest level
    Index(None, "address"),
)

user_collections = Table(
    "user_collections",
    metadata,
    Column("collection", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("bucket", Text, nullable=False),
    Column("client", Text, nullable=False),  # who made it
    Column("created", BigInteger, nullable=False),
    Column("nodata", Float),
    Column("max_meters", Float),  # meters per pixel, where the owner decided
    Column("credentials", Text),  # name of those by which the bucket is read
)

user_scenes = Table(
    "user_scenes",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "collection",
        ForeignKey("user_collections.collection", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("path", Text, nullable=False),
    Column("sensed", BigInteger),
    Column("cover", Text),  # GeoJSON as it was given
    Column("outline", Text),  # GeoJSON, made of the files
    Column("status", Text, nullable=False),
    Column("cause", Text),  # why it failed
    Column("warnings", Text, nullable=False),  # JSON list of texts
    Column("least_meters", Float),
    Column("most_meters", Float),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    UniqueConstraint("collection", "path"),
    Index(None, "collection", "created", "id"),
    Index(None, "collection", "status"),
)

remote_sources = Table(
    "remote_sources",
    metadata,
    Column("collection", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("definition", Text, nullable=False),  # JSON: how its items are read
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what it is about: a scene's id …
    Column("account", Text),
    Column("payload", Text, nullable=False),  # JSON
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("owner", Text),  # the process that leases it
    Column("leased_until", BigInteger),
    Column("created", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("result", Text),  # JSON
    Column("cause", Text),  # why it failed
    Index(None, "state", "due"),
    Index(None, "kind", "subject"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    Column("account", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # encrypted
    Column("created", BigInteger, nullable=False),
)

quotas = Table(
    "quotas",
    metadata,
    Column("client", Text, primary_key=True),
    Column("policy", Text, primary_key=True),
    Column("level", Float, nullable=False),  # of the bucket, at that instant
    Column("instant", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("key", KEY, primary_key=True),
    Column("instant", BigInteger, nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False, server_default="main"),
    Column("requests_per_minute", Float),  # where others than the server's hold
    Column("units_per_minute", Float),
    Column("name", Text, nullable=False),
    Column("secret", Text, nullable=False),  # scrypt, salted
    Column("scopes", Text, nullable=False),  # parted by spaces
    Column("created", BigInteger, nullable=False),
)

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    Column("mark", Text, nullable=False, server_default=""),  # drawn anew with every change
    CheckConstraint("id = 1", name="one_row"),
)
