import gc
import weakref
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.decode import DecodedBlock, decode_block
from engine.cog.image import CogImage
from engine.cog.partial import WHOLE, decode_rows
from engine.errors import SourceCorrupt
from engine.geo.window import Window
from tests.builders.tiff_crafting import GRAY, craft
from tests.builders.tiff_reading import parse
from tests.builders.tiffs import FIXTURES
from tests.oracle.gdal_windows import GdalLevel, read_with_gdal

NAMES = [
    fixture.name
    for fixture in FIXTURES
    if any(word in fixture.name for word in ("deflate", "endian", "alpha", "mask", "strip"))
    and not any(word in fixture.name for word in ("lerc", "bits"))
    and not fixture.lossy
]
SIDE = 64
"""Rows and columns of the crafted block of bytes."""
PIXELS = np.random.default_rng(5).integers(0, 40, (SIDE, SIDE), dtype=np.uint8)


def first_rows(block: BlockRead, rows: int) -> Window:
    return replace(block.window, row_stop=block.window.row_start + rows)


def check(decoded: DecodedBlock, truth: GdalLevel, band: int | None) -> None:
    """Compare all that is there with GDAL's; ``band`` where the block holds one of several."""
    there = decoded.window
    area = (slice(there.row_start, there.row_stop), slice(there.col_start, there.col_stop))
    expected = truth.values[:, *area] if band is None else truth.values[band : band + 1, *area]

    np.testing.assert_array_equal(decoded.values, expected)
    if truth.valid is not None:
        np.testing.assert_array_equal(decoded.valid, truth.valid[area])


def crafted(data: bytes, **tags: tuple[str, list[int]]) -> tuple[CogImage, BlockRead, bytes]:
    """Return a deflate block of `SIDE`² bytes, and its bytes."""
    content = craft({**GRAY, 259: ("H", [8]), **tags}, blocks=[data])
    image = parse(content).image
    whole = Window(row_start=0, row_stop=SIDE, col_start=0, col_stop=SIDE)
    (block,) = blocks_of(image, level=0, window=whole, band=0)
    return image, block, content[block.ranges[0].start : block.ranges[0].stop]


@pytest.mark.parametrize("name", NAMES)
def test_first_rows_taken_up_in_any_steps_are_gdals(name: str, tiff: Callable[[str], Path]) -> None:
    path = tiff(name)
    content, truth = path.read_bytes(), read_with_gdal(path)
    image = parse(content).image
    random = np.random.default_rng(len(content))
    by_size = {one.values.shape[1:]: one for one in truth.levels}
    for level, found in enumerate(image.levels):
        whole = Window(row_start=0, row_stop=found.height, col_start=0, col_stop=found.width)
        band = image.bands - 1
        for block in blocks_of(image, level=level, window=whole, band=band):
            data, *masks = (
                None if part is None else content[part.start : part.stop]
                for part in (block.data, *(mask.data for mask in block.masks))
            )
            height = block.window.height
            wanted = int(random.integers(1, height + 1))
            decoded = decode_rows(image, block, data, masks, window=first_rows(block, wanted))
            while True:
                assert decoded.window.height >= wanted
                assert decoded.values.flags.writeable
                check(
                    decoded, by_size[found.height, found.width], band if image.is_planar else None
                )
                if decoded.rest is None:
                    break
                wanted = int(random.integers(decoded.window.height, height + 1))
                decoded = decoded.rest.reach(wanted)

            assert decoded.window == block.window


@pytest.mark.parametrize("level", [0, 1, 9])
def test_any_number_of_first_rows_is_what_the_stream_holds(level: int) -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes(), level))
    for rows in range(1, SIDE + 1):
        decoded = decode_rows(image, block, data, window=first_rows(block, rows))
        expected = rows if rows < WHOLE * SIDE else SIDE

        assert decoded.values.shape == (1, expected, SIDE)
        np.testing.assert_array_equal(decoded.values[0], PIXELS[:expected])
        assert decoded.holds(first_rows(block, rows))
        assert decoded.holds(first_rows(block, rows + 1)) == (
            rows < expected or rows >= SIDE * WHOLE
        )


def test_a_block_without_a_window_is_whole() -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes()))
    decoded = decode_rows(image, block, data, window=None)

    assert decoded.rest is None
    assert decoded.holds(None)


def test_rows_before_the_damage_are_given_and_those_behind_it_never() -> None:
    good = zlib.compress(PIXELS.tobytes(), 9)
    damaged = {
        "cut off": good[: len(good) * 3 // 4],
        "without a checksum": good[:-4],
        "another checksum": good[:-1] + bytes([good[-1] ^ 1]),
        "too short": zlib.compress(PIXELS[: SIDE - 1].tobytes()),
        "too long": zlib.compress(PIXELS.tobytes() + b"\0"),
    }
    for bad in damaged.values():
        image, block, data = crafted(bad)
        decoded = decode_rows(image, block, data, window=first_rows(block, 9))

        np.testing.assert_array_equal(decoded.values[0], PIXELS[:9])
        assert decoded.rest is not None
        for _ in range(2):
            with pytest.raises(SourceCorrupt, match="block row 0, column 0 of level 0 "):
                decoded.rest.reach(SIDE)
        np.testing.assert_array_equal(decoded.rest.reach(9).values, decoded.values)


def test_a_damaged_stream_is_refused_or_decoded_as_it_is_whole() -> None:
    good = zlib.compress(PIXELS.tobytes(), 9)
    random = np.random.default_rng(11)
    outcomes = set()
    for _ in range(300):
        raw = bytearray(good)
        raw[int(random.integers(0, len(raw)))] ^= 1 << int(random.integers(0, 8))
        image, block, data = crafted(bytes(raw))
        try:
            whole = decode_block(image, block, data).values.tobytes()
        except SourceCorrupt:
            whole = None
        try:
            part = decode_rows(image, block, data, window=first_rows(block, 20))
            assert part.rest is not None
            steps = part.rest.reach(SIDE).values.tobytes()
        except SourceCorrupt:
            steps = None
        outcomes.add((whole is None, steps == whole))

    assert outcomes <= {(True, True), (False, True)}
    assert (True, True) in outcomes


def test_a_bomb_behind_the_last_row_is_not_set_off() -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes() + bytes(4 << 20), 1))
    decoded = decode_rows(image, block, data, window=first_rows(block, 5))

    assert decoded.rest is not None
    with pytest.raises(SourceCorrupt, match="decompresses to more than 4096 bytes, expected 4096"):
        decoded.rest.reach(SIDE)


def test_threads_that_take_up_one_block_get_the_rows_that_they_want() -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes(), 1))
    with ThreadPoolExecutor(4) as threads:
        for seed in range(10):
            decoded = decode_rows(image, block, data, window=first_rows(block, 1))
            assert decoded.rest is not None
            wanted = np.random.default_rng(seed).integers(1, SIDE + 1, 20).tolist()
            for rows, found in zip(wanted, threads.map(decoded.rest.reach, wanted), strict=True):
                assert found.window.height >= rows
                np.testing.assert_array_equal(found.values[0], PIXELS[: found.window.height])


def test_a_block_weighs_its_rows_and_what_it_takes_to_go_on() -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes(), 1))
    part = decode_rows(image, block, data, window=first_rows(block, 4))
    assert part.rest is not None
    whole = part.rest.reach(SIDE)

    assert part.values.nbytes + len(data) // 2 < part.nbytes < 100_000 + len(data)
    assert whole.nbytes == PIXELS.nbytes


def test_a_block_that_nobody_holds_is_freed_at_once() -> None:
    image, block, data = crafted(zlib.compress(PIXELS.tobytes(), 1))
    gc.disable()
    try:
        first = decode_rows(image, block, data, window=first_rows(block, 4))
        assert first.rest is not None
        more = first.rest.reach(20)
        held = [weakref.ref(one) for one in (first.values, more.values, first.rest)]
        del first, more

        assert [ref() for ref in held] == [None] * 3
    finally:
        gc.enable()
