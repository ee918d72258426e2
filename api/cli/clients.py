"""OAuth clients in the database, as the command makes and lists them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api.settings import Settings
from engine.database.clients import Client, ClientStore, NewClient
from engine.database.connection import open_database


@asynccontextmanager
async def _open_clients(settings: Settings) -> AsyncIterator[ClientStore]:
    database = await open_database(settings.database)
    try:
        yield ClientStore(database)
    finally:
        await database.close()


async def make_client(settings: Settings, name: str) -> NewClient:
    """Return a new client with the only sight of its secret; raises `RequestError`."""
    async with _open_clients(settings) as clients:
        return await clients.create(name)


async def all_clients(settings: Settings) -> Sequence[Client]:
    """Return every client, oldest first."""
    async with _open_clients(settings) as clients:
        return await clients.list()


async def remove_client(settings: Settings, client_id: str) -> None:
    """Forget a client; raises `NotFound`."""
    async with _open_clients(settings) as clients:
        await clients.remove(client_id)
