from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
from rasterio.enums import Resampling

from engine.cog.header import FIRST_READ, MAX_READS
from tests.builders.tiff_crafting import GRAY, craft
from tests.builders.tiff_reading import parse
from tests.builders.tiff_writers import AFFINE, CRS


@pytest.fixture(scope="module")
def vast(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a TIFF of 32768² sparse pixels, whose 65,000 blocks make a header of 650 kB."""
    path = tmp_path_factory.mktemp("vast") / "vast.tif"
    with rasterio.Env(SPARSE_OK_OVERVIEW="YES", GDAL_TIFF_OVR_BLOCKSIZE="128"):
        with rasterio.open(
            path, "w", driver="GTiff", width=32_768, height=32_768, count=1, dtype="uint8",
            tiled=True, blockxsize=128, blockysize=128, sparse_ok=True, bigtiff="yes", crs=CRS,
            transform=AFFINE,
        ):  # fmt: skip
            pass
        with rasterio.open(path, "r+") as target:
            target.build_overviews([16, 32], Resampling.nearest)
    return path.read_bytes()


def test_a_cog_is_parsed_from_its_first_read_alone(tiff: Callable[[str], Path]) -> None:
    for name in ("cog", "cog-mask", "cog-jpeg", "cog-big"):
        header = parse(tiff(name).read_bytes())

        assert header.asked == ()
        assert len(header.image.levels) == 3


def test_a_short_first_read_gives_the_same_image_by_one_more_range(
    tiff: Callable[[str], Path],
) -> None:
    content = tiff("cog").read_bytes()
    header = parse(content, first=64)

    assert len(header.asked) == 1
    assert (
        header.image.levels[2].offsets.tolist() == parse(content).image.levels[2].offsets.tolist()
    )


def test_the_header_of_very_many_blocks_costs_one_more_range(vast: bytes) -> None:
    header = parse(vast)

    assert len(vast) > 40 * FIRST_READ
    assert [level.width for level in header.image.levels] == [32_768, 2_048, 1_024]
    assert header.image.levels[0].offsets.shape == (1, 256, 256)
    assert len(header.asked) == 1
    assert header.asked[0].start == FIRST_READ


def test_directories_behind_the_pixels_cost_one_range_each(tiff: Callable[[str], Path]) -> None:
    content = tiff("deflate-2-float64").read_bytes()
    header = parse(content, first=512)

    assert len(header.image.levels) == 3
    assert len(header.asked) <= 2
    assert sum(one.size for one in header.asked) < 40_000


def test_what_is_asked_for_lies_inside_the_object_and_was_not_given_before(
    tiff: Callable[[str], Path],
) -> None:
    content = tiff("deflate-2-int32").read_bytes()
    header = parse(content, first=16)
    given = [(0, 16), *((one.start, one.stop) for one in header.asked)]

    assert len(header.asked) == 2
    for index, (start, stop) in enumerate(given):
        assert stop <= len(content)
        assert not any(start < other and one < stop for one, other in given[:index])


def test_a_directory_that_names_itself_as_the_next_one_ends_the_walk() -> None:
    header = parse(craft(GRAY, loop=True))

    assert len(header.image.levels) == 1
    assert len(header.asked) < MAX_READS


def test_fields_that_are_not_wanted_cannot_hurt() -> None:
    rubbish = {65_000: ("I", [1, 2, 3]), 700: ("B", b"x" * 40), 330: ("I", [1, 1])}
    header = parse(craft({**GRAY, **rubbish}, claims={65_000: 1 << 31, 330: 1 << 30}))

    assert header.image.warnings == ()


def test_a_file_without_overviews_says_so_to_who_registers_it(tiff: Callable[[str], Path]) -> None:
    image = parse(tiff("mask-of-other-blocks").read_bytes()).image

    assert image.is_cog
    image = parse(tiff("strips").read_bytes()).image

    assert not image.is_cog
    assert "is stored in strips, not in square blocks: reads cost more" in image.warnings
