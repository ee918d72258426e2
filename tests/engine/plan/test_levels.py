"""The level read is the coarsest that is as fine as the request, wherever the window lies."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Geod

from engine.cog.image import CogImage, Compression, Level
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, Crs, parse_crs, transform
from engine.geo.geobox import make_geobox
from engine.geo.window import Window
from engine.plan.levels import see

UTM32 = Crs("EPSG:32632")


def make_image(*, size: int = 10980, resolution: float = 10.0, overviews: int = 5) -> CogImage:
    levels = []
    for index in range(overviews + 1):
        side = -(-size // 2**index)
        blocks = -(-side // 512)
        levels.append(
            Level(
                width=side,
                height=side,
                block_width=512,
                block_height=512,
                offsets=np.ones((1, blocks, blocks), dtype=np.uint64),
                byte_counts=np.ones((1, blocks, blocks), dtype=np.uint64),
            )
        )
    return CogImage(
        identity="x",
        size=1,
        width=size,
        height=size,
        bands=1,
        dtype="uint16",
        affine=Affine.translation(600_000, 5_100_000) * Affine.scale(resolution, -resolution),
        crs=UTM32,
        nodata=0.0,
        scale=(1.0,),
        offset=(0.0,),
        levels=tuple(levels),
        compression=Compression.DEFLATE,
        compression_tag=8,
        predictor=2,
        is_planar=False,
        is_little_endian=True,
        bits=16,
        photometric=1,
    )


@pytest.mark.parametrize(
    ("resolution", "level"),
    [(1.0, 0), (10.0, 0), (19.0, 0), (20.0, 1), (39.0, 1), (40.0, 2), (41.0, 2), (5000.0, 5)],
)
def test_the_level_is_the_next_finer_one(resolution: float, level: int) -> None:
    image = make_image()
    box = BBox(
        left=6e5, bottom=5e6, right=6e5 + 256 * resolution, top=5e6 + 256 * resolution, crs=UTM32
    )
    geobox = make_geobox(box, width=256, height=256)

    assert see(geobox, image, UTM32).level == level


def test_web_mercator_pixels_count_on_the_ground() -> None:
    image = make_image()
    x, y = image.affine * (image.width / 2, image.height / 2)
    lon, lat = transform(UTM32, Crs("EPSG:4326"), np.array([x]), np.array([y]))
    mx, my = transform(UTM32, WEB_MERCATOR, np.array([x]), np.array([y]))
    box = BBox(left=mx[0], bottom=my[0], right=mx[0] + 2560, top=my[0] + 2560, crs=WEB_MERCATOR)
    geobox = make_geobox(box, width=256, height=256)
    geod = Geod(ellps="WGS84")
    side, _ = transform(WEB_MERCATOR, Crs("EPSG:4326"), np.array([mx[0] + 10]), np.array([my[0]]))
    _, _, meters = geod.inv(lon[0], lat[0], side[0], lat[0])

    assert see(geobox, image, UTM32).reduction == pytest.approx(meters / 10.0, rel=0.01)


def test_neighbors_of_one_resolution_read_one_level() -> None:
    image = make_image()
    box = BBox(
        left=9e5, bottom=5.6e6, right=9e5 + 8192 * 19.9, top=5.6e6 + 8192 * 19.9, crs=WEB_MERCATOR
    )
    geobox = make_geobox(box, width=8192, height=8192)
    parts = [
        geobox.crop(Window(row_start=r, row_stop=r + 64, col_start=c, col_stop=c + 64))
        for r in range(0, 8192, 1024)
        for c in range(0, 8192, 1024)
    ]

    assert len({see(part, image, UTM32).level for part in parts}) == 1


def test_an_area_without_coordinates_reads_the_full_image() -> None:
    image = make_image()
    polar = parse_crs("EPSG:3031")
    box = BBox(left=-1e6, bottom=-1e6, right=1e6, top=1e6, crs=polar)
    geobox = make_geobox(box, width=64, height=64)

    assert see(geobox, image, UTM32).reduction > 0
