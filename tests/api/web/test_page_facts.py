"""What the page is told of a collection."""

from datetime import UTC, datetime

import shapely

from api.web.page import describe_collection, in_order
from engine.catalog.collection import Band, Collection, MosaicRule, Unit
from engine.catalog.scene import Scene
from engine.geo.crs import WGS84
from engine.geo.geometry import Geometry

COLLECTION = Collection(
    id="sentinel-2-l2a",
    title="Sentinel-2 L2A",
    bands={"B04": Band(name="B04", title="Red", units=(Unit(name="DN"),))},
    rule=MosaicRule.FIRST_DATA,
)


def scene(
    sensed: datetime | None,
    *,
    cloud_cover: float | None = None,
    box: tuple[float, float, float, float] = (13.0, 46.0, 14.0, 47.0),
    attribution: str | None = None,
) -> Scene:
    return Scene(
        id=f"{sensed} {box}",
        collection=COLLECTION.id,
        name="scene",
        sensed=sensed,
        created=datetime(2025, 1, 1, tzinfo=UTC),
        cloud_cover=cloud_cover,
        cover=Geometry(shape=shapely.box(*box), crs=WGS84),
        assets={},
        properties={"attribution": attribution} if attribution else {},
    )


def test_scenes_of_one_day_are_one_date_with_their_mean_cloud_cover() -> None:
    day = datetime(2024, 6, 1, 10, tzinfo=UTC)
    described = describe_collection(
        COLLECTION,
        [
            scene(day.replace(month=7), cloud_cover=5),
            scene(day, cloud_cover=10),
            scene(day.replace(hour=23), cloud_cover=21),
            scene(day.replace(hour=12)),
        ],
    )

    assert described["dates"] == [
        {"date": "2024-06-01", "cloudCover": 15.5, "scenes": 3},
        {"date": "2024-07-01", "cloudCover": 5, "scenes": 1},
    ]


def test_the_bounds_hold_every_scene() -> None:
    day = datetime(2024, 6, 1, tzinfo=UTC)
    described = describe_collection(
        COLLECTION, [scene(day), scene(day, box=(13.5, 45.0, 14.5, 46.5))]
    )

    assert described["bounds"] == [13.0, 45.0, 14.5, 47.0]


def test_an_empty_collection_has_no_bounds_and_no_dates() -> None:
    described = describe_collection(COLLECTION, [])

    assert described["bounds"] is None
    assert described["dates"] == []


def test_scenes_without_a_time_have_bounds_but_no_date() -> None:
    described = describe_collection(COLLECTION, [scene(None)])

    assert described["bounds"] == [13.0, 46.0, 14.0, 47.0]
    assert described["dates"] == []


def test_each_source_is_named_once() -> None:
    day = datetime(2024, 6, 1, tzinfo=UTC)
    described = describe_collection(
        COLLECTION, [scene(day, attribution="Cogmill"), scene(day, attribution="Cogmill")]
    )

    assert described["attribution"] == "Cogmill"
    assert described["bands"] == [{"name": "B04", "title": "Red"}]


def test_the_collection_with_most_dates_comes_first_and_those_without_scenes_last() -> None:
    days = [datetime(2024, 6, day, tzinfo=UTC) for day in (1, 2)]
    described = [
        describe_collection(COLLECTION, []),
        describe_collection(COLLECTION, [scene(None)]),
        describe_collection(COLLECTION, [scene(days[0])]),
        describe_collection(COLLECTION, [scene(day) for day in days]),
    ]

    assert in_order(described) == described[::-1]
