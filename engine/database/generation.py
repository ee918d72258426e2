"""A number that grows with every change of the catalog, and a mark; caches go by them.

The mark is drawn anew with every change. Unlike the number it tells a catalog from its own copy
that was changed elsewhere.
"""

import secrets

from sqlalchemy import Connection, select, update

from engine.database.driver import Looking
from engine.database.schema import generation

_MARK = "SELECT mark FROM generation"


def advance_generation(connection: Connection) -> int:
    """Return the next generation; call it inside the transaction that makes the change."""
    values = {"value": generation.c.value + 1, "mark": secrets.token_hex(8)}
    statement = update(generation).values(values).returning(generation.c.value)
    return int(connection.execute(statement).scalar_one())


def read_generation(connection: Connection) -> int:
    """Return the generation as this connection's transaction sees it."""
    return int(connection.execute(select(generation.c.value)).scalar_one())


def read_mark(connection: Looking) -> str:
    """Return the mark as this connection's transaction sees it; every request asks for it."""
    (mark,) = connection.execute(_MARK).fetchone()
    return str(mark)
