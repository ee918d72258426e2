"""`Database`: units of work, run in threads of their own.

SQLite is a library that blocks, and every await of an asynchronous driver is a hop between two
threads: a lookup that needs six of them takes 0.76 ms through aiosqlite, 0.19 ms as one unit of
work in one thread. So work is a plain function of a connection; a driver that is asynchronous by
nature takes the same functions through ``run_sync``.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from engine.database.upgrade import upgrade_schema
from engine.errors import Overloaded, RequestError

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""A writer waits so long for the writers of other processes before it gives up."""
READERS = 4
"""Threads that read at a time; SQLite in WAL mode lets them read while another one writes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Database:
    """The open database of one process; safe to use from many tasks."""

    url: str
    """As SQLAlchemy writes it, without a password."""
    engine: Engine
    readers: ThreadPoolExecutor
    writer: ThreadPoolExecutor
    """One thread: writers of one process queue here instead of polling for the lock."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; it sees one consistent state and writes nothing."""

        def run() -> T:
            with self.engine.connect() as connection:
                return work(connection)

        return await _in_thread(self.readers, run)

    async def look(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` returns, as `read` does, over the driver's own connection.

        For what every request asks: it takes 0.1 ms less.
        """

        def run() -> T:
            held = self.engine.raw_connection()
            try:
                connection: Any = held.driver_connection
                connection.execute("BEGIN")
                return work(connection)
            finally:
                # The pool ends the transaction.
                held.close()

        return await _in_thread(self.readers, run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once everything it wrote is on disk, or nothing of it is.

        Raises `Overloaded` where other processes hold the lock for longer than `BUSY_SECONDS`.
        """

        def run() -> T:
            with self.engine.connect().execution_options(is_writer=True) as connection:
                result = work(connection)
                connection.commit()
                return result

        return await _in_thread(self.writer, run)

    async def close(self) -> None:
        """Wait for the work under way and free the connections."""
        await asyncio.to_thread(self.readers.shutdown)
        await asyncio.to_thread(self.writer.shutdown)
        self.engine.dispose()


async def open_database(url: str) -> Database:
    """Return the database at ``url`` (``sqlite:///relative`` or ``sqlite:////absolute`` path).

    The file and its folder are made where they are missing, and the schema brought up to date.
    ``sqlite://`` is one that lives in memory, for tests and short scripts. Raises `RequestError`
    for another URL, and `Conflict` for a database of a newer version.
    """
    parsed = _parse_url(url)
    engine = _make_engine(parsed)
    writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
    # In memory there is one connection, whose transactions must not run into each other.
    is_memory = _file_of(parsed) is None
    readers = writer if is_memory else ThreadPoolExecutor(READERS, thread_name_prefix="database")
    database = Database(
        url=parsed.render_as_string(), engine=engine, readers=readers, writer=writer
    )
    try:
        await _in_thread(writer, lambda: _prepare(engine))
    except BaseException:
        await database.close()
        raise
    return database


async def upgrade(database_url: str) -> None:
    """Bring the schema at ``database_url`` up to date; many processes may do so at once."""
    database = await open_database(database_url)
    await database.close()


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = "the database URL cannot be read; allowed: sqlite:///path/to/file.db"
        raise RequestError(message, where="database_url") from error
    if parsed.get_backend_name() != "sqlite":
        message = f"database {parsed.drivername!r} is not supported; allowed: sqlite:///path"
        raise RequestError(message, where="database_url")
    return parsed.set(drivername="sqlite")


def _file_of(url: URL) -> Path | None:
    return None if url.database in (None, "", ":memory:") else Path(str(url.database))


def _make_engine(url: URL) -> Engine:
    file = _file_of(url)
    options: dict[str, Any] = {}
    if file is None:
        options = {"poolclass": StaticPool}
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The connection used last has most of what is asked for in its cache.
        options = {"pool_size": READERS + 1, "max_overflow": 0, "pool_use_lifo": True}
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


def _prepare(engine: Engine) -> None:
    _enter_wal(engine)
    with engine.connect().execution_options(is_writer=True) as connection:
        upgrade_schema(connection)
        connection.commit()


def _enter_wal(engine: Engine) -> None:
    """Switch the file to write-ahead logging, which stays with the file.

    SQLite does not wait for other connections here, so several first starts may collide.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        raw = engine.raw_connection()
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


async def _in_thread(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(pool, copy_context().run, work)
    except (OperationalError, sqlite3.OperationalError) as error:
        if "database is locked" in str(getattr(error, "orig", error)):
            message = f"the database is busy: no turn to write within {BUSY_SECONDS:.0f} s"
            raise Overloaded(message, retry_after=1.0) from error
        raise
