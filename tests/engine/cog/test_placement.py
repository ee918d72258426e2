from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine

from engine.cog.blocks import blocks_of, level_affine
from engine.cog.decode import decode_block
from engine.geo.crs import definition
from engine.geo.window import Window
from tests.builders.tiff_crafting import GRAY, Numbers, craft
from tests.builders.tiff_reading import parse
from tests.builders.tiff_writers import write_gdal
from tests.oracle.gdal_windows import read_with_gdal

PLAIN = {tag: value for tag, value in GRAY.items() if tag < 33_000}
KEYS = GRAY[34735]


def keys(*entries: tuple[int, int, int, int]) -> tuple[str, Numbers]:
    return "H", [1, 1, 0, len(entries), *(number for entry in entries for number in entry)]


PLACES: Mapping[str, dict[int, tuple[str, Numbers]]] = {
    "scale and tiepoint": {33550: GRAY[33550], 33922: GRAY[33922], 34735: KEYS},
    "a tiepoint in the middle": {
        33550: ("d", [30.0, 20.0, 0.0]), 33922: ("d", [10.5, 7.0, 0.0, 5e5, 4e6, 0.0]), 34735: KEYS,
    },
    "a negative vertical scale": {
        33550: ("d", [30.0, -20.0, 0.0]), 33922: GRAY[33922], 34735: KEYS,
    },
    "a rotated matrix": {
        34264: ("d", [8.0, 3.0, 0.0, 6e5, 2.0, -9.0, 0.0, 5e6, *[0.0] * 7, 1.0]), 34735: KEYS,
    },
    "pixel is point": {
        33550: GRAY[33550], 33922: GRAY[33922],
        34735: keys((1024, 0, 1, 1), (1025, 0, 1, 2), (3072, 0, 1, 32632)),
    },
    "a rotated matrix of points": {
        34264: ("d", [8.0, 3.0, 0.0, 6e5, 2.0, -9.0, 0.0, 5e6, *[0.0] * 7, 1.0]),
        34735: keys((1024, 0, 1, 1), (1025, 0, 1, 2), (3072, 0, 1, 32632)),
    },
    "geographic": {
        33550: ("d", [0.01, 0.01, 0.0]), 33922: ("d", [0.0, 0.0, 0.0, 11.0, 46.0, 0.0]),
        34735: keys((1024, 0, 1, 2), (1025, 0, 1, 1), (2048, 0, 1, 4326)),
    },
}  # fmt: skip


@pytest.mark.parametrize("tags", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_image_lies_where_gdal_says(
    tags: dict[int, tuple[str, Numbers]], order: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(craft({**PLAIN, **tags}, order=order))
    image = parse(path.read_bytes()).image
    truth = read_with_gdal(path)

    assert image.crs is not None
    assert truth.crs is not None
    assert tuple(image.affine)[:6] == pytest.approx(truth.transform, rel=1e-15)
    assert pyproj.CRS.from_wkt(truth.crs).to_epsg() == image.crs.epsg


CRSS = (
    "EPSG:4326", "EPSG:3857", "EPSG:32601", "EPSG:32760", "EPSG:3035", "EPSG:2056", "EPSG:27700",
    "EPSG:5070", "EPSG:3031", "EPSG:3413", "EPSG:6933", "EPSG:4258", "EPSG:2263",
)  # fmt: skip


@pytest.mark.parametrize("name", CRSS)
def test_a_crs_with_a_code_comes_back_as_that_code(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.zeros((1, 16, 16), np.uint8), overviews=(), crs=name)
    image = parse(path.read_bytes()).image

    assert image.crs is not None
    assert image.crs.name == name


OWN = (
    "+proj=utm +zone=52 +ellps=WGS84 +units=m",
    "+proj=utm +zone=19 +south +datum=WGS84 +units=m",
    "+proj=tmerc +lat_0=10 +lon_0=23 +k=0.9999 +x_0=1000 +y_0=2000 +datum=WGS84 +units=m",
    "+proj=lcc +lat_1=40 +lat_2=50 +lat_0=45 +lon_0=7 +x_0=100 +y_0=200 +datum=NAD83 +units=m",
    "+proj=laea +lat_0=51 +lon_0=9 +x_0=4321 +y_0=3210 +ellps=GRS80 +units=m",
    "+proj=aea +lat_1=20 +lat_2=60 +lat_0=40 +lon_0=-97 +x_0=0 +y_0=0 +datum=NAD83 +units=m",
    "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +a=6371007.181 +b=6371007.181 +units=m",
    "+proj=stere +lat_0=90 +lat_ts=71 +lon_0=-40 +x_0=5 +y_0=6 +datum=WGS84 +units=m",
    "+proj=tmerc +lat_0=10 +lon_0=23 +k=0.9999 +x_0=1000 +y_0=2000 +datum=WGS84 +units=us-ft",
    "+proj=moll +lon_0=0 +x_0=0 +y_0=0 +datum=WGS84 +units=m",
)


@pytest.mark.parametrize("name", OWN)
def test_a_crs_of_its_own_puts_points_where_gdal_does_or_is_refused(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.zeros((1, 16, 16), np.uint8), overviews=(), crs=name)
    image = parse(path.read_bytes()).image
    truth = read_with_gdal(path)
    if image.crs is None:
        assert "CRS of its own making that is not understood" in image.warnings[0]
        assert name.split(maxsplit=1)[0] in ("+proj=stere", "+proj=moll") or name.endswith("us-ft")
        return
    lon = np.array([-60.0, 6.0, 20.0, 128.0])
    lat = np.array([-20.0, 40.0, 50.0, 60.0])
    ours, theirs = (
        pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
        for crs in (definition(image.crs), pyproj.CRS.from_wkt(str(truth.crs)))
    )

    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_an_image_without_place_has_no_crs_and_says_why() -> None:
    none = parse(craft(PLAIN)).image
    flat = {33550: ("d", [1e-320, 1e-320, 0.0]), 33922: GRAY[33922], 34735: KEYS}
    points = {33922: ("d", [0.0, 0.0, 0.0, 6e5, 5e6, 0.0] * 4), 34735: KEYS}
    unknown = {**GRAY, 34735: keys((1024, 0, 1, 1), (3072, 0, 1, 1))}

    assert none.crs is None
    assert none.affine == Affine.identity()
    assert none.warnings[0].startswith("has no georeference")
    assert "cannot be inverted" in parse(craft({**PLAIN, **flat})).image.warnings[0]
    assert "ground control points" in parse(craft({**PLAIN, **points})).image.warnings[0]
    feet = {**GRAY, 34735: keys((1024, 0, 1, 1), (3072, 0, 1, 32632), (3076, 0, 1, 9003))}
    assert "in another unit" in parse(craft(feet)).image.warnings[0]
    assert "unknown CRS 'EPSG:1'" in parse(craft(unknown)).image.warnings[0]


def test_the_affine_of_an_overview_spans_the_extent_of_the_image(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.zeros((1, 151, 203), np.uint8))
    image = parse(path.read_bytes()).image
    for level in range(3):
        options = {} if level == 0 else {"overview_level": level - 1}
        with rasterio.open(path, **options) as dataset:
            expected = tuple(dataset.transform)[:6]

        assert tuple(level_affine(image, level))[:6] == pytest.approx(expected, rel=1e-15)


def test_scale_offset_and_names_of_bands_are_gdals(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.zeros((3, 16, 16), np.int16), overviews=())
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = (0.1, 1.0, 2.5e-5), (-10.0, 0.0, 3.0)
        target.descriptions = ("red", "gr<ee>n & \u00fc", None)
    image = parse(path.read_bytes()).image
    truth = read_with_gdal(path)

    assert image.scale == truth.scales
    assert image.offset == truth.offsets
    assert image.band_names == truth.descriptions


def test_names_that_stand_in_plain_metadata_count_where_no_description_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.zeros((2, 16, 16), np.int16), overviews=())
    with rasterio.open(path, "r+") as target:
        target.update_tags(1, DESCRIPTION="B04")
        target.update_tags(2, DESCRIPTION="B03")
        target.descriptions = (None, "green")

    assert parse(path.read_bytes()).image.band_names == ("B04", "green")


BOMB = b'<!DOCTYPE a [<!ENTITY b "xxxxxxxx">]><GDALMetadata><Item>&b;</Item></GDALMetadata>'


@pytest.mark.parametrize(
    "xml",
    [BOMB, b"<GDALMetadata><Item", b"\xff\xfe", b'<a><Item sample="0" role="scale">1e</Item></a>'],
)
def test_metadata_that_is_not_plain_xml_is_left_alone_with_a_warning(xml: bytes) -> None:
    image = parse(craft({**GRAY, 42112: ("s", xml + b"\0")})).image

    assert (image.scale, image.offset) == ((1.0,), (0.0,))
    assert "not well-formed XML" in image.warnings[0]


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 0), ("int16", -32768), ("float32", -3.4028234663852886e38), ("float64", 1e-300)],
)
def test_a_no_data_number_is_the_one_that_pixels_have(
    dtype: str, nodata: float, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    write_gdal(path, np.full((1, 16, 16), nodata, dtype), overviews=(), nodata=nodata)
    image = parse(path.read_bytes()).image

    assert image.nodata is not None
    assert np.dtype(dtype).type(image.nodata) == np.dtype(dtype).type(nodata)


@pytest.mark.parametrize(
    ("words", "expected"),
    [(b"-9999\0", -9999.0), (b" 70000 \0", 70000.0), (b"", None), (b"none\0", None),
     (b"-3.40282346638529e+38\0", -9999.0), (b"1" * 300, None)],
)  # fmt: skip
def test_a_no_data_number_outside_the_range_is_kept_and_words_are_not(
    words: bytes, expected: float | None
) -> None:
    image = parse(craft({**GRAY, 42113: ("s", words)} if words else GRAY)).image
    if words.startswith(b"-3.4"):
        expected = -3.40282346638529e38

    assert image.nodata == expected


@pytest.mark.parametrize(
    "words", [b"-9999", b"300", b"nan", b"7.6", b"7.5", b"8.5", b"-7.5", b"1e300", b"-1e39", b"inf"]
)
@pytest.mark.parametrize(("bits", "kind"), [(8, 1), (16, 2), (32, 3)])
def test_a_sparse_block_reads_as_the_no_data_number_that_gdal_makes_of_it(
    words: bytes, bits: int, kind: int, tmp_path: Path
) -> None:
    tags = {258: ("H", [bits]), 339: ("H", [kind]), 324: ("I", [0]), 325: ("I", [0])}
    path = tmp_path / "a.tif"
    path.write_bytes(craft({**GRAY, **tags, 42113: ("s", words + b"\0")}))
    image = parse(path.read_bytes()).image
    whole = Window(row_start=0, row_stop=64, col_start=0, col_stop=64)
    (block,) = blocks_of(image, level=0, window=whole, band=0)

    np.testing.assert_array_equal(
        decode_block(image, block, None).values, read_with_gdal(path).levels[0].values
    )
