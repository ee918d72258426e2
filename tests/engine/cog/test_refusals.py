import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cog.blocks import blocks_of
from engine.cog.decode import decode_block
from engine.cog.image import CogImage
from engine.cog.record import from_record, to_record
from engine.errors import SourceCorrupt
from engine.geo.window import Window
from tests.builders.tiff_crafting import GRAY, Numbers, craft
from tests.builders.tiff_reading import parse

OTHERS = {
    b"": "the object is empty",
    b"<!DOCTYPE html><html><body>404": "an HTML page",
    b"\n  <HTML><head>": "an HTML page",
    b'<?xml version="1.0"?><Error>': "an XML document",
    b'{"message": "not found"}': "a JSON document",
    b"\0\0\0\x0cjP  \r\n\x87\n": "a JPEG 2000 file",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR": "a PNG file",
    b"\xff\xd8\xff\xe0\0\x10JFIF": "a JPEG file",
    b"\x89HDF\r\n\x1a\n\0\0\0\0\0": "an HDF5 or NetCDF-4 file",
    b"PK\x03\x04\x14\0\0\0\x08\0": "a ZIP archive",
    b"MZ\x90\0\x03\0\0\0": "starts with 4d 5a 90 00 03 00 00 00",
    b"II*\0": "starts with 49 49 2a 00",
}


@pytest.mark.parametrize(("content", "words"), OTHERS.items(), ids=lambda one: repr(one)[:24])
def test_what_is_no_tiff_is_refused_by_what_it_looks_like(content: bytes, words: str) -> None:
    with pytest.raises(SourceCorrupt) as caught:
        parse(content)

    assert caught.value.message.startswith("not a TIFF: ")
    assert words in caught.value.message


LIES: Mapping[str, tuple[dict[int, tuple[str, Numbers]], dict[str, Any], str]] = {
    "2^40 blocks": (
        {256: ("I", [2**31 - 1]), 257: ("I", [2**31 - 1])},
        {"big": True, "claims": {324: 1 << 40, 325: 1 << 40}},
        "but the object has",
    ),
    "more blocks than offsets": ({256: ("I", [6400])}, {}, "has 1 entries for 100 blocks"),
    "a block of 4 GB": ({322: ("I", [65_536]), 323: ("I", [65_536])}, {}, "allowed: 256 MiB"),
    "65,535 bands in a block": ({277: ("H", [65_535]), 323: ("I", [128])}, {}, "allowed: 256 MiB"),
    "a block behind the end": ({324: ("I", [1 << 30])}, {}, "it is cut short"),
    "a block of too many bytes": ({325: ("I", [1 << 31])}, {}, "it is cut short"),
    "no pixels": ({256: ("I", [0])}, {}, "width is 0"),
    "no width": ({256: ("I", [])}, {}, "field 256 is missing"),
    "a negative height": ({257: ("i", [-64])}, {}, "negative number -64"),
    "a width in words": ({256: ("s", b"sixty-four")}, {}, "not whole numbers"),
    "64-bit integers": ({258: ("H", [64])}, {}, "allowed: whole numbers up to 32 bits"),
    "complex numbers": ({258: ("H", [64]), 339: ("H", [6])}, {}, "are complex with 64 bits"),
    "bands of two depths": (
        {277: ("H", [2]), 258: ("H", [8, 16])}, {}, "bands differ in bits per sample: [8, 16]",
    ),
    "predictor 9": ({259: ("H", [8]), 317: ("H", [9])}, {}, "predictor 9"),
    "CIELab": ({262: ("H", [8])}, {}, "photometric interpretation 8"),
    "old-style JPEG": ({259: ("H", [6])}, {}, "compression 6"),
    "no directory": ({}, {"start": b"II*\0\0\0\0\0"}, "without a directory"),
    "a directory far away": ({}, {"start": b"II*\0\xff\xff\xff\x7f"}, "lies outside the object"),
    "an unknown type": ({}, {"patch": (256, 77)}, "has the unknown type 77"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "how", "words"), LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_is_refused_quickly_and_in_little_memory(
    fields: dict[int, tuple[str, Numbers]], how: dict[str, Any], words: str
) -> None:
    start, patch = how.pop("start", b""), how.pop("patch", None)
    content = craft({**GRAY, **fields}, **how)
    content = start + content[len(start) :]
    if patch is not None:
        tag, kind = patch
        content = content.replace(
            tag.to_bytes(2, "little") + b"\4\0\1\0",
            tag.to_bytes(2, "little") + bytes([kind]) + b"\0\1\0",
        )
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        with pytest.raises(SourceCorrupt) as caught:
            parse(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert words in caught.value.message
    assert peak < 4 << 20
    assert time.perf_counter() - begin < 1.0


FORMS = (
    "cog-mask", "cog-jpeg", "bigtiff-big-endian", "big-endian-float", "strips-planar",
    "alpha-planar", "sparse-nodata", "tifffile-big", "overviews-in-jpeg", "mask-lerc",
)  # fmt: skip


@given(data=st.data())
@settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    data: st.DataObject, tiff: Callable[[str], Path]
) -> None:
    content = bytearray(tiff(data.draw(st.sampled_from(FORMS))).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(content), 900) - 1))
        match data.draw(st.sampled_from(["flip", "four", "cut", "insert", "remove"])):
            case "flip":
                content[at] = data.draw(st.integers(0, 255))
            case "four":
                content[at : at + 4] = data.draw(
                    st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"])
                )
            case "cut":
                del content[data.draw(st.integers(1, len(content))) :]
            case "insert":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case _:
                del content[at : at + data.draw(st.integers(1, 8))]
        if not content:
            content += b"I"
    try:
        image = parse(bytes(content)).image
    except SourceCorrupt:
        return
    again = from_record(to_record(image))

    assert (again.width, again.height) == (image.width, image.height)
    decode_corner(image, bytes(content))


def decode_corner(image: CogImage, content: bytes) -> None:
    """Decode the first block of every level, if it is not large; damage is `SourceCorrupt`."""
    corner = Window(row_start=0, row_stop=1, col_start=0, col_stop=1)
    for level, one in enumerate(image.levels):
        (block,) = blocks_of(image, level=level, window=corner, band=image.bands - 1)
        if image.gdal_reason or one.block_width * one.block_height * image.bands > 1 << 22:
            continue
        ranges = [block.data, *(mask.data for mask in block.masks)]
        parts = [None if one is None else content[one.start : one.stop] for one in ranges]
        try:
            decoded = decode_block(image, block, parts[0], parts[1:])
        except SourceCorrupt:
            continue

        assert decoded.values.shape[1:] == (block.window.height, block.window.width)
