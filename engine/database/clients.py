"""`ClientStore`: who may ask for tokens. Secrets are kept as salted scrypt hashes only."""

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, delete, insert, select

from engine.database.connection import Database
from engine.database.instant import from_micros, to_micros
from engine.database.schema import clients
from engine.errors import NotFound, RequestError

_LOG2_N, _R, _P = 14, 8, 1
"""scrypt's cost: 16 MB and some 50 ms a try."""
_SALT_BYTES = 16
_MAX_SECRET = 256
_MAX_NAME = 200
DEFAULT_SCOPES = ("byoc:write", "read")
"""What a client may do where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An OAuth client, without its secret."""

    id: str
    name: str
    """What people call it."""
    scopes: tuple[str, ...]
    """What it may do, sorted: ``read``, ``byoc:write``, ``admin`` …"""
    created: datetime
    """Aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client just made, with the only sight of its secret."""

    client: Client
    secret: str


@dataclass(frozen=True, slots=True)
class ClientStore:
    """Makes, lists, forgets and verifies clients."""

    database: Database

    async def create(self, name: str, *, scopes: Sequence[str] = DEFAULT_SCOPES) -> NewClient:
        """Return a new client; its secret cannot be had again.

        Raises `RequestError` for a name that is empty or too long, or a scope with a space in it.
        """
        if not name.strip() or len(name) > _MAX_NAME:
            message = f"a client's name has 1 to {_MAX_NAME} characters, found {len(name)}"
            raise RequestError(message, where="name")
        for scope in scopes:
            if not scope or not scope.isascii() or any(letter.isspace() for letter in scope):
                message = f"scope {scope[:40]!r} is empty, or has spaces or non-ASCII letters"
                raise RequestError(message, where="scopes")
        client = Client(
            id=str(uuid.uuid4()),
            name=name.strip(),
            scopes=tuple(sorted(set(scopes))),
            created=datetime.now(UTC),
        )
        secret = secrets.token_urlsafe(32)
        hashed = await asyncio.to_thread(hash_secret, secret)
        statement = insert(clients).values(
            id=client.id,
            name=client.name,
            secret=hashed,
            scopes=" ".join(client.scopes),
            created=to_micros(client.created),
        )
        await self.database.write(lambda connection: connection.execute(statement))
        return NewClient(client=client, secret=secret)

    async def list(self) -> Sequence[Client]:
        """Return every client, oldest first."""
        statement = select(clients).order_by(clients.c.created, clients.c.id)

        def work(connection: Connection) -> Sequence[Client]:
            return [_client(row) for row in connection.execute(statement)]

        return await self.database.read(work)

    async def remove(self, client_id: str) -> None:
        """Forget a client; raises `NotFound`."""
        statement = delete(clients).where(clients.c.id == client_id)

        def work(connection: Connection) -> None:
            if connection.execute(statement).rowcount == 0:
                message = f"there is no client {client_id[:60]!r}"
                raise NotFound(message)

        await self.database.write(work)

    async def find(self, client_id: str) -> Client | None:
        """Return the client of that id, or None: tokens outlive a client that was deleted."""
        row = await self._row(client_id)
        return None if row is None else _client(row)

    async def verify(self, client_id: str, secret: str) -> Client | None:
        """Return the client if ``secret`` is its own, else None.

        The time it takes does not tell whether the id exists.
        """
        row = await self._row(client_id)
        hashed = _NOBODY if row is None else row.secret
        matches = await asyncio.to_thread(is_secret, secret, hashed)
        return _client(row) if matches and row is not None else None

    async def _row(self, client_id: str) -> Row[tuple[str, str, str, str, int]] | None:
        statement = select(clients).where(clients.c.id == client_id)
        return await self.database.read(
            lambda connection: connection.execute(statement).one_or_none()
        )


def hash_secret(secret: str) -> str:
    """Return ``scrypt$log2(n)$r$p$salt$hash``, salt and hash in hexadecimal."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(secret, salt=salt, log2_n=_LOG2_N, r=_R, p=_P)
    return f"scrypt${_LOG2_N}${_R}${_P}${salt.hex()}${digest.hex()}"


def is_secret(secret: str, hashed: str) -> bool:
    """Return True where ``hashed`` was made of ``secret``; compared in constant time."""
    _, log2_n, r, p, salt, digest = hashed.split("$")
    found = _scrypt(secret, salt=bytes.fromhex(salt), log2_n=int(log2_n), r=int(r), p=int(p))
    is_same = hmac.compare_digest(found, bytes.fromhex(digest))
    return is_same and len(secret) <= _MAX_SECRET


def _scrypt(secret: str, *, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    password = secret[:_MAX_SECRET].encode("utf-8", "surrogatepass")
    n = 1 << log2_n
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=132 * n * r * p, dklen=32)


def _client(row: Row[tuple[str, str, str, str, int]]) -> Client:
    return Client(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        created=from_micros(row.created),
    )


_NOBODY = f"scrypt${_LOG2_N}${_R}${_P}${'00' * _SALT_BYTES}${'00' * 32}"
"""The hash that is tried for a client that does not exist."""
