"""STAC items beside the files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rasterio
import shapely
from rasterio.warp import transform_bounds

from tests.builders.rooms import S2, Room, room, write
from tests.builders.waiting import wait

__all__ = ["room", "wait"]


def make_item(**fields: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "item-1",
        "geometry": None,
        "properties": {"datetime": "2024-05-01T10:15:30Z", "eo:cloud_cover": 12.5},
        "assets": {
            "one": {"href": "./one.tif", "eo:bands": [{"name": "B04"}]},
            "nir": {"href": "https://elsewhere.example/two.tif"},
            "gone": {"href": "gone.tif", "eo:bands": [{"name": "B02"}]},
        },
    }
    return facts | fields


def cover_of(path: Path) -> shapely.Geometry:
    with rasterio.open(path) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    return middle.buffer((north - south) / 4, quad_segs=2)


def test_an_item_beside_the_files_tells_everything(room: Room) -> None:
    first = write(room.home / "one.tif")
    write(room.home / "two.tif")
    inner = cover_of(first)
    item = make_item(geometry=shapely.geometry.mapping(inner))
    item["properties"]["s2:processing_baseline"] = "05.09"
    (room.home / "item.json").write_text(json.dumps(item))
    report = room.ingest(S2)
    (scene,) = room.scenes(S2).values()

    assert report.refused == ()
    assert scene.name == "item-1"
    assert list(scene.assets) == ["B04", "B08"]
    assert scene.assets["B08"].address == str(room.home / "two.tif")
    assert (scene.cloud_cover, scene.dn_offset) == (12.5, -1000.0)
    assert scene.sensed == datetime(2024, 5, 1, 10, 15, 30, tzinfo=UTC)
    # Its edges are drawn straight over the image, which moves nothing by a meter here.
    assert scene.cover.shape.hausdorff_distance(inner) < 1e-5
    assert set(report.scenes[0].sources.values()) == {
        "STAC item",
        "baseline 05.09 in the STAC item",
    }


def test_a_geometry_beyond_the_image_is_not_believed(room: Room) -> None:
    write(room.home / "one.tif")
    item = make_item(geometry=shapely.geometry.mapping(shapely.box(0, 0, 50, 60)))
    (room.home / "item.json").write_text(json.dumps(item))
    report = room.ingest(S2)

    assert report.scenes[0].sources["cover"] == "outline of the image"
    assert [text for text in report.warnings if "geometry reaches beyond" in text]


def test_an_offset_that_was_applied_already_is_not_applied_again(room: Room) -> None:
    write(room.home / "one.tif")
    item = make_item()
    item["properties"] |= {
        "s2:processing_baseline": "05.09",
        "earthsearch:boa_offset_applied": True,
    }
    (room.home / "item.json").write_text(json.dumps(item))

    assert room.ingest(S2).scenes[0].dn_offset == 0


def test_items_of_the_same_id_in_two_places_are_two_scenes(room: Room) -> None:
    for folder in ("a", "b"):
        write(room.home / folder / "one.tif")
        (room.home / folder / "item.json").write_text(json.dumps(make_item()))
    report = room.ingest(S2)

    assert len(report.scenes) == len(room.scenes(S2)) == 2
