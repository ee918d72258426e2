"""The whole path from request to pixels, against GDAL's reading of the same files."""

import asyncio
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.features
import rasterio.warp
import shapely
from affine import Affine
from rasterio.vrt import WarpedVRT

from engine.catalog.collection import MosaicRule
from engine.core import Engine
from engine.errors import (
    DeadlineExceeded,
    SourceUnavailable,
)
from engine.geo.crs import Crs
from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.plan.limits import Limits
from engine.trace import tracing
from tests.builders.engines import (
    SENSED,
    ask,
    grid,
    make_collection,
    make_options,
    register,
    run,
    stored_numbers,
    write_cog,
)

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 400
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)


def numbers(seed: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 10_000, (size, size), dtype=np.uint16)


def test_its_own_grid_gives_back_the_file(tmp_path: Path) -> None:
    values = numbers(1)

    async def work() -> np.ndarray:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            path = write_cog(tmp_path / "a.tif", values, crs=UTM, affine=AFFINE)
            await register(engine, collection, "a", {"B04": path})
            pixels = await engine.pixels(
                ask(collection, grid(UTM, OWN, SIZE, SIZE), stored_numbers("B04"))
            )
            return pixels.outputs["default"]

    np.testing.assert_array_equal(run(work())[0], values)


def test_a_web_mercator_request_equals_gdals_warp(tmp_path: Path) -> None:
    values = numbers(2)
    path = write_cog(tmp_path / "a.tif", values, crs=UTM, affine=AFFINE)
    with rasterio.open(path) as dataset:
        left, bottom, right, top = rasterio.warp.transform_bounds(UTM, "EPSG:3857", *dataset.bounds)
        side = 200
        transform = Affine.translation(left, top) * Affine.scale(
            (right - left) / side, (bottom - top) / side
        )
    # The request is coarser than level 0 by less than 3, so it reads level 1.
    with (
        rasterio.open(path, overview_level=0) as dataset,
        WarpedVRT(
            dataset,
            crs="EPSG:3857",
            transform=transform,
            width=side,
            height=side,
            resampling=rasterio.enums.Resampling.nearest,
            tolerance=0.001,
        ) as warped,
    ):
        expected = warped.read(1)

    async def work() -> np.ndarray:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            await register(engine, collection, "a", {"B04": path})
            box = grid("EPSG:3857", (left, bottom, right, top), side, side)
            pixels = await engine.pixels(ask(collection, box, stored_numbers("B04")))
            return pixels.outputs["default"][0]

    assert np.mean(run(work()) == expected) >= 0.999


def two_scenes(tmp_path: Path) -> tuple[np.ndarray, np.ndarray, Path, Path]:
    new, old = numbers(3), numbers(4)
    new[:, 150:250] = 0
    return (
        new,
        old,
        write_cog(tmp_path / "new.tif", new, crs=UTM, affine=AFFINE),
        write_cog(tmp_path / "old.tif", old, crs=UTM, affine=AFFINE),
    )


@pytest.mark.parametrize(
    ("rule", "order"),
    [
        (MosaicRule.FIRST_DATA, "mostRecent"),
        (MosaicRule.FIRST_DATA, "leastRecent"),
        (MosaicRule.FIRST_DATA, "leastCC"),
        (MosaicRule.TOP_COVER, "mostRecent"),
    ],
)
def test_scenes_are_laid_in_order_by_the_collections_rule(
    tmp_path: Path, rule: MosaicRule, order: str
) -> None:
    from engine.catalog.search import SceneOrder  # noqa: PLC0415 - used by this law alone

    new, old, new_path, old_path = two_scenes(tmp_path)

    async def work() -> tuple[np.ndarray, np.ndarray]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04", rule=rule)
            await engine.parts.catalog.add_collection(collection)
            await register(
                engine,
                collection,
                "new",
                {"B04": new_path},
                cloud_cover=10.0,
                sensed=SENSED + timedelta(days=5),
            )
            await register(engine, collection, "old", {"B04": old_path}, cloud_cover=60.0)
            pixels = await engine.pixels(
                ask(
                    collection,
                    grid(UTM, OWN, SIZE, SIZE),
                    stored_numbers("B04"),
                    order=SceneOrder(order),
                )
            )
            return pixels.outputs["default"][0], pixels.outputs["mask"][0]

    values, mask = run(work())
    if order == "leastRecent":
        expected = old
    elif rule is MosaicRule.TOP_COVER:
        expected = new
    else:
        expected = np.where(new > 0, new, old)

    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(mask, expected > 0)


def test_a_scene_below_a_full_one_is_not_read(tmp_path: Path) -> None:
    async def work() -> tuple[int, int]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            for index in range(5):
                path = write_cog(tmp_path / f"{index}.tif", numbers(index), crs=UTM, affine=AFFINE)
                await register(engine, collection, str(index), {"B04": path})
            with tracing() as trace:
                pixels = await engine.pixels(
                    ask(collection, grid(UTM, OWN, SIZE, SIZE), stored_numbers("B04"))
                )
            return trace.counts["requests"], len(pixels.facts["scenes"]["0"])

    # One request, since the blocks of a level lie side by side in a COG.
    assert run(work()) == (1, 1)


def test_two_adjoining_requests_equal_one_larger_bit_for_bit(tmp_path: Path) -> None:
    from engine.warp.resampling import Resampling  # noqa: PLC0415 - used by this law alone

    _, _, new_path, old_path = two_scenes(tmp_path)
    left, bottom, _, _ = rasterio.warp.transform_bounds(UTM, "EPSG:3857", *OWN)
    side = 256 * 19.0
    whole = grid("EPSG:3857", (left, bottom, left + side, bottom + side), 256, 256)

    async def work(method: Resampling) -> tuple[np.ndarray, np.ndarray]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            await register(
                engine, collection, "new", {"B04": new_path}, sensed=SENSED + timedelta(days=5)
            )
            await register(engine, collection, "old", {"B04": old_path})
            script = stored_numbers("B04", dtype="FLOAT32")
            options = {"upsampling": method, "downsampling": method}
            large = await engine.pixels(ask(collection, whole, script, **options))
            parts = []
            for rows in ((0, 77), (77, 256)):
                row = []
                for cols in ((0, 101), (101, 256)):
                    window = Window(
                        row_start=rows[0], row_stop=rows[1], col_start=cols[0], col_stop=cols[1]
                    )
                    small = await engine.pixels(
                        ask(collection, whole.crop(window), script, **options)
                    )
                    row.append(small.outputs["default"][0])
                parts.append(row)
            return large.outputs["default"][0], np.block(parts)

    for method in Resampling:
        large, joined = run(work(method))

        np.testing.assert_array_equal(large, joined)
        assert np.count_nonzero(large) > 10_000


def test_stripes_change_nothing(tmp_path: Path) -> None:
    _, _, new_path, old_path = two_scenes(tmp_path)

    async def work(limits: Limits) -> tuple[int, np.ndarray]:
        async with Engine(make_options(tmp_path, tmp_path, limits=limits)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            await register(
                engine, collection, "new", {"B04": new_path}, sensed=SENSED + timedelta(days=5)
            )
            await register(engine, collection, "old", {"B04": old_path})
            request = ask(collection, grid(UTM, OWN, SIZE, SIZE), stored_numbers("B04"))
            plan = await engine.plan(request)
            pixels = await engine.pixels(request)
            return len(plan.stripes), pixels.outputs["default"]

    one, whole = run(work(Limits()))
    several, striped = run(work(Limits(stripe_bytes=200_000, block_row_bytes=0)))

    assert one == 1
    assert several > 5
    np.testing.assert_array_equal(whole, striped)


def test_a_clip_with_a_hole_equals_gdals_rasterization(tmp_path: Path) -> None:
    values = numbers(5)
    # No edge goes through a pixel's center: there GDAL and a half-open rule may differ.
    outer = [(LEFT + 101, TOP - 207.3), (LEFT + 3807, TOP - 411), (LEFT + 2009, TOP - 3902)]
    hole = [(LEFT + 1801, TOP - 903), (LEFT + 2207, TOP - 911), (LEFT + 2009, TOP - 1502)]
    shape = shapely.Polygon(outer, [hole])
    inside = rasterio.features.rasterize([shape], (SIZE, SIZE), transform=AFFINE).astype(bool)

    async def work() -> tuple[np.ndarray, np.ndarray]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            path = write_cog(tmp_path / "a.tif", values, crs=UTM, affine=AFFINE)
            await register(engine, collection, "a", {"B04": path})
            request = ask(
                collection,
                grid(UTM, OWN, SIZE, SIZE),
                stored_numbers("B04"),
                clip=Geometry(shape=shape, crs=Crs(UTM)),
            )
            pixels = await engine.pixels(request)
            return pixels.outputs["default"][0], pixels.valid

    got, valid = run(work())

    np.testing.assert_array_equal(valid, inside)
    np.testing.assert_array_equal(got, np.where(inside, values, 0))


def test_nothing_there_is_zeros_and_no_error(tmp_path: Path) -> None:
    async def work() -> tuple[int, int]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            pixels = await engine.pixels(
                ask(collection, grid(UTM, OWN, 20, 10), stored_numbers("B04"))
            )
            return int(pixels.outputs["default"].sum()), int(pixels.valid.sum())

    assert run(work()) == (0, 0)


def test_a_file_that_changes_under_the_catalog_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    after = numbers(7)

    async def work() -> np.ndarray:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            write_cog(path, numbers(6), crs=UTM, affine=AFFINE)
            await register(engine, collection, "a", {"B04": path})
            write_cog(tmp_path / "b.tif", after, crs=UTM, affine=AFFINE, block=256)
            (tmp_path / "b.tif").replace(path)
            pixels = await engine.pixels(
                ask(collection, grid(UTM, OWN, SIZE, SIZE), stored_numbers("B04"))
            )
            return pixels.outputs["default"][0]

    np.testing.assert_array_equal(run(work()), after)


def test_a_file_that_is_gone_is_an_error_and_never_empty(tmp_path: Path) -> None:
    async def work() -> None:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            path = write_cog(tmp_path / "a.tif", numbers(6), crs=UTM, affine=AFFINE)
            await register(engine, collection, "gone", {"B04": path})
            path.unlink()
            await engine.pixels(ask(collection, grid(UTM, OWN, 50, 50), stored_numbers("B04")))

    with pytest.raises(SourceUnavailable, match="scene gone, band B04") as caught:
        run(work())

    assert str(tmp_path) not in caught.value.message


LOOP = stored_numbers("B04").replace(
    "function evaluatePixel(s) {", "function evaluatePixel(s) { while (true) {}"
)


def test_a_request_that_takes_too_long_ends_and_the_next_one_is_served(tmp_path: Path) -> None:
    async def work() -> int:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            path = write_cog(tmp_path / "a.tif", numbers(8), crs=UTM, affine=AFFINE)
            await register(engine, collection, "a", {"B04": path})
            box = grid(UTM, OWN, 50, 50)
            with pytest.raises(DeadlineExceeded):
                await engine.pixels(ask(collection, box, LOOP), seconds=1.0)
            gone = asyncio.create_task(engine.pixels(ask(collection, box, LOOP)))
            await asyncio.wait([gone], timeout=0.5)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            pixels = await engine.pixels(ask(collection, box, stored_numbers("B04")))
            return int(pixels.valid.sum())

    assert run(work()) == 2500
