"""`SqliteDriver`: a file of one machine, in write-ahead mode, or a database in memory."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import OperationalError

from engine.database.driver import Looking
from engine.database.upgrade import upgrade_schema
from engine.errors import Overloaded

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""A writer waits so long for the writers of other processes before it gives up."""
_READERS = 4
"""Threads that read at a time; in WAL mode they do while another one writes."""


class SqliteDriver:
    """Runs work over connections that are kept open, one for each thread."""

    def __init__(self, url: URL) -> None:
        """Make the file's folder where it is missing; the file comes with the first connection."""
        self._file = None if url.database in (None, "", ":memory:") else Path(str(url.database))
        self.url = url.render_as_string()
        self.engine = _make_engine(url, self._file)

    @property
    def readers(self) -> int:
        """In memory there is one connection, whose transactions must not run into each other."""
        return 0 if self._file is None else _READERS

    def prepare(self) -> None:
        """Bring the schema up to date; the write lock makes other processes wait."""
        self._enter_wal()
        self.write(upgrade_schema)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; it sees one state and writes nothing."""
        try:
            with self.engine.connect() as connection:
                return work(connection)
        except OperationalError as error:
            raise _busy(error) from error

    def look(self, work: Callable[[Looking], T]) -> T:
        """Return what ``work`` returns over the driver's own connection: 0.1 ms less."""
        held = self.engine.raw_connection()
        try:
            connection: Any = held.driver_connection
            connection.execute("BEGIN")
            return work(connection)
        except sqlite3.OperationalError as error:
            raise _busy(error) from error
        finally:
            # The pool ends the transaction.
            held.close()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once everything it wrote is on disk, or nothing of it is.

        Raises `Overloaded` where other processes hold the lock for longer than `BUSY_SECONDS`.
        """
        try:
            with self.engine.connect().execution_options(is_writer=True) as connection:
                result = work(connection)
                connection.commit()
                return result
        except OperationalError as error:
            raise _busy(error) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _enter_wal(self) -> None:
        """Switch the file to write-ahead logging, which stays with the file.

        SQLite does not wait for other connections here, so several first starts may collide.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
            finally:
                raw.close()


def _busy(error: OperationalError | sqlite3.OperationalError) -> Exception:
    """Return what to raise of ``error``: it itself, if it is not that others hold the lock."""
    if "database is locked" not in str(getattr(error, "orig", error)):
        return error
    message = f"the database is busy: no turn to write within {BUSY_SECONDS:.0f} s"
    return Overloaded(message, retry_after=1.0)


def _make_engine(url: URL, file: Path | None) -> Engine:
    options: dict[str, Any] = {}
    if file is None:
        options = {"poolclass": StaticPool}
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The connection used last has most of what is asked for in its cache.
        options = {"pool_size": _READERS + 1, "max_overflow": 0, "pool_use_lifo": True}
    engine = create_engine(
        url,
        # An error's text goes to logs; addresses and secrets do not.
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        **options,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver begins no transactions by itself; `begin` below does.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16384")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at the start: one that reads first and then writes could not
        # wait for another writer, since what it read would no longer be true.
        is_writer = connection.get_execution_options().get("is_writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    return engine
