"""What a request may hold at once, measured from outside: a process of its own, and its peak."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import rasterio.warp
from affine import Affine

from tests.builders.engines import write_cog

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 2500
BANDS = ("B02", "B03", "B04", "B08")

PROGRAM = """
    import asyncio, json, resource, sys
    from datetime import timedelta
    from pathlib import Path
    from engine.core import Engine
    from engine.plan.limits import Limits
    from engine.run.warm import warm_kernels
    from tests.builders.engines import *

    BOX = grid({crs!r}, {own}, {size}, {size})
    SCRIPT = {script}

    async def main(folder, scenes):
        limits = Limits(stripe_bytes={stripe}, block_row_bytes={stripe})
        options = make_options(folder, folder, limits=limits, block_cache_bytes=64 << 20)
        async with Engine(options) as engine:
            collection = make_collection(*{bands})
            await engine.catalog.add_collection(collection)
            for number in range(scenes):
                files = dict.fromkeys({bands}, folder / f"{{number % 2}}.tif")
                west, south, east, north = {globe}
                step = (east - west) / scenes
                cover = shapely.box(west + number * step, south, west + (number + 1) * step, north)
                if not {strips}:
                    cover = shapely.box(west, south, east, north)
                await register(engine, collection, str(number), files, cover=cover,
                               sensed=SENSED - timedelta(days=number))
            small = grid({crs!r}, {own}, 64, 64)
            await engine.pixels(ask(collection, small, SCRIPT))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            request = ask(collection, BOX, SCRIPT)
            plan = await engine.plan(request)
            pixels = await engine.pixels(request, seconds=100.0)
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(json.dumps({{
                "grown": (after - before) << 10,
                "stripes": len(plan.stripes),
                "estimate": plan.cost.memory_bytes,
                "outputs": sum(v.nbytes for v in pixels.outputs.values()),
                "scenes": len(pixels.facts["scenes"]["0"]),
                "mean": float(pixels.valid.mean()),
            }}))

    if __name__ == "__main__":
        warm_kernels()
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


SERIES = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B02", "B03", "B04", "B08"], units: "DN"}],
    output: {bands: 1, sampleType: "UINT16"},
    mosaicking: "TILE"
  };
}
function evaluatePixel(samples) {
  let most = 0;
  for (const s of samples) most = Math.max(most, s.B02, s.B03, s.B04, s.B08);
  return [most];
}
"""
"""The largest number of a series."""


def peak(
    folder: Path, scenes: int, *, size: int, stripe: int, script: str = "", strips: bool = True
) -> dict[str, float]:
    """Return what a process of its own says of one request over so many scenes.

    They lie side by side, in strips, or else all on each other.
    """
    program = folder / "measure.py"
    own = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)
    globe = rasterio.warp.transform_bounds(UTM, "EPSG:4326", *own)
    text = textwrap.dedent(PROGRAM)
    program.write_text(
        text.format(
            crs=UTM,
            own=own,
            globe=globe,
            size=size,
            bands=BANDS,
            stripe=stripe,
            strips=strips,
            script=repr(script) if script else f"stored_numbers(*{BANDS})",
        )
    )
    done = subprocess.run(
        [sys.executable, program, folder, str(scenes)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "MALLOC_ARENA_MAX": "2"},
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images, full of data, that all scenes are made of."""
    folder = tmp_path_factory.mktemp("memory")
    affine = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
    ramp = np.arange(SIZE, dtype=np.uint16) % 251 + 1
    for number in range(2):
        values = np.broadcast_to(ramp + number, (SIZE, SIZE)).copy()
        write_cog(folder / f"{number}.tif", values, crs=UTM, affine=affine, block=512)
    return folder


def test_the_largest_request_stays_within_its_estimate(folder: Path) -> None:
    found = peak(folder, 5, size=2500, stripe=64 << 20)

    assert (found["scenes"], found["mean"]) == (5, 1.0)
    assert found["stripes"] > 1
    # Beside the stripe: the answer itself, the cache of blocks (64 MiB), and what is in transit.
    bound = found["outputs"] + found["estimate"] + (64 << 20)
    assert found["grown"] < bound + (200 << 20)


def test_fifty_scenes_take_hardly_more_than_five(folder: Path) -> None:
    few = peak(folder, 5, size=600, stripe=6 << 20)
    many = peak(folder, 50, size=600, stripe=6 << 20)

    assert (few["scenes"], many["scenes"]) == (5, 50)
    assert many["stripes"] >= few["stripes"] > 1
    assert many["grown"] < few["grown"] + (32 << 20)


def test_a_series_is_held_a_stripe_at_a_time(folder: Path) -> None:
    scenes, size = 60, 800
    whole = scenes * len(BANDS) * size * size * 2

    found = peak(folder, scenes, size=size, stripe=48 << 20, script=SERIES, strips=False)

    assert (found["scenes"], found["mean"]) == (scenes, 1.0)
    assert found["estimate"] <= 48 << 20
    # Beside the stripes, as above: the cache of blocks and what is in transit.
    assert found["grown"] < found["estimate"] + (64 << 20) + (100 << 20) < whole
