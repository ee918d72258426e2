"""`GdalDecoder`: what is not decoded in process, decoded by GDAL in killable workers.

Odd bit depths, CCITT, LZMA and the like are rare enough to leave to GDAL. LERC goes here as
well: its decoder is C++ that trusts its input more than the others do, its rules for masks and
NaN are libtiff's own, and its speed matters little. JPEG and WebP stay in process: true-color
imagery needs their speed (2 to 4 times GDAL's), both libraries are fuzzed continuously by
others, their headers are checked here first, and 30,000 damaged blocks of each of six kinds
neither crashed nor hung them; `tests/engine/cog/test_payloads.py` repeats a thousand of each.

A worker sees one block at a time, wrapped as a TIFF of its own, with side files, directory
listings and every other driver off, in an empty environment, under resource limits. One that
dies or exceeds its time is replaced.
"""

import os
import queue
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

from engine.cog.blocks import BlockRead
from engine.cog.codecs import Bytes
from engine.cog.decode import DecodedBlock, Values, build_block, stored_rows
from engine.cog.image import CogImage, Level, encoding_of
from engine.cog.wrap import wrap_block
from engine.errors import SourceCorrupt, SourceUnavailable

WORKERS = 2
"""Processes at most; each is started when it is first needed."""

_BOOT = (
    "import runpy, sys; sys.path[:] = sys.argv[2:]; "
    "runpy.run_path(sys.argv[1], run_name='__main__')"
)
_SCRIPT = Path(__file__).with_name("gdal_worker.py")
_ENVIRONMENT = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
_MAX_WORDS = 65_536


class GdalDecoder:
    """A small pool of GDAL processes; safe to call from several threads."""

    def __init__(self, *, workers: int = WORKERS) -> None:
        """Start nothing yet."""
        self._slots: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._workers = workers
        for _ in range(workers):
            self._slots.put(None)

    def decode_block(
        self,
        image: CogImage,
        block: BlockRead,
        data: Bytes | None,
        masks: Sequence[Bytes | None] = (),
        *,
        seconds: float,
    ) -> DecodedBlock:
        """Return the pixels of ``block`` as `engine.cog.decode.decode_block` would.

        Blocks the calling thread for at most ``seconds``. Raises `SourceCorrupt` where GDAL
        refuses the bytes or dies of them, `SourceUnavailable` where time is up.
        """
        deadline = time.monotonic() + seconds

        def decode(image: CogImage, level: Level, row: int, data: Bytes, bands: int) -> Values:
            return self._decode(image, level, row, data, bands, deadline=deadline)

        return build_block(image, block, data, masks, decode=decode)

    def close(self) -> None:
        """End every process; the decoder is not used again."""
        for _ in range(self._workers):
            worker = self._slots.get()
            if worker is not None:
                worker.kill()

    def _decode(
        self, image: CogImage, level: Level, row: int, data: Bytes, bands: int, *, deadline: float
    ) -> Values:
        shape = (bands, stored_rows(level, row), level.block_width)
        is_mask = level not in image.levels
        dtype = np.dtype("uint8" if is_mask else image.dtype)
        tiff = wrap_block(
            encoding_of(image, level),
            data,
            shape=shape,
            sample_format={"u": 1, "i": 2, "f": 3}[dtype.kind],
            is_tiled=level.is_tiled,
            is_little_endian=image.is_little_endian,
            has_alpha=image.has_alpha and not is_mask,
        )
        facts = {"bands": bands, "rows": shape[1], "cols": shape[2], "dtype": dtype.name}
        expected = int(np.prod(shape)) * dtype.itemsize
        pixels = self._ask(orjson.dumps(facts), tiff, expected=expected, deadline=deadline)
        return np.frombuffer(pixels, dtype=dtype).reshape(shape)

    def _ask(self, facts: bytes, tiff: bytes, *, expected: int, deadline: float) -> bytearray:
        try:
            worker = self._slots.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty as error:
            message = "waited in vain for a free GDAL process"
            raise SourceUnavailable(message, retry_after=1.0) from error
        try:
            worker = worker or _Worker()
            answer = worker.ask(facts, tiff, expected=expected, deadline=deadline)
        except _Refused:
            raise
        except BaseException:
            if worker is not None:
                worker.kill()
                worker = None
            raise
        finally:
            self._slots.put(worker)
        return answer


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and script
            [sys.executable, "-I", "-c", _BOOT, str(_SCRIPT), *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            close_fds=True,
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise SourceUnavailable("a GDAL process could not be started")
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    def kill(self) -> None:
        """End the process now and collect it."""
        self._process.kill()
        self._process.communicate()

    def ask(self, facts: bytes, tiff: bytes, *, expected: int, deadline: float) -> bytearray:
        """Return the ``expected`` bytes of pixels that GDAL reads from ``tiff``."""
        self._send(struct.pack("<II", len(facts), len(tiff)) + facts + tiff, deadline)
        status, size = struct.unpack("<BI", self._receive(5, deadline))
        if size > max(expected, _MAX_WORDS):
            raise SourceCorrupt(f"gave {size} bytes of pixels, expected {expected}")
        body = self._receive(size, deadline)
        if status != 0:
            raise _Refused(body.decode("utf-8", "replace"))
        if size != expected:
            raise SourceCorrupt(f"gave {size} bytes of pixels, expected {expected}")
        return body

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._in, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._in, view) :]
            except BrokenPipeError as error:
                raise SourceCorrupt("ended the GDAL process that was to decode it") from error

    def _receive(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            self._wait(self._out, select.POLLIN, deadline)
            count = os.readv(self._out, [view])
            if count == 0:
                raise SourceCorrupt("ended the GDAL process that was to decode it")
            view = view[count:]
        return data

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(descriptor, event)
        if left <= 0 or not poll.poll(left * 1000):
            raise SourceUnavailable("was not decoded by GDAL in time", retry_after=1.0)


class _Refused(SourceCorrupt):
    """GDAL answered that it cannot decode the block; the process is well."""
