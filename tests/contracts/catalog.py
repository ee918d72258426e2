"""What every `Catalog` of our own must hold; a store's tests subclass `CatalogContract`."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely

from engine.catalog.protocol import Catalog
from engine.catalog.scene import Asset, Scene
from engine.catalog.search import SceneOrder, SceneQuery
from engine.errors import Conflict, InvalidGeometry, NotFound, RequestError, UnknownCollection
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, WGS84
from engine.geo.geometry import Geometry
from engine.geo.time import TimeRange
from tests.builders.scenes import NOON, make_collection, make_image, make_scene
from tests.builders.waiting import Await
from tests.contracts.collections import CollectionContract

HOUR = timedelta(hours=1)


def box(west: float, south: float, east: float, north: float) -> BBox:
    return BBox(left=west, bottom=south, right=east, top=north, crs=WGS84)


def names(scenes: Sequence[Scene]) -> list[str]:
    return [scene.name for scene in scenes]


class CatalogContract(CollectionContract):
    """Laws of a catalog; the fixture ``catalog`` gives an empty one."""

    def filled(self, catalog: Catalog, wait: Await, *scenes: Scene) -> None:
        wait(catalog.add_collection(make_collection()))
        wait(catalog.add_scenes(scenes))

    def search(self, catalog: Catalog, wait: Await, **facts: object) -> list[str]:
        query = SceneQuery(collection="fields", **facts)  # type: ignore[arg-type]
        return names(wait(catalog.search(query)))

    # scenes

    def test_a_scene_comes_back_as_it_was_given(self, catalog: Catalog, wait: Await) -> None:
        image = make_image(nodata=math.nan, bands=3)
        given = make_scene(
            "one",
            sensed=datetime(1969, 7, 20, 20, 17, 40, 123456, tzinfo=UTC),
            created=datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
            cloud_cover=None,
            dn_offset=-1000.0,
            properties={"platform": "x", "nested": {"list": [1, 2.5, None, True]}},
            assets={
                "red": Asset(address="s3://b/a.tif", band_index=2, image=image),
                "classes": Asset(address="s3://b/a.tif", band_index=0, image=image),
            },
        )
        self.filled(catalog, wait, given)
        (found,) = wait(catalog.search(SceneQuery(collection="fields")))
        plain = ("id", "collection", "name", "sensed", "created", "cloud_cover", "dn_offset")

        assert [getattr(found, name) for name in plain] == [getattr(given, name) for name in plain]
        assert found.properties == given.properties
        assert found.cover.crs == WGS84
        assert found.cover.shape.equals(given.cover.shape)
        assert {name: (one.address, one.band_index) for name, one in found.assets.items()} == {
            "red": ("s3://b/a.tif", 2),
            "classes": ("s3://b/a.tif", 0),
        }
        assert found.assets["red"].image is found.assets["classes"].image
        assert math.isnan(found.assets["red"].image.nodata or 0)
        assert np.array_equal(found.assets["red"].image.levels[0].offsets, image.levels[0].offsets)

    def test_a_scene_of_the_same_name_is_replaced(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("one", cloud_cover=5.0, id="a"))
        self.search(catalog, wait)
        wait(catalog.add_scenes([make_scene("one", cloud_cover=7.0, id="b")]))
        (found,) = wait(catalog.search(SceneQuery(collection="fields")))

        assert (found.id, found.cloud_cover) == ("b", 7.0)

    def test_a_replaced_scene_is_not_found_where_it_was(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait, make_scene("one", box=(10, 45, 11, 46)))
        wait(catalog.add_scenes([make_scene("one", box=(20, 45, 21, 46))]))

        assert self.search(catalog, wait, area=(box(10, 45, 11, 46),)) == []
        assert self.search(catalog, wait, area=(box(20, 45, 21, 46),)) == ["one"]

    def test_of_two_scenes_of_one_name_given_together_the_last_counts(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait, make_scene("one", id="a"), make_scene("one", id="b"))

        assert [one.id for one in wait(catalog.search(SceneQuery(collection="fields")))] == ["b"]

    def test_scenes_are_registered_all_or_none(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait)
        before = wait(catalog.generation())

        with pytest.raises(Conflict):
            wait(catalog.add_scenes([make_scene("one", id="x"), make_scene("two", id="x")]))
        with pytest.raises(UnknownCollection):
            wait(catalog.add_scenes([make_scene("one"), make_scene("two", collection="no")]))
        assert self.search(catalog, wait) == []
        assert wait(catalog.generation()) == before

    def test_one_name_may_stand_in_two_collections(self, catalog: Catalog, wait: Await) -> None:
        wait(catalog.add_collection(make_collection("other")))
        self.filled(catalog, wait, make_scene("one"), make_scene("one", collection="other"))
        wait(catalog.remove_scene("other", "id of one"))

        assert self.search(catalog, wait) == ["one"]

    def test_a_removed_scene_is_gone(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("one"), make_scene("two"))
        wait(catalog.remove_scene("fields", "id of one"))

        assert self.search(catalog, wait) == ["two"]
        assert self.search(catalog, wait, area=(box(10, 45, 11, 46),)) == ["two"]

    def test_files_are_known_by_address_and_by_name(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("one"), make_scene("two"), make_scene("three"))
        known = wait(
            catalog.known_files(
                "fields", names=["one", "none"], addresses=["/data/two/red.tif", "/x"]
            )
        )

        assert sorted(known) == [("one", "/data/one/red.tif"), ("two", "/data/two/red.tif")]

    def test_coarsest_resolutions_are_those_of_the_files(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait, make_scene("one"), make_scene("two"))

        assert list(wait(catalog.coarsest_resolutions("fields"))) == [20.0, 20.0]
        assert list(wait(catalog.coarsest_resolutions("none"))) == []

    # search

    def test_times_are_half_open(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("noon", sensed=NOON))

        def between(start: datetime | None, stop: datetime | None) -> list[str]:
            time = TimeRange(start=start, stop=stop)
            anywhere = self.search(catalog, wait, time=time)
            here = self.search(catalog, wait, time=time, area=(box(10, 45, 11, 46),))
            assert anywhere == here
            return here

        moment = timedelta(microseconds=1)
        assert between(NOON, NOON + moment) == ["noon"]
        assert between(NOON - HOUR, NOON) == []
        assert between(NOON + moment, None) == []
        assert between(None, NOON) == []
        assert between(None, None) == ["noon"]

    def test_a_scene_without_a_date_matches_every_time(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("undated", sensed=None))
        time = TimeRange(start=NOON, stop=NOON + HOUR)

        assert self.search(catalog, wait, time=time) == ["undated"]
        assert self.search(catalog, wait, time=time, area=(box(10, 45, 11, 46),)) == ["undated"]

    def test_clouds_are_at_most_so_many_or_unknown(self, catalog: Catalog, wait: Await) -> None:
        scenes = [make_scene(str(cover), cloud_cover=cover) for cover in (0.0, 20.0, 20.1, None)]
        self.filled(catalog, wait, *scenes)
        found = self.search(catalog, wait, max_cloud_cover=20.0)

        assert sorted(found) == ["0.0", "20.0", "None"]

    def test_orders_are_total(self, catalog: Catalog, wait: Await) -> None:
        later = NOON + HOUR
        self.filled(
            catalog,
            wait,
            make_scene("undated", sensed=None, cloud_cover=50.0, id="0"),
            make_scene("old", sensed=NOON - HOUR, cloud_cover=30.0, id="1"),
            make_scene("new b", sensed=later, cloud_cover=None, id="3"),
            make_scene("new a", sensed=later, cloud_cover=10.0, id="2"),
            make_scene("new, created later", sensed=later, created=later, cloud_cover=10.0, id="9"),
        )
        newest = ["new, created later", "new a", "new b"]

        assert self.search(catalog, wait) == [*newest, "old", "undated"]
        assert self.search(catalog, wait, order=SceneOrder.LEAST_RECENT) == [
            "old",
            *newest,
            "undated",
        ]
        assert self.search(catalog, wait, order=SceneOrder.LEAST_CLOUDY) == [
            "new, created later",
            "new a",
            "old",
            "undated",
            "new b",
        ]
        assert self.search(catalog, wait, limit=2) == newest[:2]

    def test_the_limit_counts_what_truly_meets_the_area(
        self, catalog: Catalog, wait: Await
    ) -> None:
        corner = shapely.Polygon([(10, 45), (11, 45), (11, 46)])
        self.filled(
            catalog,
            wait,
            *(
                make_scene(
                    f"beside {number}",
                    sensed=NOON + HOUR,
                    cover=Geometry(shape=corner, crs=WGS84),
                )
                for number in range(600)
            ),
            make_scene("meets", sensed=NOON),
        )
        area = (box(10.0, 45.8, 10.1, 46.0),)

        assert self.search(catalog, wait, area=area, limit=1) == ["meets"]
        assert wait(catalog.count(SceneQuery(collection="fields", area=area, limit=1))) == 1

    def test_ids_choose(self, catalog: Catalog, wait: Await) -> None:
        self.filled(catalog, wait, make_scene("one"), make_scene("two", box=(20, 45, 21, 46)))
        ids = ("id of one", "id of two", "id of none")

        assert sorted(self.search(catalog, wait, ids=ids)) == ["one", "two"]
        assert self.search(catalog, wait, ids=ids, area=(box(10, 45, 11, 46),)) == ["one"]

    def test_properties_must_be_equal(self, catalog: Catalog, wait: Await) -> None:
        self.filled(
            catalog,
            wait,
            make_scene("up", properties={"sat:orbit_state": "ascending", "orbit": 7}),
            make_scene("down", properties={"sat:orbit_state": "descending", "orbit": 7}),
            make_scene("none"),
        )

        assert self.search(catalog, wait, properties={"sat:orbit_state": "ascending"}) == ["up"]
        assert len(self.search(catalog, wait, properties={"orbit": "7"})) == 2
        with pytest.raises(RequestError):
            self.search(catalog, wait, properties={'a" or 1': "x"})

    def test_a_cover_across_the_antimeridian_is_found_from_both_sides(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait, make_scene("across", box=(179, -1, 181, 1)))
        west, east = box(-179.8, -0.5, -179.2, 0.5), box(179.2, -0.5, 179.8, 0.5)

        assert self.search(catalog, wait, area=(west,)) == ["across"]
        assert self.search(catalog, wait, area=(east,)) == ["across"]
        assert self.search(catalog, wait, area=(east, west)) == ["across"]
        assert self.search(catalog, wait, area=(box(0, -1, 1, 1),)) == []
        assert self.search(catalog, wait, area=(box(-178.9, -1, 178.9, 1),)) == []

    def test_a_cover_that_is_not_on_the_globe_is_refused(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait)
        far = Geometry(shape=shapely.box(700, 0, 701, 1), crs=WGS84)
        meters = Geometry(shape=shapely.box(0, 0, 1, 1), crs=WEB_MERCATOR)

        with pytest.raises(InvalidGeometry):
            wait(catalog.add_scenes([make_scene(cover=far)]))
        with pytest.raises(ValueError, match="EPSG:4326"):
            wait(catalog.add_scenes([make_scene(cover=meters)]))

    # generation

    def test_the_generation_grows_with_every_change_and_with_nothing_else(
        self, catalog: Catalog, wait: Await
    ) -> None:
        def grown() -> bool:
            now = wait(catalog.generation())
            before, seen[0] = seen[0], now
            return now > before

        seen = [wait(catalog.generation())]
        wait(catalog.add_collection(make_collection()))
        assert grown()
        wait(catalog.replace_collection(make_collection(title="Other")))
        assert grown()
        wait(catalog.add_scenes([make_scene("one")]))
        assert grown()
        wait(catalog.remove_scene("fields", "id of one"))
        assert grown()
        wait(catalog.add_scenes([]))
        wait(catalog.search(SceneQuery(collection="fields")))
        wait(catalog.collections())
        with pytest.raises(NotFound):
            wait(catalog.remove_scene("fields", "id of one"))
        with pytest.raises(Conflict):
            wait(catalog.add_collection(make_collection()))
        assert not grown()
        wait(catalog.remove_collection("fields"))
        assert grown()

    def test_searching_twice_gives_the_parsed_scene_again_until_it_changes(
        self, catalog: Catalog, wait: Await
    ) -> None:
        self.filled(catalog, wait, make_scene("one"), make_scene("two"))
        query = SceneQuery(collection="fields")
        before = {one.name: one for one in wait(catalog.search(query))}
        wait(catalog.add_scenes([replace(before["two"], cloud_cover=99.0)]))
        after = {one.name: one for one in wait(catalog.search(query))}

        assert after["one"] is before["one"]
        assert after["two"].cloud_cover == 99.0
