import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.decode import DecodedBlock, decode_block
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt
from engine.geo.window import Window
from tests.builders.tiff_crafting import GRAY, craft
from tests.builders.tiff_reading import parse

CORNER = Window(row_start=0, row_stop=1, col_start=0, col_stop=1)
NAMES = (
    "deflate-2-uint16", "lzw-uint16", "zstd-uint16", "packbits-uint16", "lzw-3-float64-2",
    "jpeg-gray", "jpeg-ycbcr", "jpeg-4-bands", "webp", "webp-lossless", "alpha-webp", "mask",
)  # fmt: skip
PHOTOS = ("jpeg-gray", "jpeg-ycbcr", "jpeg-4-bands", "webp", "webp-lossless", "alpha-webp")


def first_block(content: bytes) -> tuple[CogImage, BlockRead, bytes, list[bytes]]:
    image = parse(content).image
    (block,) = blocks_of(image, level=0, window=CORNER, band=0)
    data, *masks = (content[one.start : one.stop] for one in block.ranges)
    return image, block, data, masks


def damage(data: bytes, random: np.random.Generator) -> bytes:
    """Return ``data`` with some bytes changed, cut off, doubled or put in."""
    raw = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        at = int(random.integers(0, max(1, len(raw))))
        match int(random.integers(0, 8)):
            case 0:
                del raw[at:]
            case 1:
                raw[at:at] = random.bytes(int(random.integers(1, 9)))
            case 2:
                raw[at : at + 4] = b"\xff\xff\xff\xff"
            case 3:
                raw += raw[at:]
            case _:
                raw[at : at + 1] = random.bytes(1)
    return bytes(raw)


Decode = Callable[[CogImage, BlockRead, bytes, list[bytes]], DecodedBlock]


def outcome(decode: Decode, content: bytes, random: np.random.Generator) -> str:
    """Return ``refused`` or ``decoded`` for the first block of ``content``, damaged."""
    image, block, data, masks = first_block(content)
    shape = (1 if image.is_planar else image.bands, block.window.height, block.window.width)
    try:
        decoded = decode(image, block, damage(data, random), masks)
    except SourceCorrupt as error:
        is_named = error.message.startswith("block row 0, column 0 of level 0 ")
        return "refused" if is_named else error.message
    return "decoded" if decoded.values.shape == shape else str(decoded.values.shape)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_block_is_refused_or_decoded_and_nothing_else(
    name: str, tiff: Callable[[str], Path]
) -> None:
    content = tiff(name).read_bytes()
    random = np.random.default_rng(len(content))
    number = 1000 if name in PHOTOS else 200
    outcomes = {outcome(decode_block, content, random) for _ in range(number)}

    assert "refused" in outcomes
    assert outcomes <= {"refused", "decoded"}


@pytest.mark.parametrize("name", ["lerc-float32", "12-bits", "lzma-uint16"])
def test_a_damaged_block_for_gdal_is_refused_or_decoded_and_nothing_else(
    name: str, tiff: Callable[[str], Path], gdal: GdalDecoder
) -> None:
    content = tiff(name).read_bytes()
    random = np.random.default_rng(len(content))
    decode = partial(gdal.decode_block, seconds=20.0)
    outcomes = {outcome(decode, content, random) for _ in range(100)}

    assert "refused" in outcomes
    assert outcomes <= {"refused", "decoded"}


def test_a_damaged_mask_is_refused(tiff: Callable[[str], Path]) -> None:
    image, block, data, masks = first_block(tiff("mask").read_bytes())

    with pytest.raises(
        SourceCorrupt, match=r"block row 0, column 0 of level 0 does not decompress"
    ):
        decode_block(image, block, data, [masks[0][:-5]])


BOMBS = {
    "deflate": (8, zlib.compress(bytes(200 << 20), 9)),
    "lzw": (5, imagecodecs.lzw_encode(bytes(1 << 20))),
    "zstd": (50000, imagecodecs.zstd_encode(bytes(200 << 20))),
    "packbits": (32773, b"\x81\0" * (1 << 18)),
    "webp": (50001, imagecodecs.webp_encode(np.zeros((4096, 4096, 3), np.uint8), lossless=True)),
    "jpeg": (7, imagecodecs.jpeg8_encode(np.zeros((8192, 8192), np.uint8))),
}


@pytest.mark.parametrize(("compression", "bomb"), BOMBS.values(), ids=BOMBS.keys())
def test_a_block_that_swells_beyond_its_declared_size_is_refused(
    compression: int, bomb: bytes
) -> None:
    is_webp = compression == 50001
    tags = {**GRAY, 259: ("H", [compression])}
    if is_webp:
        tags |= {258: ("H", [8, 8, 8]), 262: ("H", [2]), 277: ("H", [3])}
    image, block, data, masks = first_block(craft(tags, blocks=[bomb]))

    with pytest.raises(SourceCorrupt, match=r"block row 0, column 0 of level 0"):
        decode_block(image, block, data, masks)


@pytest.mark.parametrize("codec", ["deflate", "lzw", "zstd", "packbits"])
@pytest.mark.parametrize("pixels", [4095, 4000, 0])
def test_a_block_that_is_too_short_is_refused(codec: str, pixels: int) -> None:
    number = {"deflate": 8, "lzw": 5, "zstd": 50000, "packbits": 32773}[codec]
    block_bytes = getattr(imagecodecs, f"{codec}_encode")(bytes(pixels))
    content = craft({**GRAY, 259: ("H", [number])}, blocks=[bytes(block_bytes) or b"\0\0"])
    image, block, data, masks = first_block(content)

    with pytest.raises(SourceCorrupt, match="block row 0, column 0 of level 0"):
        decode_block(image, block, data, masks)


def test_an_image_for_gdal_is_not_decoded_in_process(tiff: Callable[[str], Path]) -> None:
    image, block, data, masks = first_block(tiff("lerc-uint8").read_bytes())

    with pytest.raises(SourceCorrupt, match="LERC blocks are decoded by GDAL"):
        decode_block(image, block, data, masks)
