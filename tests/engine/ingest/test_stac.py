"""STAC items as they come, and as they should not."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.ingest.stac import parse_items, resolve

DATA = Path(__file__).parents[4] / "shared" / "data"
ITEMS = DATA / "stac_items"

needs_data = pytest.mark.skipif(not ITEMS.exists(), reason="the shared real items are not here")


@needs_data
def test_a_real_item_of_sentinel_2_is_understood() -> None:
    path = ITEMS / "sentinel2" / "S2A_T07HFE_20190212T192646_L2A.json"
    (item,) = parse_items(json.loads(path.read_text()), "/items/a/item.json")
    assets = {asset.key: asset for asset in item.assets}

    assert item.id == "S2A_T07HFE_20190212T192646_L2A"
    assert item.sensed == datetime(2019, 2, 12, 19, 26, 51, 24000, tzinfo=UTC)
    assert item.cloud_cover == 51.580326
    assert item.baseline == 212
    assert item.geometry is not None
    assert item.geometry.shape.bounds == (-139.94553, -31.771974, -139.57542, -31.625917)
    assert assets["red_20m"].names == (("B04", "red"),)
    assert not {"visual_20m", "visual_60m"} & set(assets)
    assert item.properties["platform"] == "sentinel-2a"


@needs_data
@pytest.mark.parametrize("path", sorted(ITEMS.rglob("*.json")), ids=lambda path: path.stem[:40])
def test_every_real_json_is_read_without_complaint(path: Path) -> None:
    value = json.loads(path.read_text())
    items = parse_items(value, str(path))

    assert len(items) == (1 if value.get("type") == "Feature" else 0)


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": "x", "properties": {}, "assets": {}, **fields}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {"type": "FeatureCollection", "features": None},
        {"type": "Catalog"},
        item(id=7),
        item(assets=[]),
        item(properties=None),
    ],
)
def test_what_is_no_item_gives_none(value: Any) -> None:
    assert list(parse_items(value, "/x.json")) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"properties": {"datetime": 7, "eo:cloud_cover": "many"}},
        {"properties": {"datetime": "soon", "eo:cloud_cover": 700, "s2:processing_baseline": []}},
        {"geometry": {"type": "Point", "coordinates": [0, 0]}},
        {"geometry": {"type": "Polygon", "coordinates": "here"}},
        {"assets": {"a": None, "b": {"href": 7}, "c": {"href": "c.xml"}}},
    ],
)
def test_odd_facts_are_left_out(fields: dict[str, Any]) -> None:
    (found,) = parse_items(item(**fields), "/x.json")

    assert (found.sensed, found.cloud_cover, found.geometry) == (None, None, None)
    assert (found.baseline, found.assets) == (None, ())


def test_bands_of_stac_1_1_and_of_before_are_read_alike() -> None:
    before = {"href": "a.tif", "eo:bands": [{"name": "B04", "common_name": "red"}]}
    after = {"href": "a.tif", "bands": [{"name": "B04", "eo:common_name": "red"}]}
    ancient = {"href": "a.tif", "eo:bands": [3]}
    (found,) = parse_items(item(assets={"a": before, "b": after, "c": ancient}), "/x.json")

    assert [one.names for one in found.assets] == [(("B04", "red"),), (("B04", "red"),), ()]


def test_items_of_a_collection_are_all_read() -> None:
    value = {"type": "FeatureCollection", "features": [item(id="a"), None, item(id="b")]}

    assert [one.id for one in parse_items(value, "/x.json")] == ["a", "b"]


@pytest.mark.parametrize(
    ("base", "href", "expected"),
    [
        ("/data/items/x.json", "./B04.tif", "/data/items/B04.tif"),
        ("/data/items/x.json", "../B04.tif", "/data/B04.tif"),
        ("/data/items/x.json", "/other/B04.tif", "/other/B04.tif"),
        ("s3://bucket/a/x.json", "B04.tif", "s3://bucket/a/B04.tif"),
        ("s3://bucket/a/x.json", "/B04.tif", "s3://bucket/B04.tif"),
        ("https://host/a/x.json", "B04.tif", "https://host/a/B04.tif"),
        ("https://host/a/x.json", "/etc/B04.tif", "https://host/etc/B04.tif"),
        ("/x.json", "https://host/B04.tif?sig=1", "https://host/B04.tif?sig=1"),
        ("/x.json", "/vsis3/bucket/B04.tif", "s3://bucket/B04.tif"),
    ],
)
def test_an_asset_is_found_where_the_item_says(base: str, href: str, expected: str) -> None:
    assert resolve(base, href) == expected


def test_an_item_from_elsewhere_names_no_file_of_this_machine() -> None:
    assets = {"a": {"href": "file:///data/a.tif"}, "b": {"href": "/data/b.tif"}}
    (far,) = parse_items(item(assets=assets), "https://host/x.json")
    (near,) = parse_items(item(assets=assets), "/items/x.json")

    assert [asset.address for asset in far.assets] == ["https://host/data/b.tif"]
    assert [asset.address for asset in near.assets] == ["file:///data/a.tif", "/data/b.tif"]
