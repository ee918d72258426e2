"""What a catalog remembers: never another answer than the database would give."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.catalog import rows
from engine.catalog.search import SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.database.connection import Database, open_database
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from tests.builders.scenes import NOON, make_collection, make_image, make_scene
from tests.builders.waiting import Await, wait

__all__ = ["wait"]


@pytest.fixture
def database(tmp_path: Path, wait: Await) -> Iterator[Database]:
    database = wait(open_database(f"sqlite:///{tmp_path / 'catalog.db'}"))
    yield database
    wait(database.close())


@pytest.fixture
def catalog(database: Database) -> SqlCatalog:
    return SqlCatalog(database)


def box_at(west: float) -> SceneQuery:
    area = (BBox(left=west, bottom=0.01, right=west + 0.01, top=0.02, crs=WGS84),)
    return SceneQuery(collection="fields", area=area, limit=10)


def statements(database: Database) -> list[str]:
    """Return the list to which every statement from now on is added, of one task at a time."""
    found: list[str] = []
    # The connection used last is the next one to be used.
    held = database.driver.engine.raw_connection()
    connection: Any = held.driver_connection
    connection.set_trace_callback(found.append)
    held.close()
    return found


def test_a_search_beside_another_one_only_asks_whether_anything_changed(
    database: Database, catalog: SqlCatalog, wait: Await
) -> None:
    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene("here", box=(0, 0, 1, 1))]))
    first = wait(catalog.search(box_at(0.01)))
    asked = statements(database)
    beside = wait(catalog.search(box_at(0.03)))
    wait(catalog.collection("fields"))
    before = list(asked)
    wait(catalog.collection("fields"))

    assert before[:2] == ["BEGIN", "SELECT mark FROM generation"]
    assert before[2:] == ["ROLLBACK", *before[:2], before[5], "ROLLBACK"]
    assert asked[len(before) :] == ["BEGIN", "SELECT mark FROM generation", "ROLLBACK"]
    assert [one.name for one in beside] == ["here"]
    assert beside[0] is first[0]


def test_what_another_process_changes_is_seen_at_once(
    tmp_path: Path, catalog: SqlCatalog, wait: Await
) -> None:
    # Caches and connections of its own: what a process has.
    other_database = wait(open_database(f"sqlite:///{tmp_path / 'catalog.db'}"))
    other = SqlCatalog(other_database)
    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene("old", box=(0, 0, 1, 1))]))
    seen = [[scene.name for scene in wait(catalog.search(box_at(0.01)))]]
    wait(other.add_scenes([make_scene("new", box=(0, 0, 1, 1), sensed=NOON + timedelta(days=1))]))
    seen.append([scene.name for scene in wait(catalog.search(box_at(0.01)))])
    wait(other.remove_scene("fields", "id of old"))
    seen.append([scene.name for scene in wait(catalog.search(box_at(0.01)))])
    wait(other.replace_collection(make_collection(max_meters_per_pixel=7.0)))
    found = wait(catalog.collection("fields"))
    wait(other_database.close())

    assert seen == [["old"], ["new", "old"], ["new"]]
    assert found.max_meters_per_pixel == 7.0


def test_a_copy_of_a_catalog_that_changes_elsewhere_is_marked_otherwise(
    tmp_path: Path, catalog: SqlCatalog, wait: Await
) -> None:
    wait(catalog.add_collection(make_collection()))
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as plain:
        plain.execute("VACUUM INTO ?", [str(tmp_path / "copy.db")])
    copied = wait(open_database(f"sqlite:///{tmp_path / 'copy.db'}"))
    copy = SqlCatalog(copied)
    same = wait(catalog.mark()), wait(copy.mark())
    wait(catalog.add_scenes([make_scene("one")]))
    wait(copy.add_scenes([make_scene("another")]))
    marks = wait(catalog.mark()), wait(copy.mark())
    counts = wait(catalog.generation()), wait(copy.generation())
    wait(copied.close())

    assert same[0] == same[1]
    assert counts[0] == counts[1]
    assert len({*same, *marks}) == 3


def test_only_the_headers_that_are_asked_for_are_parsed(catalog: SqlCatalog, wait: Await) -> None:
    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene("here", box=(0, 0, 1, 1))]))
    [found] = wait(catalog.search(box_at(0.01)))
    names = list(found.assets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "from_record", lambda record: parsed.append(record) or image)
        parsed: list[bytes] = []
        image = make_image()
        first = found.assets[names[0]]
        again = found.assets[names[0]]

    assert len(parsed) == 1
    assert first is again
    assert first.image is image
