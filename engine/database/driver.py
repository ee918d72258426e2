"""`Driver`: what a database must be able to do for `Database`, which hands it work in threads."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Rows(Protocol):
    """What a statement yields; a DB-API cursor, as far as it is used."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """Return the next rows, none at the end."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    def close(self) -> object:
        """Want no more of them."""
        ...


class Looking(Protocol):
    """A connection for what every request asks: plain SQL, a question mark for each parameter."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run a statement that reads."""
        ...


class Driver(Protocol):
    """One kind of database. Every method blocks, and may be called from several threads."""

    @property
    def url(self) -> str:
        """As SQLAlchemy writes it, without a password."""
        ...

    @property
    def readers(self) -> int:
        """Threads that may read at a time; 0 where they are to queue with the writer."""
        ...

    def prepare(self) -> None:
        """Bring the schema up to date; many processes may do so at once."""
        ...

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; it sees one consistent state and writes nothing."""
        ...

    def look(self, work: Callable[[Looking], T]) -> T:
        """Return what ``work`` returns, as `read` does, with less between it and the database."""
        ...

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once everything that it wrote is on disk, or none of it."""
        ...

    def close(self) -> None:
        """Free the connections; nothing is under way."""
        ...
