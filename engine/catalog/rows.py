"""`Scene` ↔ the rows that hold it.

Bands that live in one file share one row of ``assets``, and so one parsed header.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import shapely

from engine.catalog.cover import Box, cover_boxes, cut_at_antimeridian
from engine.catalog.scene import Asset, Scene
from engine.catalog.user import coarsest_meters
from engine.cog.image import CogImage
from engine.cog.record import from_record, to_record
from engine.database.instant import from_micros, to_micros
from engine.geo.crs import WGS84
from engine.geo.geometry import Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRows:
    """One scene as it is written, but for its key and generation."""

    scene: Mapping[str, Any]
    assets: Sequence[Mapping[str, Any]]
    boxes: Sequence[Box]


def to_rows(scene: Scene) -> SceneRows:
    """Return the rows of ``scene``; its cover is cut at the antimeridian.

    Raises `InvalidGeometry` where the cover does not lie on the globe, and ValueError where it is
    not in EPSG:4326.
    """
    if scene.cover.crs != WGS84:
        message = f"a cover is in EPSG:4326, found {scene.cover.crs.name[:40]}"
        raise ValueError(message)
    cover = cut_at_antimeridian(scene.cover)
    return SceneRows(
        scene={
            "id": scene.id,
            "collection": scene.collection,
            "name": scene.name,
            "sensed": None if scene.sensed is None else to_micros(scene.sensed),
            "created": to_micros(scene.created),
            "cloud_cover": scene.cloud_cover,
            "cover": shapely.to_wkb(cover.shape),
            "dn_offset": scene.dn_offset,
            "properties": orjson.dumps(dict(scene.properties)).decode(),
        },
        assets=_asset_rows(scene.assets),
        boxes=cover_boxes(cover),
    )


class SceneRow(NamedTuple):
    """A row of ``scenes``, its columns in their order."""

    key: int
    id: str
    collection: str
    name: str
    sensed: int | None
    created: int
    cloud_cover: float | None
    cover: bytes
    dn_offset: float
    properties: str
    generation: int


class FileRow(NamedTuple):
    """A row of ``assets``, as far as it makes a scene."""

    scene_key: int
    address: str
    bands: str
    image: bytes


def from_rows(scene: SceneRow, assets: Sequence[FileRow]) -> Scene:
    """Return the scene of its row and the rows of its files, in their order.

    Headers are parsed when they are asked for; see `StoredAssets`.
    """
    return Scene(
        id=scene.id,
        collection=scene.collection,
        name=scene.name,
        sensed=None if scene.sensed is None else from_micros(scene.sensed),
        created=from_micros(scene.created),
        cloud_cover=scene.cloud_cover,
        cover=Geometry(shape=shapely.from_wkb(scene.cover), crs=WGS84),
        assets=StoredAssets(assets),
        dn_offset=scene.dn_offset,
        properties=orjson.loads(scene.properties),
    )


class StoredAssets(Mapping[str, Asset]):
    """A scene's assets, of which each header is parsed when its band is first asked for.

    Most requests read three bands of a dozen. Safe to use from many threads: two that come first
    together parse twice, and find the same. Asking for a band raises `SourceCorrupt` where its
    header is damaged.
    """

    __slots__ = ("_assets", "_files", "_images")

    def __init__(self, files: Iterable[FileRow]) -> None:
        """``files`` are the scene's rows of ``assets``, in their order."""
        self._files = {
            band: (position, row.address, index, row.image)
            for position, row in enumerate(files)
            for band, index in orjson.loads(row.bands)
        }
        self._assets: dict[str, Asset] = {}
        self._images: dict[int, CogImage] = {}

    def __getitem__(self, band: str) -> Asset:
        found = self._assets.get(band)
        if found is None:
            position, address, index, record = self._files[band]
            image = self._images.get(position)
            if image is None:
                image = self._images[position] = from_record(record)
            found = self._assets[band] = Asset(address=address, band_index=index, image=image)
        return found

    def __contains__(self, band: object) -> bool:
        return band in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _asset_rows(assets: Mapping[str, Asset]) -> list[dict[str, Any]]:
    bands: dict[tuple[str, str], list[tuple[str, int]]] = {}
    images: dict[tuple[str, str], CogImage] = {}
    for band, asset in assets.items():
        file = (asset.address, asset.image.identity)
        bands.setdefault(file, []).append((band, asset.band_index))
        images.setdefault(file, asset.image)
    return [
        {
            "position": position,
            "address": file[0],
            "bands": orjson.dumps(bands[file]).decode(),
            "image": to_record(image),
            "coarsest_meters": coarsest_meters(image),
        }
        for position, (file, image) in enumerate(images.items())
    ]
