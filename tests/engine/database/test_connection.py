"""Transactions are whole, and processes do not lose each other's writes."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from engine.database.connection import open_database
from engine.database.generation import advance_generation, read_generation
from engine.database.schema import clients
from engine.errors import Overloaded, RequestError
from tests.builders.postgres import Cluster, cluster
from tests.builders.waiting import Await, wait

__all__ = ["cluster", "wait"]

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that is not there yet, or is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sub' / 'state.db'}"
    running: Cluster = request.getfixturevalue("cluster")
    return running.make_database()


COUNT_UP = """
import asyncio, sys
from engine.database.connection import open_database
from engine.database.generation import advance_generation

async def main():
    database = await open_database(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        await database.write(advance_generation)
    await database.close()

asyncio.run(main())
"""

DIE_INSIDE = """
import asyncio, os, sys
from sqlalchemy import insert
from engine.database.connection import open_database
from engine.database.generation import advance_generation
from engine.database.schema import clients

def half(connection):
    advance_generation(connection)
    connection.execute(insert(clients).values(id="x", name="x", secret="x", scopes="", created=0))
    os._exit(9)

async def main():
    database = await open_database(sys.argv[1])
    await database.write(half)

asyncio.run(main())
"""


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT)


def test_processes_that_open_a_new_database_together_and_write_lose_nothing(
    url: str, wait: Await
) -> None:
    processes = [start(COUNT_UP, url, "25") for _ in range(4)]
    codes = [process.wait(60) for process in processes]

    assert codes == [0, 0, 0, 0]

    async def total() -> int:
        database = await open_database(url)
        try:
            return await database.read(read_generation)
        finally:
            await database.close()

    assert wait(total()) == 100


def test_tasks_of_one_process_that_write_lose_nothing(url: str, wait: Await) -> None:
    async def total() -> int:
        database = await open_database(url)
        await asyncio.gather(*(database.write(advance_generation) for _ in range(50)))
        try:
            return await database.read(read_generation)
        finally:
            await database.close()

    assert wait(total()) == 50


def test_a_process_that_dies_inside_a_transaction_leaves_nothing_of_it(
    url: str, wait: Await
) -> None:
    assert start(DIE_INSIDE, url).wait(60) == 9

    async def state() -> tuple[int, list[str]]:
        database = await open_database(url)
        try:
            names = await database.read(
                lambda connection: list(connection.execute(select(clients.c.id)).scalars())
            )
            return await database.read(read_generation), names
        finally:
            await database.close()

    assert wait(state()) == (0, [])


def test_work_that_raises_leaves_nothing(url: str, wait: Await) -> None:
    async def state() -> int:
        database = await open_database(url)

        def fail(connection: object) -> None:
            advance_generation(connection)  # type: ignore[arg-type]
            raise KeyError

        with pytest.raises(KeyError):
            await database.write(fail)
        try:
            return await database.read(read_generation)
        finally:
            await database.close()

    assert wait(state()) == 0


def test_a_reader_sees_one_state_while_others_write(url: str, wait: Await) -> None:
    async def seen() -> tuple[int, int]:
        database = await open_database(url)
        loop = asyncio.get_running_loop()

        def twice(connection: object) -> tuple[int, int]:
            before = read_generation(connection)  # type: ignore[arg-type]
            asyncio.run_coroutine_threadsafe(database.write(advance_generation), loop).result(30)
            return before, read_generation(connection)  # type: ignore[arg-type]

        try:
            return await database.read(twice)
        finally:
            await database.close()

    assert wait(seen()) == (0, 0)


def test_foreign_keys_are_enforced_and_the_journal_is_write_ahead(
    tmp_path: Path, wait: Await
) -> None:
    async def pragmas() -> tuple[str, int]:
        database = await open_database(f"sqlite:///{tmp_path / 'state.db'}")
        try:
            return await database.read(
                lambda connection: (
                    str(connection.execute(text("PRAGMA journal_mode")).scalar_one()),
                    int(connection.execute(text("PRAGMA foreign_keys")).scalar_one()),
                )
            )
        finally:
            await database.close()

    assert wait(pragmas()) == ("wal", 1)


def test_a_database_in_memory_keeps_what_is_written(wait: Await) -> None:
    async def total() -> int:
        database = await open_database("sqlite://")
        await asyncio.gather(*(database.write(advance_generation) for _ in range(5)))
        try:
            return await database.read(read_generation)
        finally:
            await database.close()

    assert wait(total()) == 5


def test_an_error_tells_no_parameters(url: str, wait: Await) -> None:
    async def message() -> str:
        database = await open_database(url)
        row = {"id": "x", "name": "x", "secret": "hush", "scopes": "", "created": 0}

        def twice(connection: object) -> None:
            for _ in range(2):
                connection.execute(insert(clients).values(row))  # type: ignore[attr-defined]

        try:
            await database.write(twice)
        except Exception as error:  # noqa: BLE001  whatever it is, its text counts
            return str(error)
        finally:
            await database.close()
        return ""

    text = wait(message())
    assert "unique" in text.lower()
    assert "hush" not in text


@pytest.mark.parametrize("given", ["", "nonsense", "mysql://u:secret@h/d"])
def test_other_urls_are_refused_without_showing_a_password(given: str, wait: Await) -> None:
    with pytest.raises(RequestError) as caught:
        wait(open_database(given))

    assert caught.value.where == "database_url"
    assert "secret" not in caught.value.message


def test_a_server_out_of_reach_is_said_to_be_so(wait: Await) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Overloaded, match="out of reach") as caught:
            wait(open_database(f"postgresql://cogmill:secret@127.0.0.1:{port}/none"))

    assert "secret" not in str(caught.value)
    assert str(port) not in str(caught.value)


def test_connections_that_the_server_cut_are_made_anew(cluster: Cluster, wait: Await) -> None:
    url = cluster.make_database()
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='cogmill'"

    async def totals() -> list[int]:
        database = await open_database(url)
        try:
            await database.write(advance_generation)
            found = [await database.read(read_generation)]
            await asyncio.to_thread(cluster.run, "psql", "--dbname", "postgres", "--command", cut)
            await database.write(advance_generation)
            return [*found, await database.read(read_generation)]
        finally:
            await database.close()

    assert wait(totals()) == [1, 2]


def test_what_cannot_be_stored_is_the_fault_of_who_asks(cluster: Cluster, wait: Await) -> None:
    async def ask() -> None:
        database = await open_database(cluster.make_database())
        statement = select(clients.c.id).where(clients.c.id == "a\x00b")
        try:
            await database.read(lambda connection: connection.execute(statement).all())
        finally:
            await database.close()

    with pytest.raises(RequestError, match="NUL"):
        wait(ask())
