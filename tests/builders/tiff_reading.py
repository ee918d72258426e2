"""Reading a file as the engine does, but from memory: ranges are slices of its bytes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.decode import DecodedBlock, decode_block
from engine.cog.gdal import GdalDecoder
from engine.cog.header import FIRST_READ, read_header
from engine.cog.image import CogImage
from engine.geo.window import Window
from engine.store.protocol import ByteRange, ObjectInfo


@dataclass(frozen=True, kw_only=True)
class Header:
    image: CogImage
    asked: tuple[ByteRange, ...]
    """Ranges beyond the first read."""


def parse(content: bytes, *, first: int = FIRST_READ) -> Header:
    """Return the header of ``content``, given its first bytes and whatever it asks for."""
    info = ObjectInfo(size=len(content), identity="test")
    parser = read_header(info, content[:first])
    asked: list[ByteRange] = []
    try:
        wish = next(parser)
        while True:
            asked.append(wish)
            wish = parser.send(content[wish.start : wish.stop])
    except StopIteration as done:
        return Header(image=done.value, asked=tuple(asked))


@dataclass(kw_only=True)
class Reader:
    """A file in memory; blocks are decoded once."""

    content: bytes
    image: CogImage
    gdal: GdalDecoder

    def __post_init__(self) -> None:
        self._blocks: dict[tuple[int, int, int, int], DecodedBlock] = {}

    def window(self, window: Window, *, level: int, band: int) -> tuple[np.ndarray, np.ndarray]:
        """Return values and valid (True where nothing says otherwise) of a window, (row, col)."""
        shape = (window.height, window.width)
        values = np.empty(shape, dtype=self.image.dtype)
        valid = np.zeros(shape, dtype=bool)
        for read in blocks_of(self.image, level=level, window=window, band=band):
            block = self.block(read)
            part = window.intersect(block.window)
            at = _slices(part, window)
            found = _slices(part, block.window)
            values[at] = block.values[0 if self.image.is_planar else band][found]
            valid[at] = True if block.valid is None else block.valid[found]
        return values, valid

    def block(self, read: BlockRead) -> DecodedBlock:
        key = (read.level, read.plane, read.row, read.col)
        if key not in self._blocks:
            data = self._bytes(read.data)
            masks = [self._bytes(mask.data) for mask in read.masks]
            if self.image.gdal_reason is None:
                self._blocks[key] = decode_block(self.image, read, data, masks)
            else:
                self._blocks[key] = self.gdal.decode_block(
                    self.image, read, data, masks, seconds=30.0
                )
        return self._blocks[key]

    def _bytes(self, wanted: ByteRange | None) -> bytes | None:
        return None if wanted is None else self.content[wanted.start : wanted.stop]


def open_file(path: Path, *, gdal: GdalDecoder) -> Reader:
    """Return a reader of the file's bytes."""
    content = path.read_bytes()
    return Reader(content=content, image=parse(content).image, gdal=gdal)


def _slices(part: Window, whole: Window) -> tuple[slice, slice]:
    top, left = part.row_start - whole.row_start, part.col_start - whole.col_start
    return slice(top, top + part.height), slice(left, left + part.width)
