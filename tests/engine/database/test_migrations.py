"""The revisions make exactly the schema that the code works with."""

from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from engine.database.connection import open_database, upgrade
from engine.database.schema import metadata
from engine.database.upgrade import NEWEST
from engine.errors import Conflict
from tests.builders.postgres import Cluster, cluster
from tests.builders.waiting import Await, wait

__all__ = ["cluster", "wait"]


def differences(connection: Connection) -> list[object]:
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        # Boxes, and the tables in which SQLite and PostGIS keep what they need, are made by the
        # migration alone.
        return not (kind == "table" and str(name).startswith(("scene_boxes", "spatial_ref_sys")))

    options = {"include_name": is_ours, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_upgrading_an_empty_database_gives_the_metadata(
    kind: str, tmp_path: Path, wait: Await, cluster: Cluster
) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}" if kind == "sqlite" else cluster.make_database()

    async def found() -> list[object]:
        database = await open_database(url)
        try:
            return await database.read(differences)
        finally:
            await database.close()

    assert wait(found()) == []


def test_upgrading_again_changes_nothing(tmp_path: Path, wait: Await) -> None:
    path = tmp_path / "state.db"
    wait(upgrade(f"sqlite:///{path}"))

    def schema() -> list[tuple[object, ...]]:
        engine = sqlalchemy.create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master")).all()
        engine.dispose()
        return [tuple(row) for row in rows]

    before = schema()
    wait(upgrade(f"sqlite:///{path}"))

    assert schema() == before
    assert {"scene_boxes", "scenes"} <= {row[1] for row in before}


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path, wait: Await) -> None:
    path = tmp_path / "state.db"
    wait(upgrade(f"sqlite:///{path}"))
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(Conflict, match="newer version"):
        wait(open_database(f"sqlite:///{path}"))


def test_the_newest_revision_is_the_last_one() -> None:
    config = Config()
    config.set_main_option("script_location", "engine.database:migrations")
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]
