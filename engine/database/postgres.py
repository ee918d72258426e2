"""`PostgresDriver`: a PostgreSQL server with PostGIS, which several machines may share.

asyncpg speaks to it. Each thread that works has a loop and a connection of its own, so that work
is the same plain function of a connection as with SQLite, and none of it runs in the server's loop.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from engine.database.driver import Looking, Rows
from engine.database.upgrade import upgrade_schema
from engine.errors import Conflict, EngineError, Overloaded, RequestError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

_READERS = 8
"""Threads that read at a time: unlike a file's, most of their time is waiting for the network."""
_CONNECT_SECONDS = 10.0
_STATEMENT_SECONDS = 30.0
_UPGRADE_LOCK = 0x636F676D696C6C
"""Number of the advisory lock under which one process at a time changes the schema."""
_READ = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_WRITE = {"isolation_level": "READ COMMITTED"}
_INVALID_TEXT = "22021"
"""SQLSTATE: a text with a character that no text may hold (NUL)."""
_SERIALIZATION = ("40001", "40P01")
"""SQLSTATE: writers that met in an order that cannot be kept, or in a circle."""
_ATTEMPTS = 4


class PostgresDriver:
    """Runs work over one connection for each thread, opened when it is first needed."""

    def __init__(self, url: URL) -> None:
        """Connect to nothing yet; raises `RequestError` where asyncpg is not installed."""
        try:
            import asyncpg  # noqa: F401, PLC0415 -- only where it is wanted
        except ImportError as error:
            message = "PostgreSQL needs asyncpg: pip install 'cogmill[postgres]'"
            raise RequestError(message, where="database_url") from error
        self._connect_url = url.set(drivername="postgresql+asyncpg")
        self.url = url.render_as_string(hide_password=True)
        self._mine = threading.local()
        self._opened: list[_Thread] = []
        self._lock = threading.Lock()

    @property
    def readers(self) -> int:
        """Threads that may read at a time."""
        return _READERS

    def prepare(self) -> None:
        """Bring the schema up to date under a lock that other processes wait for."""

        def work(connection: Connection) -> None:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            upgrade_schema(connection)

        self.write(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; it sees one state and writes nothing."""
        return self._run(work, _READ)

    def look(self, work: Callable[[Looking], T]) -> T:
        """Return what ``work`` returns; it sees one state and writes nothing."""
        return self._run(lambda connection: work(_Look(connection)), _READ)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once everything it wrote is on disk, or nothing of it is.

        Raises `Overloaded` where the server is out of reach, or other writers stay in the way.
        """

        def whole(connection: Connection) -> T:
            result = work(connection)
            connection.commit()
            return result

        return self._run(whole, _WRITE)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            opened, self._opened = self._opened, []
        for one in opened:
            one.close()

    def _run(self, work: Callable[[Connection], T], options: dict[str, Any]) -> T:
        held: _Thread | None = getattr(self._mine, "held", None)
        if held is None:
            held = self._mine.held = _Thread(self._connect_url)
            with self._lock:
                self._opened.append(held)
        for attempt in count(1):
            try:
                return held.run(work, options)
            except EngineError:
                raise
            except (DBAPIError, OSError, TimeoutError) as error:
                if not _is_passing(error) or attempt == _ATTEMPTS:
                    raise _explained(error) from error
        raise AssertionError


class _Thread:
    """What one thread works with: a loop, and a pool of one connection."""

    def __init__(self, url: URL) -> None:
        self._loop = asyncio.new_event_loop()
        self._engine = _make_engine(url)

    def run(self, work: Callable[[Connection], T], options: dict[str, Any]) -> T:
        async def whole() -> T:
            async with self._engine.connect() as connection:
                await connection.execution_options(**options)
                return await connection.run_sync(work)

        return self._loop.run_until_complete(whole())

    def close(self) -> None:
        self._loop.run_until_complete(self._engine.dispose())
        self._loop.close()


class _Look:
    """A connection that takes SQL with question marks, as SQLite's own does."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run a statement that reads."""
        found = self._connection.exec_driver_sql(_numbered(sql), tuple(parameters) or None)
        return cast("Rows", found)


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> str:
    """Return ``sql`` with $1, $2 … for its question marks; there are none in its texts."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


def _make_engine(url: URL) -> "AsyncEngine":
    # Loading it takes time that SQLite's users need not spend.
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    return create_async_engine(
        url,
        # An error's text goes to logs; addresses and secrets do not.
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _STATEMENT_SECONDS,
            "server_settings": {"application_name": "cogmill", "jit": "off"},
        },
    )


def _state(error: BaseException) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _is_passing(error: BaseException) -> bool:
    """Return True where trying again at once may help: nothing of the work was kept."""
    is_cut = isinstance(error, DBAPIError) and error.connection_invalidated
    return is_cut or _state(error) in _SERIALIZATION


def _explained(error: BaseException) -> Exception:
    """Return what to raise of ``error``, without a word of what was asked."""
    state = _state(error)
    if state == _INVALID_TEXT:
        return RequestError("a text holds a character that cannot be stored (NUL)")
    if state == "42501":
        return Conflict("the database refuses: its user lacks a right that Cogmill needs")
    if state == "0A000" or "postgis" in str(getattr(error, "orig", "")):
        return Conflict("the database has no PostGIS; install it on the server")
    is_far = isinstance(error, OSError | TimeoutError | InterfaceError | OperationalError)
    if is_far or state.startswith(("08", "57", "53")):
        return Overloaded("the database is out of reach or too busy", retry_after=2.0)
    if state in _SERIALIZATION:
        return Overloaded("other writers stay in the way", retry_after=1.0)
    return error if isinstance(error, Exception) else RuntimeError("the database failed")
