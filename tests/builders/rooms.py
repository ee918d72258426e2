"""A catalog beside a folder of small files, for laws about ingestion."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from engine.catalog.definitions import ensure_builtin
from engine.catalog.scene import Scene
from engine.catalog.search import SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.catalog.user import make_user_band, make_user_collection
from engine.database.connection import open_database
from engine.ingest import IngestReport, ingest
from engine.store.route import OpenStore, StoreOptions, open_store
from tests.builders.waiting import Await

S2 = "sentinel-2-l2a"


def write(
    path: Path,
    *,
    bands: int = 1,
    pixel: float = 10.0,
    size: int = 64,
    left: float = 600_000.0,
    crs: str | None = "EPSG:32632",
    dtype: str = "uint16",
    descriptions: Sequence[str] = (),
    **options: Any,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": bands,
        "dtype": dtype,
        "crs": crs,
        "transform": from_origin(left, 5_000_000.0, pixel, pixel),
        "tiled": True,
        "blockxsize": 64,
        "blockysize": 64,
    }
    with rasterio.open(path, "w", **(profile | options)) as dataset:
        dataset.write(np.ones((bands, size, size), dtype=dtype))
        for index, text in enumerate(descriptions, start=1):
            dataset.set_band_description(index, text)
    return path


class Room:
    """A catalog and a store over one folder."""

    def __init__(self, wait: Await, catalog: SqlCatalog, store: OpenStore, home: Path) -> None:
        self.wait = wait
        self.catalog = catalog
        self.store = store
        self.home = home

    def ingest(self, collection: str, *places: object, **options: Any) -> IngestReport:
        names = [str(place) for place in places] or [str(self.home)]
        return self.wait(ingest(self.catalog, self.store, collection, names, **options))

    def scenes(self, collection: str) -> Mapping[str, Scene]:
        found = self.wait(self.catalog.search(SceneQuery(collection=collection)))
        return {scene.name: scene for scene in found}

    def user(self, *bands: str) -> str:
        made = make_user_collection("own", bands=[make_user_band(band) for band in bands])
        self.wait(self.catalog.add_collection(made))
        return made.id


@contextmanager
def open_room(wait: Await, home: Path, options: StoreOptions) -> Iterator[Room]:
    """Give a room with the built-in collections, over what ``options`` allow."""
    database = wait(open_database("sqlite://"))
    catalog = SqlCatalog(database)
    wait(ensure_builtin(catalog))
    store = open_store(options)
    try:
        yield Room(wait, catalog, store, home)
    finally:
        wait(store.close())
        wait(database.close())


@pytest.fixture
def room(tmp_path: Path, wait: Await) -> Iterator[Room]:
    home = tmp_path / "home"
    home.mkdir()
    with open_room(wait, home, StoreOptions(roots=(str(home),))) as made:
        yield made
