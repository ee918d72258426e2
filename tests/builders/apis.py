"""The app behind a real socket, in a thread of the test's own process, over small files by GDAL."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from affine import Affine
from fastapi import FastAPI
from numpy.typing import NDArray

from api.app import create_app
from api.settings import Settings
from api.wiring import engine_options
from engine.core import open_engine
from engine.database.clients import ClientStore, NewClient
from tests.builders.engines import register, write_cog

UTM = "EPSG:32633"
UTM_URI = "http://www.opengis.net/def/crs/EPSG/0/32633"
SIZE = 256
LEFT, TOP, STEP = 500_000.0, 5_000_000.0, 10.0
BBOX = [LEFT, TOP - SIZE * STEP, LEFT + SIZE * STEP, TOP]
"""The sample scene, pixel for pixel: west of its left half is longitude 15° east."""
BANDS = ("B02", "B03", "B04", "B08")
COLLECTION = "sentinel-2-l2a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An app that answers."""

    url: str
    client: httpx.Client
    app: FastAPI
    server: uvicorn.Server
    member: NewClient
    """A registered client and its secret."""


def numbers(band: str) -> NDArray[np.uint16]:
    """Return the stored numbers of a band: 1 to 9999, seeded by its name."""
    seed = int(band[1:])
    return np.random.default_rng(seed).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


async def _prepare(settings: Settings, scenes: Path) -> NewClient:
    affine = Affine.translation(LEFT, TOP) * Affine.scale(STEP, -STEP)
    engine = await open_engine(engine_options(settings))
    try:
        collection = await engine.catalog.collection(COLLECTION)
        files = {
            band: write_cog(scenes / f"{band}.tif", numbers(band), crs=UTM, affine=affine)
            for band in BANDS
        }
        await register(engine, collection, "scene-1", files, cloud_cover=10.0)
        return await ClientStore(database=engine.database).create(name="tests", scopes=["read"])
    finally:
        await engine.close()


@contextmanager
def serving(home: Path, **settings: Any) -> Iterator[Served]:
    """Serve one sample scene; the server ends with the block."""
    scenes = home / "scenes"
    chosen = Settings(home=home / "home", data_roots=(scenes,), threads=2, **settings)
    member = asyncio.run(_prepare(chosen, scenes))
    app = create_app(chosen)
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    bound = threading.Event()
    startup = server.startup

    async def announced(sockets: Any = None) -> None:
        await startup(sockets)
        bound.set()

    server.startup = announced  # type: ignore[method-assign]  # the only place that knows the port
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert bound.wait(60), "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=60) as client:
            yield Served(url=url, client=client, app=app, server=server, member=member)
    finally:
        server.should_exit = True
        thread.join(30)


def script(
    returned: str, *outputs: str, bands: str = '"B02","B03","B04","B08","dataMask"', more: str = ""
) -> str:
    """Return a script with these outputs, each as JavaScript, that returns an expression of s."""
    return f"""//VERSION=3
function setup() {{
  return {{ input: [{{ bands: [{bands}], units: "DN" }}], output: [{", ".join(outputs)}] }};
}}
function evaluatePixel(s) {{ return {returned}; }}
{more}"""


STORED = script("[s.B04, s.B03, s.B02]", '{ id: "default", bands: 3, sampleType: "UINT16" }')


def body(**changes: Any) -> dict[str, Any]:
    """Return a Process request for the sample scene's own pixels, with top-level changes."""
    whole: dict[str, Any] = {
        "input": {
            "bounds": {"bbox": BBOX, "properties": {"crs": UTM_URI}},
            "data": [{"type": COLLECTION}],
        },
        "output": {
            "width": SIZE,
            "height": SIZE,
            "responses": [{"identifier": "default", "format": {"type": "image/tiff"}}],
        },
        "evalscript": STORED,
    }
    return {**whole, **changes}
