"""The process in which GDAL decodes single blocks; started by `engine.cog.gdal`, never imported.

It imports nothing of ours, so that it starts quickly and holds nothing worth having. Requests
come on stdin: an 8-byte length of the facts and of the TIFF, the facts as JSON (bands, rows,
cols, dtype), the TIFF. Answers go to stdout: one status byte (0 pixels, 1 words), a 4-byte
length, and the pixels as (bands, rows, cols) in native order or the words of the failure.
"""

import json
import os
import resource
import struct
import sys
import threading
from typing import BinaryIO

import rasterio
from rasterio.io import MemoryFile

MEMORY = 3 << 30
"""Bytes of address space: GDAL and its libraries take half a gigabyte, a block at most 256 MiB
in three copies."""
OPTIONS = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": 300,
    "GTIFF_IMPLICIT_JPEG_OVR": "NO",
}


def main() -> None:
    """Answer requests until stdin ends or the parent is gone."""
    parent = os.getppid()
    threading.Thread(target=_outlive_nobody, args=(parent,), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (most, most))
    with rasterio.Env(**OPTIONS):
        while (head := _read(sys.stdin.buffer, 8)) is not None:
            sizes = struct.unpack("<II", head)
            facts, tiff = (_read(sys.stdin.buffer, size) for size in sizes)
            if facts is None or tiff is None:
                return
            status, body = _answer(json.loads(facts), tiff)
            answers.write(struct.pack("<BI", status, len(body)))
            view = memoryview(body)
            while view:
                view = view[answers.write(view) :]


def _answer(facts: dict[str, object], tiff: bytes) -> tuple[int, bytes]:
    try:
        with MemoryFile(tiff) as file, file.open(driver="GTiff") as dataset:
            found = (dataset.count, dataset.height, dataset.width, dataset.dtypes[0])
            wanted = (facts["bands"], facts["rows"], facts["cols"], facts["dtype"])
            if found != wanted:
                return 1, f"is {found} to GDAL, expected {wanted}".encode()
            return 0, dataset.read().tobytes()
    except (rasterio.errors.RasterioError, ValueError, MemoryError) as error:
        cause = error.__cause__ or error
        return 1, f"is not decoded by GDAL: {cause}".encode()


def _read(stream: BinaryIO, size: int) -> bytes | None:
    data = stream.read(size)
    return data if len(data) == size else None


def _outlive_nobody(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(1.0)
    os._exit(1)


if __name__ == "__main__":
    main()
