"""Brings a database's schema to the newest revision."""

import threading

from sqlalchemy import Connection, inspect

from engine.errors import Conflict

NEWEST = "0003"
"""The last revision; a database that has it is opened without loading alembic."""

_ALEMBIC = threading.Lock()
"""alembic keeps the migration under way in module globals, so a process runs one at a time."""


def upgrade_schema(connection: Connection) -> None:
    """Run the revisions that are missing, inside the transaction of ``connection``.

    That transaction holds the database's write lock, so of several processes one does the work
    and the others find it done; a crash leaves the schema as it was. Raises `Conflict` where
    the database holds a revision that this version does not know.
    """
    if _revision(connection) == NEWEST:
        return
    # Loading it takes a tenth of a second of every start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "engine.database:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        with _ALEMBIC:
            command.upgrade(config, "head")
    except CommandError as error:
        message = "the database was written by a newer version of Cogmill; use that version"
        raise Conflict(message) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)
