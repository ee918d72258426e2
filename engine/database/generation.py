"""A number that grows with every change of the catalog; caches of all processes go by it."""

from sqlalchemy import Connection, select, update

from engine.database.schema import generation


def advance_generation(connection: Connection) -> int:
    """Return the next generation; call it inside the transaction that makes the change."""
    statement = update(generation).values(value=generation.c.value + 1)
    return int(connection.execute(statement.returning(generation.c.value)).scalar_one())


def read_generation(connection: Connection) -> int:
    """Return the generation as this connection's transaction sees it."""
    return int(connection.execute(select(generation.c.value)).scalar_one())
