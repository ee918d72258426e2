"""Brings a database's schema to the newest revision."""

import threading

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from engine.errors import Conflict

_ALEMBIC = threading.Lock()
"""alembic keeps the migration under way in module globals, so a process runs one at a time."""


def upgrade_schema(connection: Connection) -> None:
    """Run the revisions that are missing, inside the transaction of ``connection``.

    That transaction holds the database's write lock, so of several processes one does the work
    and the others find it done; a crash leaves the schema as it was. Raises `Conflict` where
    the database holds a revision that this version does not know.
    """
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
