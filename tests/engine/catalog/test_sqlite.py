"""SqlCatalog: the contract, a brute-force oracle, its plan, and other processes."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from engine.catalog import neighborhood, sql_match, sql_search, view
from engine.catalog.dialect import SQLITE
from engine.catalog.scene import Scene
from engine.catalog.search import SceneOrder, SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.catalog.view import make_memory
from engine.database.connection import Database, open_database
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from engine.geo.geometry import Geometry
from engine.geo.time import TimeRange
from tests.builders.scenes import NOON, make_collection, make_scene
from tests.builders.waiting import Await, wait
from tests.contracts.catalog import CatalogContract

__all__ = ["wait"]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def database(tmp_path: Path, wait: Await) -> Iterator[Database]:
    database = wait(open_database(f"sqlite:///{tmp_path / 'catalog.db'}"))
    yield database
    wait(database.close())


@pytest.fixture
def catalog(database: Database) -> SqlCatalog:
    return SqlCatalog(database)


class TestContract(CatalogContract):
    pass


# A small world, so that boxes, days and clouds meet often.
longitudes = st.integers(-18, 17).map(lambda step: step * 10.0)
latitudes = st.integers(-4, 3).map(lambda step: step * 10.0)
days = st.one_of(st.none(), st.integers(0, 5))
clouds = st.one_of(st.none(), st.integers(0, 4).map(lambda step: step * 25.0))


def day(number: int | None) -> datetime | None:
    return None if number is None else NOON + timedelta(days=number)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float, float, float]:
    west, south = draw(longitudes), draw(latitudes)
    return west, south, west + draw(st.integers(1, 30)), south + draw(st.integers(1, 20))


@st.composite
def scenes(draw: st.DrawFn) -> list[Scene]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        west, south, east, north = draw(boxes())
        triangle = shapely.Polygon([(west, south), (east, south), (east, north)])
        rectangle = shapely.box(west, south, east, north)
        shape = draw(st.sampled_from([triangle, rectangle]))
        made.append(
            make_scene(
                f"scene {number}",
                cover=Geometry(shape=shape, crs=WGS84),
                sensed=day(draw(days)),
                created=NOON + timedelta(hours=draw(st.integers(0, 2))),
                cloud_cover=draw(clouds),
            )
        )
    return made


@st.composite
def queries(draw: st.DrawFn) -> SceneQuery:
    area = tuple(
        BBox(left=west, bottom=south, right=min(east, 180.0), top=north, crs=WGS84)
        for west, south, east, north in draw(st.lists(boxes(), max_size=2))
    )
    return SceneQuery(
        collection="fields",
        area=area,
        time=TimeRange(start=day(draw(days)), stop=day(draw(days))),
        max_cloud_cover=draw(clouds),
        order=draw(st.sampled_from(SceneOrder)),
        limit=draw(st.one_of(st.none(), st.integers(1, 5))),
    )


def brute_force(known: list[Scene], query: SceneQuery) -> list[str]:
    """Return the ids by a plain filter over everything, with the covers laid on a whole globe."""
    found = []
    for scene in known:
        dated = scene.sensed is None or query.time.contains(scene.sensed)
        cover = scene.cloud_cover
        clear = query.max_cloud_cover is None or cover is None or cover <= query.max_cloud_cover
        meets = not query.area or any(
            shapely.box(one.left + turn, one.bottom, one.right + turn, one.top).intersects(
                scene.cover.shape
            )
            for one in query.area
            for turn in (-360.0, 0.0, 360.0)
        )
        if dated and clear and meets:
            found.append(scene)
    found.sort(key=lambda scene: scene.id)
    found.sort(key=lambda scene: scene.created, reverse=True)
    if query.order is SceneOrder.LEAST_CLOUDY:
        found.sort(key=lambda one: (one.cloud_cover is None, one.cloud_cover or 0.0))
    else:
        sign = 1 if query.order is SceneOrder.LEAST_RECENT else -1
        found.sort(
            key=lambda one: (
                one.sensed is None,
                0.0 if one.sensed is None else sign * one.sensed.timestamp(),
            )
        )
    return [scene.id for scene in found[: query.limit]]


def agree(wait: Await, known: list[Scene], asked: list[SceneQuery]) -> None:
    async def answers() -> list[list[str]]:
        database = await open_database("sqlite://")
        catalog = SqlCatalog(database)
        await catalog.add_collection(make_collection())
        await catalog.add_scenes(known)
        found = [[scene.id for scene in await catalog.search(query)] for query in asked]
        await database.close()
        return found

    assert wait(answers()) == [brute_force(known, query) for query in asked]


@given(known=scenes(), asked=st.lists(queries(), min_size=1, max_size=8))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_searching_equals_a_plain_filter_over_everything(
    known: list[Scene], asked: list[SceneQuery]
) -> None:
    with_loop(agree, known, asked)


@given(known=scenes(), asked=st.lists(queries(), min_size=1, max_size=8))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_searching_a_crowd_equals_a_plain_filter_over_everything(
    known: list[Scene], asked: list[SceneQuery]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_search, "_CROWD", 2)
        patch.setattr(sql_match, "FIRST", (2, 5))
        with_loop(agree, known, asked)


def with_loop(law: object, *arguments: object) -> None:
    # Not the fixture: hypothesis runs many examples inside one test.
    with asyncio.Runner() as runner:
        law(runner.run, *arguments)  # type: ignore[operator]


def plan_of(database: Database, wait: Await, statement: sql_search.Statement) -> list[str]:
    def work(connection: Connection) -> list[str]:
        rows = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters
        )
        return [str(row[3]) for row in rows]

    return wait(database.read(work))


def test_the_boxes_drive_a_search_by_area(database: Database, wait: Await) -> None:
    query = SceneQuery(
        collection="fields",
        area=(BBox(left=0, bottom=0, right=1, top=1, crs=WGS84),),
        time=TimeRange(start=NOON, stop=NOON + timedelta(days=30)),
        max_cloud_cover=50,
    )
    plan = plan_of(database, wait, sql_search.candidates(query, SQLITE))

    assert plan[0] == "SEARCH scenes USING INTEGER PRIMARY KEY (rowid=?)"
    assert [step for step in plan if "scene_boxes" in step] == [
        "SCAN scene_boxes VIRTUAL TABLE INDEX 2:B0D1B2D3B4D5"
    ]
    assert not [step for step in plan if "ix_scenes" in step]


def test_the_index_on_dates_drives_a_search_of_everywhere(database: Database, wait: Await) -> None:
    plan = plan_of(database, wait, sql_search.candidates(SceneQuery(collection="fields"), SQLITE))

    assert plan[0] == "SEARCH scenes USING INDEX ix_scenes_collection_sensed (collection=?)"


def test_every_scene_that_is_gone_takes_its_boxes_along(
    database: Database, catalog: SqlCatalog, wait: Await
) -> None:
    def count() -> int:
        return wait(
            database.read(
                lambda connection: int(
                    connection.execute(text("SELECT count(*) FROM scene_boxes")).scalar_one()
                )
            )
        )

    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene("across", box=(179, 0, 181, 1)), make_scene("plain")]))
    counts = [count()]
    wait(catalog.add_scenes([make_scene("across", box=(10, 0, 11, 1))]))
    counts.append(count())
    wait(catalog.remove_scene("fields", "id of plain"))
    counts.append(count())
    wait(catalog.remove_collection("fields"))

    assert [*counts, count()] == [3, 2, 1, 0]


def test_a_cache_without_room_changes_no_answer(database: Database, wait: Await) -> None:
    catalog = SqlCatalog(database, memory=make_memory(scene_bytes=0, place_bytes=0))
    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene(str(number)) for number in range(3)]))

    for _ in range(2):
        found = wait(catalog.search(SceneQuery(collection="fields")))
        assert [scene.name for scene in found] == ["0", "1", "2"]


ADD_SCENES = """
import asyncio, sys
from engine.catalog.sql import SqlCatalog
from engine.database.connection import open_database
from tests.builders.scenes import make_scene

async def main():
    database = await open_database(sys.argv[1])
    catalog = SqlCatalog(database)
    for number in range(10):
        await catalog.add_scenes([make_scene(f"{sys.argv[2]} {number}"), make_scene("shared")])
    await database.close()

asyncio.run(main())
"""


def test_processes_that_register_together_lose_nothing_and_see_each_other(
    tmp_path: Path, catalog: SqlCatalog, wait: Await
) -> None:
    wait(catalog.add_collection(make_collection()))
    wait(catalog.add_scenes([make_scene("shared", cloud_cover=77.0)]))
    query = SceneQuery(collection="fields")
    before = wait(catalog.search(query))
    start = wait(catalog.generation())
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    processes = [
        subprocess.Popen([sys.executable, "-c", ADD_SCENES, url, name], cwd=ROOT) for name in "ab"
    ]
    codes = [process.wait(90) for process in processes]
    found = wait(catalog.search(query))

    assert codes == [0, 0]
    assert wait(catalog.generation()) == start + 20
    assert sorted(scene.name for scene in found) == sorted(
        ["shared", *(f"{name} {number}" for name in "ab" for number in range(10))]
    )
    assert [scene.cloud_cover for scene in before] == [77.0]
    assert [scene.cloud_cover for scene in found if scene.name == "shared"] == [10.0]


# Neighborhoods: many small searches over one catalog, most of them answered from memory.

fractions = st.integers(-12, 12).map(lambda step: step / 8.0)


@st.composite
def small_queries(draw: st.DrawFn) -> SceneQuery:
    west, south = draw(fractions), draw(fractions)
    side = draw(st.sampled_from([0.01, 0.125, 0.3, 1.0, 1.5]))
    box = BBox(left=west, bottom=south, right=west + side, top=south + side, crs=WGS84)
    return SceneQuery(
        collection="fields",
        area=(box,),
        time=TimeRange(start=day(draw(st.sampled_from([None, 1]))), stop=None),
        max_cloud_cover=draw(st.sampled_from([None, 50.0])),
        order=draw(st.sampled_from(SceneOrder)),
        limit=draw(st.one_of(st.none(), st.integers(1, 5))),
    )


@st.composite
def near_scenes(draw: st.DrawFn) -> list[Scene]:
    made = []
    for number in range(draw(st.integers(0, 14))):
        west, south = draw(fractions), draw(fractions)
        triangle = shapely.Polygon([(west, south), (west + 1, south), (west + 1, south + 1)])
        made.append(
            make_scene(
                f"scene {number}",
                cover=Geometry(shape=triangle, crs=WGS84),
                sensed=day(draw(days)),
                created=NOON,
                cloud_cover=draw(clouds),
            )
        )
    return made


@given(known=near_scenes(), asked=st.lists(small_queries(), min_size=2, max_size=12))
@settings(max_examples=40, derandomize=True, deadline=None)
@pytest.mark.parametrize("kept", [3, 64])
def test_neighboring_searches_equal_a_plain_filter_over_everything(
    kept: int, known: list[Scene], asked: list[SceneQuery]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighborhood, "MOST_KEPT", kept)
        patch.setattr(view, "MOST_KEPT", kept)
        with_loop(agree, known, asked)
