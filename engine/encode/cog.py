"""A cloud-optimized GeoTIFF, written from top to bottom in little memory.

Rows come in as they are made; blocks are compressed when 512 rows are there, overviews grow beside
them, and compressed blocks wait in temporary files until the header, which comes first, is known.
One band a file. The sample generator writes by it.
"""

import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.encode.deflate import deflate
from engine.encode.pyramid import halve_classes, halve_floats, halve_numbers
from engine.encode.tiff_tags import (
    HEADER,
    LARGEST,
    LONG,
    SHORT,
    Tag,
    directory_size,
    nodata_tag,
    pack_directory,
    place_tags,
    sample_tags,
)
from engine.errors import TooLarge
from engine.geo.geobox import GeoBox

BLOCK = 512
"""Rows and columns of a block."""
LAYOUT = (
    b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
)
"""What GDAL's COG driver promises its readers, and this file keeps."""
GHOST = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(LAYOUT) + LAYOUT


class CogFile:
    """A COG being written; rows first to last, then leave the ``with`` block."""

    def __init__(
        self,
        path: Path,
        *,
        geobox: GeoBox,
        dtype: str,
        nodata: float | None = 0,
        is_categorical: bool = False,
        level: int = 4,
    ) -> None:
        """Begin a file of ``geobox``'s shape.

        ``is_categorical``: overviews take the most frequent of four, else the mean of those that
        are not ``nodata``. ``level``: of libdeflate, 1 to 12.
        """
        self._path = path
        self._geobox = geobox
        self._dtype = np.dtype(dtype)
        self._nodata = nodata
        self._levels = [_Level(geobox.height, geobox.width, self._dtype, level)]
        while max(self._levels[-1].height, self._levels[-1].width) > BLOCK:
            last = self._levels[-1]
            half = (-(-last.height // 2), -(-last.width // 2))
            self._levels.append(_Level(*half, self._dtype, level))
        mean = halve_floats if self._dtype.kind == "f" else halve_numbers
        self._halve = halve_classes if is_categorical else mean

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            for level in self._levels:
                level.spool.close()

    def write(self, rows: NDArray[Any]) -> None:
        """Take the next rows: (row, col) of the file's width and dtype."""
        for number, level in enumerate(self._levels):
            is_last = level.add(rows)
            if number + 1 == len(self._levels):
                break
            pairs = level.take_pairs(rows, is_last=is_last)
            if not len(pairs):
                break
            # No pixel equals it: NaN among floats, a negative number among unsigned ones.
            nothing = np.nan if self._dtype.kind == "f" else -1.0
            nodata = nothing if self._nodata is None else self._nodata
            rows = np.empty((-(-len(pairs) // 2), -(-level.width // 2)), self._dtype)
            self._halve(pairs, nodata, rows)

    def _finish(self) -> None:
        if self._levels[0].filled != self._geobox.height:
            message = f"{self._levels[0].filled} rows of {self._geobox.height} were written"
            raise ValueError(message)
        starts = [8 + len(GHOST) + (len(GHOST) & 1)]
        blank = [self._tags(number, data=0) for number in range(len(self._levels))]
        for tags in blank:
            starts.append(starts[-1] + directory_size(tags))
        data = starts[-1]
        places = {}
        for number in reversed(range(len(self._levels))):
            places[number] = data
            data += self._levels[number].size
        if data > LARGEST:
            message = f"the file would have {data} bytes; a classic TIFF holds {LARGEST}"
            raise TooLarge(message, found=data, limit=LARGEST)
        with self._path.open("wb") as out:
            out.write(
                struct.pack("<4sI", HEADER[:4], starts[0]) + GHOST.ljust(starts[0] - 8, b"\0")
            )
            for number, start in enumerate(starts[:-1]):
                follows = starts[number + 1] if number + 1 < len(self._levels) else 0
                tags = self._tags(number, data=places[number])
                out.write(pack_directory(tags, start=start, follows=follows))
            for number in reversed(range(len(self._levels))):
                self._levels[number].copy_to(out)

    def _tags(self, number: int, *, data: int) -> Mapping[int, Tag]:
        level = self._levels[number]
        tags: dict[int, Tag] = {
            256: (LONG, (level.width,)),
            257: (LONG, (level.height,)),
            259: (SHORT, (8,)),
            317: (SHORT, (3 if self._dtype.kind == "f" else 2,)),
            322: (SHORT, (BLOCK,)),
            323: (SHORT, (BLOCK,)),
            324: (LONG, [data + offset for offset in level.offsets]),
            325: (LONG, level.sizes),
            **sample_tags(self._dtype, 1),
            **nodata_tag(self._nodata),
        }
        return tags | (place_tags(self._geobox) if number == 0 else {254: (LONG, (1,))})


class _Level:
    """One resolution: rows on their way to blocks."""

    def __init__(self, height: int, width: int, dtype: np.dtype[Any], level: int) -> None:
        self.height = height
        self.width = width
        self.filled = 0
        self.offsets: list[int] = []
        self.sizes: list[int] = []
        self.size = 0
        self.spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=4 << 20)  # noqa: SIM115 - closed by CogFile
        self._level = level
        across = -(-width // BLOCK) * BLOCK
        self._rows = np.zeros((BLOCK, across), dtype)
        self._odd = np.empty((0, width), dtype)

    def add(self, rows: NDArray[Any]) -> bool:
        """Take rows; True once all are there."""
        done = 0
        while done < len(rows):
            place = self.filled % BLOCK
            count = min(BLOCK - place, len(rows) - done)
            self._rows[place : place + count, : self.width] = rows[done : done + count]
            self.filled += count
            done += count
            if self.filled % BLOCK == 0 or self.filled == self.height:
                self._flush()
        return self.filled == self.height

    def take_pairs(self, rows: NDArray[Any], *, is_last: bool) -> NDArray[Any]:
        """Return these rows and one left over before, an even number unless they are the last."""
        if len(self._odd):
            rows = np.concatenate([self._odd, rows])
        keep = 0 if is_last else len(rows) % 2
        self._odd = rows[len(rows) - keep :].copy()
        return rows[: len(rows) - keep]

    def _flush(self) -> None:
        left = self.filled % BLOCK
        if left:
            self._rows[left:] = self._rows[left - 1]
        # Columns past the edge repeat the last one: a difference of 0 costs nothing.
        self._rows[:, self.width :] = self._rows[:, self.width - 1 : self.width]
        for start in range(0, self._rows.shape[1], BLOCK):
            body = deflate(_predicted(self._rows[:, start : start + BLOCK]), level=self._level)
            self.offsets.append(self.size + 4)
            self.sizes.append(len(body))
            self.spool.write(struct.pack("<I", len(body)) + body + body[-4:])
            self.size += len(body) + 8

    def copy_to(self, out: IO[bytes]) -> None:
        """Append the compressed blocks to ``out``."""
        self.spool.seek(0)
        while part := self.spool.read(1 << 20):
            out.write(part)


def _predicted(values: NDArray[Any]) -> NDArray[Any]:
    """Return a copy as differences: predictor 2 of integers, 3 of floats (TIFF technical note 3).

    Predictor 3 takes a row's bytes apart, the most significant of every number first.
    """
    if values.dtype.kind == "f":
        rows, cols = values.shape
        size = values.dtype.itemsize
        parts = values.astype(values.dtype.newbyteorder(">")).view(np.uint8)
        values = parts.reshape(rows, cols, size).transpose(0, 2, 1).reshape(rows, size * cols)
    block = values.copy()
    block[:, 1:] -= values[:, :-1]
    return block
