"""Transactions are whole, and processes do not lose each other's writes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from engine.database.connection import open_database
from engine.database.generation import advance_generation, read_generation
from engine.database.schema import clients
from engine.errors import RequestError
from tests.builders.waiting import Await, wait

__all__ = ["wait"]

ROOT = Path(__file__).parents[3]

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


def test_processes_that_open_a_new_file_together_and_write_lose_nothing(
    tmp_path: Path, wait: Await
) -> None:
    url = f"sqlite:///{tmp_path / 'sub' / 'state.db'}"
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


def test_tasks_of_one_process_that_write_lose_nothing(tmp_path: Path, wait: Await) -> None:
    async def total() -> int:
        database = await open_database(f"sqlite:///{tmp_path / 'state.db'}")
        await asyncio.gather(*(database.write(advance_generation) for _ in range(50)))
        try:
            return await database.read(read_generation)
        finally:
            await database.close()

    assert wait(total()) == 50


def test_a_process_that_dies_inside_a_transaction_leaves_nothing_of_it(
    tmp_path: Path, wait: Await
) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"

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


def test_work_that_raises_leaves_nothing(tmp_path: Path, wait: Await) -> None:
    async def state() -> int:
        database = await open_database(f"sqlite:///{tmp_path / 'state.db'}")

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


def test_a_reader_sees_one_state_while_others_write(tmp_path: Path, wait: Await) -> None:
    async def seen() -> tuple[int, int]:
        database = await open_database(f"sqlite:///{tmp_path / 'state.db'}")
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


def test_an_error_tells_no_parameters(wait: Await) -> None:
    async def message() -> str:
        database = await open_database("sqlite://")
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

    assert "UNIQUE" in wait(message())
    assert "hush" not in wait(message())


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://host/db", "mysql://u:secret@h/d"])
def test_other_urls_are_refused_without_showing_a_password(url: str, wait: Await) -> None:
    with pytest.raises(RequestError) as caught:
        wait(open_database(url))

    assert caught.value.where == "database_url"
    assert "secret" not in caught.value.message
