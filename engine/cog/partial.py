"""`decode_rows`: a block's first rows, as many as are needed; the others when they are.

A window seldom needs the whole of the blocks that it touches, and inflating is most of the cost
of reading them. Rows stand for themselves under every predictor, so a deflate stream is left
where the last row ends, and taken up again by the request that needs more.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.cog.blocks import BlockRead
from engine.cog.codecs import Bytes
from engine.cog.decode import (
    DecodedBlock,
    Valid,
    Values,
    arrange,
    decode_block,
    decode_masks,
    decode_stored,
    naming,
    stored_rows,
    stored_stride,
)
from engine.cog.image import CogImage, Compression, encoding_of
from engine.cog.inflate import Inflating
from engine.errors import SourceCorrupt
from engine.geo.window import Window

WHOLE = 0.85
"""The part of a block's rows from which on all are decoded: libdeflate, which cannot stop, takes
60 to 110 % of ISA-L's time: 80 to 100 % on reflectance."""
_FORWARD = 8
"""A block that is taken up again goes on by at least this part of its rows: one eighth. What is
there already is copied each time."""


def decode_rows(
    image: CogImage,
    block: BlockRead,
    data: Bytes | None,
    masks: Sequence[Bytes | None] = (),
    *,
    window: Window | None,
) -> DecodedBlock:
    """Return at least those rows of ``block`` that ``window``, in the level's pixels, needs.

    They begin with the block's first row. Values are those of `decode_block`, which gives all
    where ``window`` is None, where it needs most of them, and where the codec cannot stop.
    Raises `SourceCorrupt` as it does, but for damage behind the rows that are returned.
    """
    rows = needed_rows(block, window)
    if data is None or not _may_stop(image, block, rows):
        return decode_block(image, block, data, masks)
    with naming(block):
        valid = decode_masks(image, block, masks, decode=decode_stored)
    level, bands = image.levels[block.level], 1 if image.is_planar else image.bands
    stride = stored_stride(encoding_of(image, level), cols=level.block_width, bands=bands)
    stream = Inflating(data, size=stored_rows(level, block.row) * stride)
    return _Rest(image, block, stream, valid).reach(rows)


def needed_rows(block: BlockRead, window: Window | None) -> int:
    """Return how many of the block's rows ``window`` needs; all where it is None."""
    stop = block.window.row_stop if window is None else window.row_stop
    return max(1, min(stop, block.window.row_stop) - block.window.row_start)


def _may_stop(image: CogImage, block: BlockRead, rows: int) -> bool:
    level = image.levels[block.level]
    encoding = encoding_of(image, level)
    return (
        image.gdal_reason is None
        and encoding.compression in (Compression.DEFLATE, Compression.DEFLATE_OLD)
        and encoding.bits >= 8
        and rows < block.window.height
        and rows < WHOLE * stored_rows(level, block.row)
    )


class _Rest:
    """The rows of a deflate block that are not decoded yet; is a `Rest`."""

    def __init__(
        self, image: CogImage, block: BlockRead, stream: Inflating, valid: Valid | None
    ) -> None:
        """Decode nothing yet; ``valid`` is what the masks say of the whole block."""
        self._image = image
        self._block = block
        self._stream = stream
        self._valid = valid
        self._lock = threading.Lock()
        # The rows, not the block that holds them: blocks that hold each other would stay in
        # memory until Python looks for such rings.
        self._values: Values | None = None
        self._damage = ""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that are held to go on."""
        return self._stream.nbytes + (0 if self._valid is None else self._valid.nbytes)

    def reach(self, rows: int) -> DecodedBlock:
        """Return the block with at least its first ``rows`` rows, or all where it has fewer.

        Whoever comes while another thread decodes waits for it. Damage is found once and raised
        for everyone who needs the rows behind it.
        """
        height = self._block.window.height
        with self._lock:
            values = self._values
            done = 0 if values is None else values.shape[1]
            stop = min(rows, height)
            if values is None or stop > done:
                if self._damage:
                    raise SourceCorrupt(self._damage)
                if done:
                    stop = min(max(stop, done + -(-height // _FORWARD)), height)
                try:
                    with naming(self._block):
                        values = self._values = self._joined(values, done, stop)
                except SourceCorrupt as error:
                    self._damage = error.message
                    raise
        return self._as_block(values)

    def _joined(self, there: Values | None, done: int, stop: int) -> Values:
        """Return the first ``stop`` rows, of which ``done`` are there, in memory of their own."""
        image, block = self._image, self._block
        level = image.levels[block.level]
        encoding = encoding_of(image, level)
        bands = 1 if image.is_planar else image.bands
        stride = stored_stride(encoding, cols=level.block_width, bands=bands)
        stored = stored_rows(level, block.row)
        is_last = stop == block.window.height
        # Below a level's last row stands padding, which is read for the sake of the checksum.
        raw = self._stream.take(((stored if is_last else stop) - done) * stride)
        if is_last:
            self._stream.finish(padding=(level.block_height - stored) * stride)
        else:
            self._stream.settle()
        rows = arrange(image, encoding, raw, cols=level.block_width, bands=bands)
        fresh = rows[:, : stop - done, : block.window.width]
        if there is None:
            return np.require(fresh, requirements=["C", "W"])
        return np.concatenate((there, fresh), axis=1)

    def _as_block(self, values: Values) -> DecodedBlock:
        whole = self._block.window
        stop = values.shape[1]
        valid = None if self._valid is None else self._valid[:stop]
        if valid is None and self._image.has_alpha:
            valid = np.not_equal(values[-1], 0)
        return DecodedBlock(
            window=replace(whole, row_stop=whole.row_start + stop),
            values=values,
            valid=valid,
            rest=None if stop == whole.height else self,
        )
