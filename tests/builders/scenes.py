"""Scenes and collections for laws about the catalog; no file stands behind their headers."""

import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from affine import Affine

from engine.catalog.collection import Band, Collection, MosaicRule, Unit
from engine.catalog.scene import Asset, Scene
from engine.cog.image import CogImage, Compression, Level
from engine.geo.crs import WGS84, Crs
from engine.geo.geometry import Geometry

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def make_image(**fields: Any) -> CogImage:
    """Return the header of an image of 512 × 256 pixels of 10 m, with one overview."""
    levels = tuple(
        Level(
            width=512 >> step,
            height=256 >> step,
            block_width=256,
            block_height=256,
            offsets=np.arange(2 >> step, dtype=np.uint64).reshape(1, 1, 2 >> step) * 5000,
            byte_counts=np.full((1, 1, 2 >> step), 4000, dtype=np.uint64),
        )
        for step in (0, 1)
    )
    facts: dict[str, Any] = {
        "identity": "etag-1",
        "size": 20_000,
        "width": 512,
        "height": 256,
        "bands": 1,
        "dtype": "uint16",
        "affine": Affine(10, 0, 500_000, 0, -10, 5_000_000),
        "crs": Crs("EPSG:32632"),
        "nodata": 0.0,
        "scale": (1.0,),
        "offset": (0.0,),
        "levels": levels,
        "compression": Compression.DEFLATE,
        "compression_tag": 8,
        "predictor": 2,
        "is_planar": False,
        "is_little_endian": True,
        "bits": 16,
        "photometric": 1,
    }
    return CogImage(**(facts | fields))


def make_collection(collection_id: str = "fields", **fields: Any) -> Collection:
    """Return a collection of two bands."""
    unit = Unit(name="REFLECTANCE", scale=0.0001, offset=-0.1)
    bands = (
        Band(name="red", units=(unit, Unit(name="DN")), resolution=10.0, sample_type="uint16"),
        Band(name="classes", units=(Unit(name="DN"),), nodata=0.0, is_categorical=True),
    )
    facts: dict[str, Any] = {
        "title": "Fields",
        "bands": {band.name: band for band in bands},
        "rule": MosaicRule.FIRST_DATA,
        "has_cloud_cover": True,
    }
    return Collection(id=collection_id, **(facts | fields))


def make_scene(
    name: str | None = None,
    *,
    box: tuple[float, float, float, float] = (10.0, 45.0, 11.0, 46.0),
    **fields: Any,
) -> Scene:
    """Return a scene over ``box`` (west, south, east, north), its id made of its name."""
    called = name if name is not None else str(uuid.uuid4())
    asset = Asset(address=f"/data/{called}/red.tif", band_index=0, image=make_image())
    facts: dict[str, Any] = {
        "id": f"id of {called}",
        "collection": "fields",
        "name": called,
        "sensed": NOON,
        "created": NOON,
        "cloud_cover": 10.0,
        "cover": Geometry(shape=shapely.box(*box), crs=WGS84),
        "assets": {"red": asset},
    }
    return Scene(**(facts | fields))
